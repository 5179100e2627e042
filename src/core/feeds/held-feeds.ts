// Feeds of which peers offered something that was not taken: since when it is asked for again, and whether it is too much.
import { type FeedId, type FeedKey, feedKey } from '../values/ids.ts';

/** Why a feed is held whose commits are dated in the future. */
export const CLOCK_AHEAD = 'its clock is more than ten minutes ahead of ours';
/** Entries kept; the oldest makes room. */
const MAX_HELD = 100;

export interface HeldFeed {
  readonly feed: FeedId;
  readonly reason: string;
  /** When it is asked for again, milliseconds since 1970. */
  readonly retryAtMs: number;
  /** Its author wrote more than it may before the next checkpoint. */
  readonly overQuota: boolean;
}

export class HeldFeeds {
  readonly #entries = new Map<FeedKey, HeldFeed>();

  note(held: HeldFeed): void {
    const key = feedKey(held.feed);
    this.#entries.delete(key);
    const oldest = this.#entries.keys().next().value;
    if (this.#entries.size >= MAX_HELD && oldest !== undefined) this.#entries.delete(oldest);
    this.#entries.set(key, held);
  }

  /** Something of the feed was taken, or it is closed. */
  forget(feed: FeedId): void {
    if (this.#entries.size > 0) this.#entries.delete(feedKey(feed));
  }

  /** In the order in which they were held back. */
  list(): HeldFeed[] {
    return [...this.#entries.values()];
  }
}
