// A run of commits as a peer sends it, and what can be told of it before or after its chain was checked.

import { MAX_COMMIT_BYTES, MAX_UNSIGNED_COMMITS } from '../config.ts';
import { bytesEqual } from '../values/bytes.ts';
import type { Hash } from '../values/environment.ts';
import type { FeedId } from '../values/ids.ts';
import { isIncarnationOf } from '../values/incarnation.ts';
import type { Hlc } from '../values/time.ts';
import { type Commit, NO_HASH, SIGNATURE_BYTES } from './commit.ts';
import type { FeedHead } from './feed-head.ts';
import { branchOf, type ForkBranch } from './fork-proof.ts';

/** Consecutive commits of one feed, as a peer sends them. */
export interface Run {
  readonly feed: FeedId;
  readonly firstSeq: number;
  /** Hash of the commit before the first. Only where the receiver cannot know it, because the run jumps to a checkpoint. */
  readonly previous?: Uint8Array;
  readonly commits: readonly {
    readonly clock: Hlc;
    readonly payload: Uint8Array;
    readonly signature: Uint8Array | undefined;
  }[];
}

/** What became of a run: the commits that are new, or why nothing of it was taken and whose fault that is. */
export type RunOutcome =
  | { readonly type: 'accepted'; readonly commits: readonly Commit[] }
  | { readonly type: 'refused'; readonly reason: string }
  | {
      readonly type: 'held';
      readonly reason: string;
      readonly audit?: boolean;
      readonly overQuota?: boolean;
    }
  /** The run is its author's, and so is what is held instead: here is its side, from the last commit that is held on. */
  | { readonly type: 'forked'; readonly seq: number; readonly branch: ForkBranch };

/** What no honest peer would send, as far as a run alone can tell. */
export function faultOf(
  { feed, firstSeq, previous, commits }: Run,
  hash: Hash,
): string | undefined {
  if (commits.length === 0) return 'run is empty';
  if (firstSeq < 1) return `run begins at ${firstSeq}`;
  if (previous !== undefined && previous.length !== NO_HASH.length) {
    return `hash before the run has ${previous.length} bytes`;
  }
  if (firstSeq === 1 && isOtherHash(previous, NO_HASH)) return 'something before a first commit';
  if (!isIncarnationOf(feed.incarnation, feed.author, hash)) {
    return 'incarnation is not one of its author';
  }
  let unsigned = 0;
  for (const commit of commits) {
    unsigned = commit.signature === undefined ? unsigned + 1 : 0;
    if (unsigned >= MAX_UNSIGNED_COMMITS) {
      return `more than ${MAX_UNSIGNED_COMMITS} commits under one signature`;
    }
    if (commit.payload.length > MAX_COMMIT_BYTES) {
      return `commit of ${commit.payload.length} bytes, at most ${MAX_COMMIT_BYTES}`;
    }
    if (commit.signature !== undefined && commit.signature.length !== SIGNATURE_BYTES) {
      return `signature of ${commit.signature.length} bytes`;
    }
  }
  return undefined;
}

/** What is wrong where a chain that is valid by itself does not go through the last commit that is held. */
export function forkIn(
  checked: readonly Commit[],
  head: FeedHead,
  hash: Hash,
): RunOutcome | undefined {
  if (head.hash.length === 0) return undefined;
  const next = checked.find(({ seq }) => seq === head.seq + 1);
  const at = checked.findIndex(({ seq }) => seq === head.seq);
  const same = checked[at];
  if (same === undefined) {
    if (next === undefined || !isOtherHash(next.previous, head.hash)) return undefined;
    return { type: 'held', reason: `commit ${next.seq} does not follow what is held`, audit: true };
  }
  if (!isOtherHash(same.hash, head.hash)) return undefined;
  const branch = branchOf(same.previous, checked.slice(at), hash);
  if (branch === undefined) return { type: 'refused', reason: 'run has too few signatures' };
  return { type: 'forked', seq: head.seq, branch };
}

export function held(reason: string, overQuota = false): RunOutcome {
  return { type: 'held', reason, overQuota };
}

export function isOtherHash(a: Uint8Array | undefined, b: Uint8Array): boolean {
  return a !== undefined && b.length > 0 && !bytesEqual(a, b);
}
