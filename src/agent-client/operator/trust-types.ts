// The values an operator sees of trust: members, ejections, policies.

export interface TrustMember {
  readonly name: string;
  /** As MeshService shows it. */
  readonly nodeId: string;
  /** Public signing key, 64 hex digits. */
  readonly key: string;
  /** Eight characters to read aloud. */
  readonly fingerprint: string;
  readonly roles: readonly string[];
  /** Agents that it speaks for. */
  readonly agents: readonly string[];
  /** The only collections that it may write; empty for no narrowing. */
  readonly collections: readonly string[];
  readonly ejectsPrefixes: readonly string[];
  readonly generation: number;
  readonly notBefore: Date | undefined;
  readonly expires: Date | undefined;
  /** Name of who signed its certificate; `root` for a root key. */
  readonly issuer: string;
  readonly state: 'member' | 'expired' | 'ejected';
  /** Why it was put out. */
  readonly reasons: readonly string[];
  readonly ejectedAt: Date | undefined;
  readonly ejectedBy: readonly string[];
  /** When this sidecar last heard of it on a link. */
  readonly lastContact: Date | undefined;
  /** True for this sidecar. */
  readonly self: boolean;
  /** True for a hub whose commands are not begun here, because it was seen to have forked. */
  readonly suspended: boolean;
}

export interface TrustedFleet {
  readonly name: string;
  /** 32 bytes. */
  readonly fleetId: Uint8Array;
  /** Public key of the present root, 32 bytes. */
  readonly root: Uint8Array;
  readonly members: readonly TrustMember[];
}

/** Where a feed of somebody ends who is put out. */
export interface FeedCut {
  /** 32 hex digits. */
  readonly incarnation: string;
  readonly lane: string;
  readonly laneNumber: number;
  readonly seq: number;
  /** 64 hex digits. */
  readonly hash: string;
  /** Commits behind it that linked peers hold and this sidecar does not: they would be lost. */
  readonly lostCommits: number;
}

export interface Ejection {
  readonly member: TrustMember;
  readonly cuts: readonly FeedCut[];
}

export interface EjectRequest {
  /** Name, or 8 characters or more of the beginning of a node id. */
  readonly member: string;
  readonly reason: string;
  readonly dryRun?: boolean | undefined;
  /** Public key of whoever signs instead of the sidecar: then nothing is done. */
  readonly signer?: Uint8Array | undefined;
}

export interface EjectResult {
  /** One for each key of that name; none where all of them were out. */
  readonly ejections: readonly Ejection[];
  readonly done: boolean;
}

export interface PolicyDeclaration {
  readonly collection: string;
  /** `owned`, `immutable` or `shared`. */
  readonly class: string;
  /** Roles. */
  readonly writers: readonly string[];
}

export interface Policy {
  /** 0 without one. */
  readonly generation: number;
  readonly declarations: readonly PolicyDeclaration[];
}

export interface PolicyResult {
  readonly generation: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly done: boolean;
}

export interface StateResult {
  readonly added: number;
  readonly known: number;
  /** Signed by nobody who is known here to have the rank; not kept. */
  readonly early: number;
}

export interface VoidOps {
  /** Node id; empty where many are summed up. */
  readonly author: string;
  readonly name: string;
  readonly reason: string;
  readonly ops: number;
  readonly lastDocument: string;
}
