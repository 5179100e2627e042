// What a peer still lacks, as a set of feeds and not a queue of commits: a slow link holds no backlog, it is merely behind.
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  LANES,
  type Lane,
} from '../../core/index.ts';

interface Progress {
  readonly feed: FeedId;
  /** How far we hold the feed. */
  ours: number;
  /** How far the peer holds it, as it said, sent us, or was sent. */
  theirs: number;
}

export class Outbox {
  readonly #progress = new Map<FeedKey, Progress>();
  readonly #behindByLane = new Map<Lane, Map<FeedKey, Progress>>(
    LANES.map((lane) => [lane, new Map()]),
  );

  peerHolds({ feed, seq }: FeedPosition): void {
    const progress = this.#of(feed);
    progress.theirs = Math.max(progress.theirs, seq);
    this.#sort(progress);
  }

  weHold({ feed, seq }: FeedPosition): void {
    const progress = this.#of(feed);
    progress.ours = Math.max(progress.ours, seq);
    this.#sort(progress);
  }

  /** The next feed to send from, most urgent lane first and within a lane in turn; undefined when the peer has everything. */
  next(): { feed: FeedId; firstSeq: number } | undefined {
    for (const behind of this.#behindByLane.values()) {
      for (const [key, progress] of behind) {
        behind.delete(key);
        behind.set(key, progress);
        return { feed: progress.feed, firstSeq: progress.theirs + 1 };
      }
    }
    return undefined;
  }

  /** Nothing can be read of a feed: it is not offered again on this link until there is news of it. */
  giveUp(feed: FeedId): void {
    this.#behindByLane.get(feed.lane)?.delete(feedKey(feed));
  }

  #of(feed: FeedId): Progress {
    const key = feedKey(feed);
    const progress = this.#progress.get(key) ?? { feed, ours: 0, theirs: 0 };
    this.#progress.set(key, progress);
    return progress;
  }

  #sort(progress: Progress): void {
    const behind = this.#behindByLane.get(progress.feed.lane);
    const key = feedKey(progress.feed);
    if (progress.theirs >= progress.ours) behind?.delete(key);
    else if (behind?.has(key) === false) behind.set(key, progress);
  }
}
