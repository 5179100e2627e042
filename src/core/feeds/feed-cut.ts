// Where a feed of somebody who was put out ends: what is dropped of what is held, and what is taken of what comes.

import type { OwnEnds } from '../node-parts.ts';
import { type Cut, cutKey, MAX_CUTS } from '../trust/index.ts';
import { fromHex, toHex } from '../values/bytes.ts';
import { type FeedId, isKnownLane } from '../values/ids.ts';
import { startOfIncarnation } from '../values/incarnation.ts';
import type { Commit } from './commit.ts';
import { blankHead, type FeedHead, type Head } from './feed-head.ts';
import type { Run } from './run.ts';

/**
 * Where feeds of one author end as they are held here: the cuts of an ejection that is made now. Where there are more than one
 * statement may name, lanes that this version knows go first, and newer processes: whoever is captured must not be able to prevent it.
 */
export function cutsAt(heads: readonly FeedHead[]): Cut[] {
  return heads
    .filter(({ seq, base, hash }) => seq >= base && hash.length > 0)
    .map(({ feed: { incarnation, lane }, seq, hash }) => ({
      ...{ incarnation, lane, seq, hash: toHex(hash) },
    }))
    .toSorted(
      (a, b) =>
        Number(isKnownLane(b.lane)) - Number(isKnownLane(a.lane)) ||
        startOfIncarnation(b.incarnation) - startOfIncarnation(a.incarnation) ||
        (a.lane < b.lane ? -1 : 1),
    )
    .slice(0, MAX_CUTS);
}

/**
 * What is left of a feed: `all` where nothing lies beyond the cut, `none` where nothing counts. A head that is blank afterwards held
 * only what rests on what lies beyond: peers that still hold what was before are asked.
 */
export function cutHead(
  head: Head,
  cut: Cut | undefined,
): 'all' | 'none' | { readonly head: Head; readonly dropped: { from: number; through: number } } {
  if (cut === undefined) return 'all';
  if (cut.seq === 0) return 'none';
  const { feed, seq, from, base, hash, pending, whole } = head;
  const blank = { head: blankHead(feed), dropped: { from: 1, through: seq } };
  if (seq === cut.seq && seq >= base && hash.length > 0 && toHex(hash) !== cut.hash) return blank;
  if (seq <= cut.seq) return 'all';
  // A checkpoint took the place of what was before, and is not whole any more.
  if (cut.seq < from || (whole?.from === base && whole.through > cut.seq)) return blank;
  const next: Head = { ...head, seq: cut.seq, hash: fromHex(cut.hash) };
  if (pending !== undefined && pending.from > cut.seq) next.pending = undefined;
  return { head: next, dropped: { from: cut.seq + 1, through: seq } };
}

/** Whether what a head lacks before its base is replaced by a checkpoint, its own or one of a later incarnation among `others`. */
export function isBaseHeld({ feed, base, whole }: FeedHead, others: readonly FeedHead[]): boolean {
  if (base === 1 || whole?.from === base) return true;
  const start = startOfIncarnation(feed.incarnation);
  return others.some(
    (other) =>
      startOfIncarnation(other.feed.incarnation) > start &&
      other.covers.some(
        ({ incarnation, seq }) => incarnation === feed.incarnation && seq >= base - 1,
      ),
  );
}

/** Where a feed of a key ends that this node had before; of one that it does not know nothing counts. Undefined for all others. */
export function endOf(feed: FeedId, ends: OwnEnds | undefined): Cut | undefined {
  const cuts = ends?.get(feed.author);
  const { incarnation, lane } = feed;
  return cuts && (cuts.get(cutKey(feed)) ?? { incarnation, lane, seq: 0, hash: '' });
}

/** The commits of a run that may count. None are left where it begins beyond the cut. */
export function cutRun(run: Run, cut: Cut): Run {
  const left = Math.max(0, cut.seq - run.firstSeq + 1);
  return left >= run.commits.length ? run : { ...run, commits: run.commits.slice(0, left) };
}

/** Whether a commit is the one that an ejection names: then it needs no signature of its author's. */
export function isCut({ seq, hash }: Commit, cut: Cut | undefined): boolean {
  return cut !== undefined && seq === cut.seq && toHex(hash) === cut.hash;
}
