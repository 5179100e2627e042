// The answer to a peer's runs while nothing is taken: held, up to where the feed is held, to be offered again later.
import { type DeliveryOutcome, type FeedPosition, feedKey, type Run } from '../../core/index.ts';

const RETRY_AFTER_MS = 5000;

export function holdDelivery(
  runs: readonly Run[],
  positions: readonly FeedPosition[],
  reason: string,
): DeliveryOutcome {
  const feed = runs[0]?.feed;
  if (feed === undefined) return { type: 'stored' };
  const held = positions.find((position) => feedKey(position.feed) === feedKey(feed));
  return { type: 'held', reason, position: held ?? { feed, seq: 0 }, retryAfterMs: RETRY_AFTER_MS };
}
