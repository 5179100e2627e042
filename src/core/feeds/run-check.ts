// Verifies a run: its chain, its signatures, and that it goes through what is held and up to where its feed is cut.

import type { Cut } from '../trust/index.ts';
import type { Hash } from '../values/environment.ts';
import { type Commit, type CommitSeal, NO_HASH } from './commit.ts';
import { isCut } from './feed-cut.ts';
import type { FeedHead } from './feed-head.ts';
import { forkIn, held, type Run, type RunOutcome } from './run.ts';

export interface Expected {
  /** It begins behind what is held, with a checkpoint. */
  readonly jumps: boolean;
  readonly cut: Cut | undefined;
  readonly seal: CommitSeal;
  readonly hash: Hash;
}

/** Commits of a run that are new, verified, or what is wrong with them. */
export function checkRun(
  run: Run,
  head: FeedHead,
  { jumps, cut, seal, hash }: Expected,
): Commit[] | RunOutcome {
  // A run that brings the hash before it stands for itself, as one from the beginning does, or where the last hash is not known.
  const isWhole = run.previous !== undefined || run.firstSeq === 1;
  const chained = !jumps && head.hash.length > 0 && !isWhole;
  const first = chained ? head.seq + 1 : run.firstSeq;
  let previous = chained ? head.hash : (run.previous ?? NO_HASH);
  const checked: Commit[] = [];
  for (const [index, received] of run.commits.slice(first - run.firstSeq).entries()) {
    const { commit, valid } = seal.check(run.feed, first + index, previous, received);
    if (!valid) {
      const reason = `signature of commit ${commit.seq} is not its author's`;
      // It may continue another commit than the one held here, and whoever passed it on cannot know.
      if (chained && head.seq > 0) return { type: 'held', reason, audit: true };
      return { type: 'refused', reason };
    }
    previous = commit.hash;
    checked.push(commit);
  }
  const last = checked.at(-1);
  if (last?.seq === cut?.seq && last !== undefined && !isCut(last, cut)) {
    return held(`commit ${last.seq} is another one than that up to which its author counts`);
  }
  if (last !== undefined && last.signature === undefined && !isCut(last, cut)) {
    return { type: 'refused', reason: `run ends at ${last.seq} without a signature` };
  }
  return jumps
    ? checked
    : (forkIn(checked, head, hash) ?? checked.filter(({ seq }) => seq > head.seq));
}
