// A run that is not taken for now: it is noted, its sender is told when to offer it again, and nobody is to blame.
import { HELD_RETRY_MS } from '../config.ts';
import type { DeliveryOutcome } from '../effect.ts';
import type { FeedId } from '../values/ids.ts';
import type { HeldFeeds } from './held-feeds.ts';

/** `seq`: up to where the feed is held. */
export function holdRun(
  feeds: HeldFeeds,
  { feed, seq }: { readonly feed: FeedId; readonly seq: number },
  {
    reason,
    overQuota = false,
    audit = false,
  }: { readonly reason: string; readonly overQuota?: boolean; readonly audit?: boolean },
  nowMs: number,
): DeliveryOutcome {
  feeds.note({ feed, reason, retryAtMs: nowMs + HELD_RETRY_MS, overQuota });
  const retry = { position: { feed, seq }, retryAfterMs: HELD_RETRY_MS };
  return { type: 'held', reason, ...retry, ...(audit ? { audit } : {}) };
}
