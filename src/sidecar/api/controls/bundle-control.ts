// What the API needs of the sidecar's bundles, as a port.

/** What the other side holds; undefined for nothing. */
export type BundleSince = { readonly peer: string } | { readonly frontier: string } | undefined;

export interface BundleLaneRow {
  readonly lane: string;
  readonly commits: number;
  readonly newCommits: number;
  /** Payload before packing. */
  readonly bytes: number;
}

/** What is in a bundle, or what it brought. Sizes in bytes. */
export interface BundleReportRow {
  /** Node id of its maker for people; empty until it was read. */
  readonly nodeId: string;
  readonly name: string;
  readonly createdMs: number | undefined;
  readonly isOwn: boolean;
  readonly bytes: number;
  readonly lanes: readonly BundleLaneRow[];
  readonly members: number;
  readonly forkProofs: number;
  readonly statements: number;
  readonly leftCommits: number;
  readonly leftBytes: number;
  readonly nextBytes: number;
  readonly againstFeeds: number;
  readonly frontierFeeds: number;
  /** Authors as node ids for people. */
  readonly held: readonly { readonly author: string; lane: string; reason: string }[];
  readonly heldFeeds: number;
  readonly heldCommits: number;
  readonly gaps: number;
  readonly isWhole: boolean;
  /** Empty when nothing is wrong. */
  readonly fault: string;
  /** Empty where there is none. */
  readonly frontier: string;
}

export interface BundleStep {
  /** At most MAX_PIECE_BYTES. */
  readonly data: Uint8Array;
  readonly doneCommits: number;
  readonly allCommits: number;
  /** With the last step. */
  readonly report: BundleReportRow | undefined;
}

export interface BundlePiece {
  readonly uploadId: string;
  readonly offset: number;
  readonly data: Uint8Array;
  readonly last: boolean;
  readonly dryRun: boolean;
  readonly abandon: boolean;
}

export interface BundleSource {
  /** Node id for people. */
  readonly nodeId: string;
  readonly name: string;
  readonly createdMs: number;
  readonly receivedMs: number;
}

/** Bytes of a bundle in one message. */
export const MAX_PIECE_BYTES = 256 * 1024;

export interface BundleControl {
  /** Nothing is made ahead of whoever takes the steps. Rejects with HoldfastError. */
  export(since: BundleSince, maxBytes: number): AsyncGenerator<BundleStep, void, void>;
  /** Rejects with HoldfastError. */
  take(piece: BundlePiece): Promise<BundleReportRow>;
  /** Throws HoldfastError. */
  frontier(): { readonly text: string; readonly feeds: number };
  /** The last bundle of each peer of which one came, the newest first. */
  sources(): readonly BundleSource[];
}
