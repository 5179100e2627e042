// What others are known to hold and this node does not: how many commits, and for how long. A link that ends takes nothing of that
// knowledge away, so a node that is cut off half way goes on telling how far it is behind.
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  type NodeId,
} from '../../core/index.ts';
import type { Have } from './message.ts';

/** Feeds that are told apart. Beyond it more is missing than is told. */
const MAX_FEEDS = 65_536;
/** A member that is linked for so long and does not offer again what it had told has it no more. */
const BELIEVED_MS = 60_000;

export interface ShortfallFigure {
  readonly feeds: number;
  readonly commits: number;
  /** Since when the oldest of it is known to be missing, by the monotonic clock; undefined where nothing is. */
  readonly sinceMs: number | undefined;
}

interface Entry {
  readonly feed: FeedId;
  /** How far somebody holds it, and who said so. */
  seq: number;
  from: NodeId;
  readonly sinceMs: number;
}

/** What is known of feeds now. */
export interface HeldNow {
  /** How far a feed is held here. */
  ours(feed: FeedId): number;
  /** Whether some link offers more of a feed than is held here. */
  lacks(feed: FeedId): boolean;
}

export class Shortfall {
  readonly #now: HeldNow;
  readonly #entries = new Map<FeedKey, Entry>();
  readonly #linkedSinceMs = new Map<NodeId, number>();

  constructor(now: HeldNow) {
    this.#now = now;
  }

  linkUp(nodeId: NodeId, nowMs: number): void {
    this.#linkedSinceMs.set(nodeId, nowMs);
  }

  linkDown(nodeId: NodeId): void {
    this.#linkedSinceMs.delete(nodeId);
  }

  /** A member says how far it holds feeds. */
  heard(from: NodeId, positions: readonly Have[], nowMs: number): void {
    for (const { feed, seq, kind } of positions) {
      const key = feedKey(feed);
      const entry = this.#entries.get(key);
      const isMissing = seq > this.#now.ours(feed);
      if (entry === undefined) {
        if (kind === 'held' && isMissing && this.#entries.size < MAX_FEEDS) {
          this.#entries.set(key, { feed, seq, from, sinceMs: nowMs });
        }
      } else if (seq > entry.seq || (kind !== 'held' && from === entry.from)) {
        entry.seq = seq;
        entry.from = from;
      }
    }
  }

  /** Feeds grew here. */
  advanced(positions: readonly FeedPosition[]): void {
    if (this.#entries.size === 0) return;
    for (const { feed, seq } of positions) {
      const key = feedKey(feed);
      if ((this.#entries.get(key)?.seq ?? Infinity) <= seq) this.#entries.delete(key);
    }
  }

  /** Of these nothing more is wanted. */
  forgotten(feeds: readonly FeedId[]): void {
    for (const feed of feeds) this.#entries.delete(feedKey(feed));
  }

  clear(): void {
    this.#entries.clear();
  }

  figure(nowMs: number): ShortfallFigure {
    let commits = 0;
    let sinceMs: number | undefined;
    for (const [key, entry] of this.#entries) {
      const missing = entry.seq - this.#now.ours(entry.feed);
      if (missing <= 0 || this.#isOver(entry, nowMs)) {
        this.#entries.delete(key);
        continue;
      }
      commits += missing;
      sinceMs = Math.min(sinceMs ?? Infinity, entry.sinceMs);
    }
    return { feeds: this.#entries.size, commits, sinceMs };
  }

  #isOver({ feed, from }: Entry, nowMs: number): boolean {
    const linkedSinceMs = this.#linkedSinceMs.get(from);
    if (linkedSinceMs === undefined || nowMs - linkedSinceMs < BELIEVED_MS) return false;
    return !this.#now.lacks(feed);
  }
}
