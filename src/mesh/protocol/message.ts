// What two sessions say to each other, as plain values. frame-codec.ts turns them into frames and back.
import type { FeedId, FeedPosition, NodeId, Run } from '../../core/index.ts';

export interface Hello {
  readonly type: 'hello';
  readonly versionMin: number;
  readonly versionMax: number;
  readonly nodeId: NodeId;
  /** 32 hex digits, new at each process start. */
  readonly bootId: string;
  readonly capabilities: bigint;
  readonly membershipProof: Uint8Array;
  readonly signature: Uint8Array;
  /** Statements that lead from the root to the sender's certificate; absent in an open fleet. */
  readonly chain?: readonly Uint8Array[];
}

/** What two equal frontiers have in common, and two equal rosters. */
export interface FrontierDigest {
  readonly type: 'frontier-digest';
  /** 16 bytes over all feeds and positions. */
  readonly frontier: Uint8Array;
  /** 16 bytes over all feeds. */
  readonly roster: Uint8Array;
  readonly feeds: number;
  /** 16 bytes over the feeds that are proved to have forked; absent when there are none. */
  readonly forks?: Uint8Array;
  /** 32 bytes over the statements of trust; absent in an open fleet. */
  readonly trust?: Uint8Array;
}

/** Positions without their feeds, in the order of a roster that both sides share. */
export interface FrontierVector {
  readonly type: 'frontier-vector';
  readonly seqs: readonly number[];
  /** Four bytes of the hash of each feed's last commit; absent when none is known. */
  readonly heads?: Uint8Array;
  readonly last: boolean;
}

export interface FrontierBuckets {
  readonly type: 'frontier-buckets';
  /** Eight bytes a bucket. */
  readonly hashes: Uint8Array;
}

/** Positions of the feeds in buckets that differ. */
export interface Frontier {
  readonly type: 'frontier';
  readonly positions: readonly FeedPosition[];
  readonly last: boolean;
}

export type FrontierMessage = FrontierDigest | FrontierVector | FrontierBuckets | Frontier;

/**
 * `held`: the sender has that much by now. `reset`: it has no more than that, and wants no more of the feed on this link until
 * it asks. `lost`: it announced more, and cannot send it.
 */
export type HaveKind = 'held' | 'reset' | 'lost';

export interface Have extends FeedPosition {
  readonly kind: HaveKind;
}

export type GoodbyeReason =
  | 'stopping'
  | 'version'
  | 'paused'
  | 'duplicate'
  | 'protocol'
  | 'stalled'
  | 'renewal'
  | 'surplus'
  | 'full'
  | 'ejected'
  | 'twin';

export type Message =
  | Hello
  | { readonly type: 'introduction'; readonly name: string }
  | FrontierMessage
  | { readonly type: 'have'; readonly entries: readonly Have[] }
  /** `seq` is the first commit that is asked for. */
  | { readonly type: 'want'; readonly entries: readonly FeedPosition[] }
  | { readonly type: 'stop'; readonly feeds: readonly FeedId[] }
  | { readonly type: 'run'; readonly run: Run }
  /** Encoded proofs that feeds forked. */
  | { readonly type: 'fork-proofs'; readonly proofs: readonly Uint8Array[] }
  /** The first eight bytes of the ids of statements that are held, 16 hex digits each. */
  | { readonly type: 'statement-ids'; readonly ids: readonly string[]; readonly last: boolean }
  | { readonly type: 'statements'; readonly statements: readonly Uint8Array[] }
  | { readonly type: 'stored'; readonly runs: number }
  /** `wallMs`: what the sender's wall clock shows, where it says so. */
  | { readonly type: 'ping'; readonly token: bigint; readonly wallMs?: number | undefined }
  | { readonly type: 'pong'; readonly token: bigint }
  | {
      readonly type: 'goodbye';
      readonly reason: GoodbyeReason | 'other';
      readonly message: string;
      readonly versionMin: number;
      readonly versionMax: number;
      /** What puts the receiver out. */
      readonly statements?: readonly Uint8Array[];
    }
  /** Of a lane that no version has: cannot be kept, but must be answered, or the sender waits for it for ever. */
  | { readonly type: 'foreign-run' }
  /** A kind of a later version: ignored. */
  | { readonly type: 'unknown' };
