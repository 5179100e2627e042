// Everything a node can ask of the world. Carried out in this order: persist, then reply and deliver, then the rest.

import type { OwnEdit } from './documents/own-edits.ts';
import type { View } from './documents/view.ts';
import type { TimerName } from './event.ts';
import type { Commit, Op } from './feeds/commit.ts';
import type { FeedHead, Superseded } from './feeds/feed-head.ts';
import type { ForkProof } from './feeds/fork-proof.ts';
import type { ForkNews } from './feeds/fork-table.ts';
import type { GatheredSpan } from './feeds/gathered.ts';
import type { Response } from './request.ts';
import type { Statement, StatementId } from './trust/index.ts';
import type { HoldfastError } from './values/error.ts';
import type { DocumentKey, FeedId, FeedPosition, KnownLane, NodeId } from './values/ids.ts';

/** A commit with its ops decoded; undefined where the payload is void. */
export interface StoredCommit {
  readonly commit: Commit;
  readonly ops: readonly Op[];
}

export type ReplyOutcome =
  | { readonly ok: true; readonly response: Response }
  | { readonly ok: false; readonly error: HoldfastError };

/**
 * What became of a peer's runs: `stored`; `refused`, because the peer misbehaved; or `held`, because of something that will
 * pass: nothing of the feed was taken, it is held here up to `position`, and it is worth asking again after a while.
 */
export type DeliveryOutcome =
  | { readonly type: 'stored' }
  | { readonly type: 'refused'; readonly reason: string }
  | {
      readonly type: 'held';
      readonly reason: string;
      readonly position: FeedPosition;
      readonly retryAfterMs: number;
      /** The run does not continue what is held: the feed is asked for at once from its last commit here on, with what is before it. */
      readonly audit?: boolean;
    };

/** What became of statements of a peer. */
export interface TakenStatements {
  /** Those that are held by now. */
  readonly held: readonly StatementId[];
  /** What no honest peer sends. */
  readonly fault: string | undefined;
}

export type Effect =
  /** One atomic write. `stale` documents have changes that the value in their view does not show yet; storing a view that is not stale clears the mark. */
  | {
      readonly type: 'persist';
      readonly commits: readonly StoredCommit[];
      /** Every feed that advanced, or whose base moved. */
      readonly heads: readonly FeedHead[];
      readonly views: readonly View[];
      /** What is remembered of our writes to shared documents; an empty list: nothing any more. */
      readonly edits: readonly { readonly key: DocumentKey; readonly edits: readonly OwnEdit[] }[];
      readonly stale: readonly DocumentKey[];
      /** Proofs of forks that are kept from now on, and those that are no more. */
      readonly forks?: ForkNews;
      /** Statements of trust that are held from now on. */
      readonly statements?: readonly Statement[];
      /** True when something of our own is in it: it must survive a power cut before anything is acknowledged. */
      readonly sync: boolean;
    }
  | { readonly type: 'reply'; readonly requestId: number; readonly outcome: ReplyOutcome }
  | {
      readonly type: 'delivered';
      readonly deliveryId: number;
      readonly outcome: DeliveryOutcome;
    }
  /** Answers statements of a peer: those that are held by now, and what no honest peer sends. */
  | ({ readonly type: 'statements-taken'; readonly deliveryId: number } & TakenStatements)
  /** What these authors may write is another than before: all that they wrote is judged anew, in `documents-reduced` and `commits-replayed`. */
  | { readonly type: 'reconsider'; readonly authors: readonly NodeId[] }
  /** Statements came in: every peer is told. */
  | { readonly type: 'stated' }
  /** Peers were told of more than is held, or more counts than before: all is compared with them anew. */
  | { readonly type: 'compare-anew' }
  /** Commits that count no more are dropped, some at a time; answered by `documents-reduced` before anything else. */
  | {
      readonly type: 'prune';
      readonly superseded: readonly Superseded[];
      readonly closed: readonly FeedId[];
      /** Dropped all at once: they may come again, and count then. */
      readonly voided: readonly Superseded[];
    }
  /** Reads our ops in these commits for a checkpoint; answered by `live-gathered`. */
  | {
      readonly type: 'gather-live';
      readonly lane: KnownLane;
      readonly author: NodeId;
      readonly spans: readonly GatheredSpan[];
    }
  /** Feeds that are closed for good: peers need not hear of them. */
  | { readonly type: 'feeds-forgotten'; readonly feeds: readonly FeedId[] }
  /** Reads a commit that may be one side of a fork, or not the one where a feed is to end; answered by `commit-read`. */
  | { readonly type: 'read-commit'; readonly feed: FeedId; readonly seq: number }
  /** Feeds turned out to be void: every peer is told, after everything else is done about it. */
  | { readonly type: 'forks-proved'; readonly proofs: readonly ForkProof[] }
  | { readonly type: 'load-document'; readonly key: DocumentKey; readonly generation: number }
  | { readonly type: 'arm-timer'; readonly name: TimerName; readonly afterMs: number }
  | { readonly type: 'feeds-advanced'; readonly positions: readonly FeedPosition[] }
  /** Reads of these collections may show something else than before. */
  | { readonly type: 'documents-changed'; readonly collections: ReadonlySet<string> }
  | Report;

/** Told after documents changed, and in which collections; undefined for any. */
export type ChangeListener = (collections?: ReadonlySet<string>) => void;

/** Something an operator should read. `fault` is ours: it is logged with its stack. */
export interface Report {
  readonly type: 'report';
  readonly event: ReportEvent;
  readonly detail: string;
  readonly fault?: unknown;
}

export type ReportEvent =
  | 'core.request_fault'
  | 'core.void_ops'
  | 'core.change_refused'
  | 'core.fork'
  | 'identity.duplicate'
  | 'clock.suspect'
  | 'clock.trusted'
  | 'trust.ejected'
  | 'trust.rotated'
  | 'trust.policy'
  | 'trust.root_changed'
  | 'trust.annulled'
  | 'trust.delegated'
  | 'trust.delegation_revoked'
  | 'trust.delegation_used';
