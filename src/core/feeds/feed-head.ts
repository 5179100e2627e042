// What is remembered of one feed besides its commits, and how that moves with each commit and each jump to a checkpoint.

import { MAX_FEED_BYTES, MAX_FEED_COMMITS } from '../config.ts';
import { type FeedId, type FeedPosition, isKnownLane } from '../values/ids.ts';
import type { Checkpoint, Cover } from './checkpoint.ts';
import { type Commit, NO_HASH } from './commit.ts';
import type { ForkNews } from './fork-table.ts';

/** The sequence number up to which a feed is covered that counts no more at all, however much others hold of it. */
export const WHOLE_FEED = Number.MAX_SAFE_INTEGER - 1;
/** Bytes of the hash of its last commit by which a feed is compared. */
const SHORT_HEAD_BYTES = 8;

/** What is remembered of a feed besides its commits. */
export interface FeedHead {
  readonly feed: FeedId;
  /** Held, or superseded, up to here. */
  readonly seq: number;
  /** Hash of the last commit; empty when it was superseded without being held. */
  readonly hash: Uint8Array;
  /** The first commit that counts. */
  readonly base: number;
  /** The first of the commits that are held without a gap up to `seq`: the base, or where a jump to a checkpoint began. */
  readonly from: number;
  /** Payload bytes from the base on, or from where a jump began. */
  readonly bytes: number;
  /** A checkpoint of which not all commits are held yet. */
  readonly pending: PendingCheckpoint | undefined;
  /** The first and the last commit of the newest whole checkpoint; undefined while there is none. */
  readonly whole: { readonly from: number; readonly through: number } | undefined;
  /** What that covers. */
  readonly covers: readonly Cover[];
  readonly closedBeforeMs: number;
}

export interface PendingCheckpoint extends Checkpoint {
  readonly from: number;
  /** Payload bytes from its first commit on. */
  readonly bytes: number;
}

/** Commits that do not count any more. */
export interface Superseded {
  readonly feed: FeedId;
  readonly from: number;
  readonly through: number;
}

/** What changed since it was last asked, for the store. */
export interface FeedNews {
  readonly heads: readonly FeedHead[];
  readonly superseded: readonly Superseded[];
  /** Commits that never counted, as it turned out. */
  readonly voided: readonly Superseded[];
  /** Feeds that are closed for good. */
  readonly closed: readonly FeedId[];
  /** Feeds of which less is held than before and the rest is to be asked for. */
  readonly lost: boolean;
  /** Where feeds end now: whether that is the commit that was meant must be read. */
  readonly ends: readonly FeedPosition[];
  readonly forks: ForkNews;
}

/** A head that may be changed by whoever holds it. */
export type Head = { -readonly [K in keyof FeedHead]: FeedHead[K] };

/** A feed of which nothing is held. */
export function blankHead(feed: FeedId): Head {
  return {
    feed,
    seq: 0,
    hash: NO_HASH,
    base: 1,
    from: 1,
    bytes: 0,
    pending: undefined,
    whole: undefined,
    covers: [],
    closedBeforeMs: 0,
  };
}

/** Moves a head to its next commit. Returns the checkpoint that is whole with it. */
export function extend(
  head: Head,
  commit: Commit,
  begun: Checkpoint | undefined,
): PendingCheckpoint | undefined {
  const checkpoint = isKnownLane(head.feed.lane) ? begun : undefined;
  if (checkpoint !== undefined) {
    head.pending = { ...checkpoint, from: commit.seq, bytes: 0 };
  }
  const { length } = commit.payload;
  head.bytes += length;
  if (head.pending !== undefined) {
    head.pending = { ...head.pending, bytes: head.pending.bytes + length };
  }
  head.seq = commit.seq;
  head.hash = commit.hash;
  const { pending } = head;
  if (pending === undefined || commit.seq < pending.from + pending.commits - 1) return undefined;
  const { from, bytes, covers, closedBeforeMs } = pending;
  const whole = { from, through: commit.seq };
  Object.assign(head, { base: from, from, bytes, whole, covers, closedBeforeMs });
  head.pending = undefined;
  return pending;
}

/** Moves a head to where a jump begins. Returns what an earlier jump left that never came to its end. */
export function jump(head: Head, firstSeq: number, previous: Uint8Array): Superseded | undefined {
  const abandoned =
    head.from > head.base && head.seq >= head.from
      ? { feed: head.feed, from: head.from, through: head.seq }
      : undefined;
  Object.assign(head, { seq: firstSeq - 1, hash: previous, from: firstSeq, bytes: 0 });
  head.pending = undefined;
  return abandoned;
}

/** Why nothing more is taken of a feed before its next checkpoint; undefined while it is within its quota. */
export function beyondQuota({ seq, from, bytes }: Head): string | undefined {
  if (seq - from < MAX_FEED_COMMITS && bytes <= MAX_FEED_BYTES) return undefined;
  const limits = `${MAX_FEED_COMMITS} commits or ${MAX_FEED_BYTES} bytes`;
  return `commit ${seq} goes beyond ${limits} since the checkpoint`;
}

/** How far a feed is held. What does not count any more says nothing of its last commit: not everybody has held it. */
export function positionOf({ feed, seq, base, hash }: FeedHead): FeedPosition {
  if (seq < base || hash.length === 0) return { feed, seq };
  return { feed, seq, head: hash.subarray(0, SHORT_HEAD_BYTES) };
}
