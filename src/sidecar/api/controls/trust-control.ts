// What TrustService asks of the sidecar behind it. Every method throws or rejects with HoldfastError, FLEET_OPEN in an open fleet.
import type { Cut, NodeId } from '../../../core/index.ts';

export interface TrustMemberRow {
  readonly name: string;
  /** Public signing key, hex. */
  readonly key: NodeId;
  /** For people. */
  readonly nodeId: string;
  readonly fingerprint: string;
  readonly roles: readonly string[];
  readonly agents: readonly string[];
  readonly collections: readonly string[];
  readonly ejectsPrefixes: readonly string[];
  readonly generation: number;
  readonly notBeforeMs: number;
  readonly expiresMs: number;
  /** Name of who signed the newest certificate. */
  readonly issuer: string;
  readonly state: 'member' | 'expired' | 'ejected';
  readonly reasons: readonly string[];
  readonly ejectedAtMs: number | undefined;
  readonly ejectedBy: readonly string[];
  readonly lastContactMs: number | undefined;
  readonly isSelf: boolean;
  readonly isSuspended: boolean;
}

export interface FleetFacts {
  readonly name: string;
  /** 32 bytes. */
  readonly fleetId: Uint8Array;
  /** Present root key, hex. */
  readonly root: NodeId;
}

export interface PlannedCut extends Cut {
  /** Commits behind it that linked peers hold and this sidecar does not. */
  readonly lostCommits: number;
}

export interface PlannedEjection {
  readonly member: TrustMemberRow;
  readonly cuts: readonly PlannedCut[];
}

export interface EjectAsk {
  /** Name, or the beginning of a node id. */
  readonly member: string;
  readonly reason: string;
  readonly dryRun: boolean;
  /** Hex; undefined for this sidecar. */
  readonly signer: NodeId | undefined;
}

export interface EjectOutcome {
  readonly ejections: readonly PlannedEjection[];
  readonly done: boolean;
  readonly statements: readonly Uint8Array[];
}

/** As it came in: nothing of it is checked. */
export interface DeclarationRow {
  readonly collection: string;
  readonly class: string;
  readonly writers: readonly string[];
}

export interface PolicyRow {
  readonly generation: number;
  readonly declarations: readonly DeclarationRow[];
}

export interface PolicyOutcome {
  readonly generation: number;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  readonly done: boolean;
}

export interface StatedOutcome {
  readonly added: number;
  readonly known: number;
  readonly early: number;
}

export interface VoidRow {
  /** Node id for people; empty where many are summed up. */
  readonly author: string;
  readonly name: string;
  readonly reason: string;
  readonly ops: number;
  readonly lastDocument: string;
}

export interface TrustControl {
  fleet(): FleetFacts;
  /** By name; of one name the newest key first. */
  members(): readonly TrustMemberRow[];
  eject(ask: EjectAsk): Promise<EjectOutcome>;
  policy(): PolicyRow;
  setPolicy(
    declarations: readonly DeclarationRow[],
    how: { readonly dryRun: boolean; readonly signer: NodeId | undefined },
  ): Promise<PolicyOutcome>;
  take(statements: readonly Uint8Array[]): Promise<StatedOutcome>;
  /** The genesis first. */
  statements(): readonly Uint8Array[];
  voids(): readonly VoidRow[];
  /** False when nothing was to be cleared. */
  clearFork(member: string): Promise<boolean>;
  /** What an operator should know of, one sentence each; none in an open fleet. */
  warnings(): readonly string[];
}
