// Everything that can happen to a node.

import type { Remainder } from './documents/document-table.ts';
import type { Op } from './feeds/commit.ts';
import type { HeldCommit } from './feeds/fork-proof.ts';
import type { GatheredOp } from './feeds/gathered.ts';
import type { Run } from './feeds/run.ts';
import type { Request } from './request.ts';
import type { DocumentKey, FeedId, KnownLane, NodeId } from './values/ids.ts';
import type { Hlc } from './values/time.ts';
import type { Via } from './values/via.ts';

export type TimerName = 'pulse-flush' | 'checkpoint-look';

/** What a stored commit says about documents. */
export interface ReplayedCommit {
  readonly feed: FeedId;
  readonly clock: Hlc;
  readonly ops: readonly Op[];
  /** By whom it came; absent where that is not known. */
  readonly via?: Via | undefined;
}

/** A peer sent commits, or a bundle brought them. Answered by exactly one `delivered` effect with the same id. */
export interface RunsReceived {
  readonly type: 'runs-received';
  readonly deliveryId: number;
  readonly runs: readonly Run[];
  /** Absent where it is not known. */
  readonly via?: Via | undefined;
}

export type Event =
  /** The API asks. Answered by exactly one `reply` effect with the same id. */
  | { readonly type: 'request'; readonly requestId: number; readonly request: Request }
  | RunsReceived
  /** Answers `load-document`: every change of the document in that generation. */
  | {
      readonly type: 'document-loaded';
      readonly key: DocumentKey;
      readonly generation: number;
      readonly changes: readonly Uint8Array[];
    }
  /** Stored commits whose views were lost: their ops are applied again, nothing is stored twice. */
  | { readonly type: 'commits-replayed'; readonly commits: readonly ReplayedCommit[] }
  /** Answers `gather-live`. */
  | {
      readonly type: 'live-gathered';
      readonly lane: KnownLane;
      readonly ops: readonly GatheredOp[] | undefined;
    }
  /** Commits were dropped that wrote these documents: this is what is left of them. Handled before anything newer. */
  | { readonly type: 'documents-reduced'; readonly documents: readonly Remainder[] }
  /** A peer sent encoded proofs of forks. Answered by exactly one `delivered` effect with the same id. */
  | {
      readonly type: 'proofs-received';
      readonly deliveryId: number;
      readonly proofs: readonly Uint8Array[];
    }
  /** A peer sent statements of trust. Answered by exactly one `statements-taken` effect with the same id. */
  | {
      readonly type: 'statements-received';
      readonly deliveryId: number;
      readonly statements: readonly Uint8Array[];
    }
  /** Answers `read-commit`; no commit where none is held. */
  | {
      readonly type: 'commit-read';
      readonly feed: FeedId;
      readonly seq: number;
      readonly commit: HeldCommit | undefined;
    }
  /** A member that is linked said what its wall clock shows, milliseconds since 1970. */
  | { readonly type: 'clock-heard'; readonly nodeId: NodeId; readonly wallMs: number }
  /** This process did not run, in milliseconds by the monotonic clock: it heard nobody meanwhile. */
  | { readonly type: 'stalled'; readonly fromMs: number; readonly untilMs: number }
  /** A linked member said something, last at that time by the monotonic clock, and nobody did in the silences before it. */
  | {
      readonly type: 'heard';
      readonly atMs: number;
      readonly silences: readonly { readonly fromMs: number; readonly untilMs: number }[];
    }
  /** So many members are linked from now on. */
  | { readonly type: 'linked'; readonly links: number }
  | { readonly type: 'timer'; readonly name: TimerName }
  /** Nothing more is at hand: what was gathered becomes commits. Several events may share one turn. */
  | { readonly type: 'turn-ended' };
