// Runs of one peer that are on their way into the store: one of a feed at a time, because the next means nothing without it.
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  type Run,
} from '../../core/index.ts';

/** What becomes of a run that came: deliver it now, later, or not at all. */
export type Arrival = 'deliver' | 'queued' | 'dropped';

export class Inbox {
  /** By feed: the run that is being stored, and those behind it. */
  readonly #waitingByFeed = new Map<FeedKey, Run[]>();
  /** Feeds of which a run was held: what follows it is of no use, until the feed is wanted again from that place. */
  readonly #resumeAtByFeed = new Map<FeedKey, number>();
  #runs = 0;

  /** Runs that are not answered. */
  get runs(): number {
    return this.#runs;
  }

  /** A run came. What is dropped is answered by the caller at once. */
  arrive(run: Run): Arrival {
    const key = feedKey(run.feed);
    const resumeAt = this.#resumeAtByFeed.get(key);
    if (resumeAt !== undefined) {
      if (run.firstSeq > resumeAt && run.previous === undefined) return 'dropped';
      this.#resumeAtByFeed.delete(key);
    }
    this.#runs++;
    const waiting = this.#waitingByFeed.get(key);
    if (waiting === undefined) {
      this.#waitingByFeed.set(key, []);
      return 'deliver';
    }
    waiting.push(run);
    return 'queued';
  }

  /** The run of this feed that was being stored is. Returns the next one to deliver. */
  stored(feed: FeedId): Run | undefined {
    this.#runs--;
    const key = feedKey(feed);
    const next = this.#waitingByFeed.get(key)?.shift();
    if (next === undefined) this.#waitingByFeed.delete(key);
    return next;
  }

  /** It was held: nothing behind it is of use. Returns how many runs are answered by that. */
  held({ feed, seq }: FeedPosition): number {
    const key = feedKey(feed);
    const answered = 1 + (this.#waitingByFeed.get(key)?.length ?? 0);
    this.#waitingByFeed.delete(key);
    this.#resumeAtByFeed.set(key, seq + 1);
    this.#runs -= answered;
    return answered;
  }

  /** The feed is wanted again from a place on. What was sent before the peer heard of it is still dropped. */
  wanted({ feed, seq }: FeedPosition): void {
    const key = feedKey(feed);
    if (this.#resumeAtByFeed.has(key)) this.#resumeAtByFeed.set(key, seq);
  }

  forget(feed: FeedId): void {
    this.#resumeAtByFeed.delete(feedKey(feed));
  }
}
