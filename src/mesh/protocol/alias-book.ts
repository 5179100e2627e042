// Short numbers for feeds on one link. Each side numbers the feeds it mentions from 1 on and names a feed only once.
import { type FeedId, type FeedKey, feedKey } from '../../core/index.ts';

/** Feeds that one side may number on one link. A link that has used them up is ended and made anew. */
export const MAX_ALIASES = 1_000_000;

/** The numbers this side gave. */
export class OwnAliases {
  readonly #aliasByFeed = new Map<FeedKey, number>();

  get count(): number {
    return this.#aliasByFeed.size;
  }

  /** The number of a feed, and the feed itself where it is new to the other side. */
  mention(feed: FeedId): { readonly alias: number; readonly feed: FeedId | undefined } {
    const key = feedKey(feed);
    const known = this.#aliasByFeed.get(key);
    if (known !== undefined) return { alias: known, feed: undefined };
    const alias = this.#aliasByFeed.size + 1;
    this.#aliasByFeed.set(key, alias);
    return { alias, feed };
  }
}

/** The numbers the other side gave. A feed of a lane that no version has is kept as `foreign`, so that its number stays taken. */
export class TheirAliases {
  readonly #feeds: (FeedId | 'foreign')[] = [];

  /** Takes the first mention of a feed; returns what is wrong with it. */
  learn(alias: number, feed: FeedId | 'foreign'): string | undefined {
    if (alias > MAX_ALIASES) return `more than ${MAX_ALIASES} feeds are numbered`;
    if (alias !== this.#feeds.length + 1) {
      return `feed number ${alias} is given where ${this.#feeds.length + 1} is next`;
    }
    this.#feeds.push(feed);
    return undefined;
  }

  /** Undefined for a number that was not given. */
  find(alias: number): FeedId | 'foreign' | undefined {
    return this.#feeds[alias - 1];
  }
}
