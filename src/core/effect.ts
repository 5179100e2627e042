// Everything a node can ask of the world. Carried out in this order: persist, then reply and deliver, then the rest.
import type { Commit, Op } from './commit.ts';
import type { HoldfastError } from './error.ts';
import type { TimerName } from './event.ts';
import type { DocumentKey, FeedPosition } from './ids.ts';
import type { Response } from './request.ts';
import type { View } from './view.ts';

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
    };

export type Effect =
  /** One atomic write. `stale` documents have changes that the value in their view does not show yet; storing a view that is not stale clears the mark. */
  | {
      readonly type: 'persist';
      readonly commits: readonly StoredCommit[];
      readonly views: readonly View[];
      readonly stale: readonly DocumentKey[];
      /** True when something of our own is in it: it must survive a power cut before anything is acknowledged. */
      readonly sync: boolean;
    }
  | { readonly type: 'reply'; readonly requestId: number; readonly outcome: ReplyOutcome }
  | {
      readonly type: 'delivered';
      readonly deliveryId: number;
      readonly outcome: DeliveryOutcome;
    }
  | { readonly type: 'load-document'; readonly key: DocumentKey; readonly generation: number }
  | { readonly type: 'arm-timer'; readonly name: TimerName; readonly afterMs: number }
  | { readonly type: 'feeds-advanced'; readonly positions: readonly FeedPosition[] }
  | { readonly type: 'documents-changed' }
  /** Something an operator should read. `fault` is ours: it is logged with its stack. */
  | {
      readonly type: 'report';
      readonly event: ReportEvent;
      readonly detail: string;
      readonly fault?: unknown;
    };

export type ReportEvent = 'core.request_fault' | 'core.void_commit' | 'core.change_refused';
