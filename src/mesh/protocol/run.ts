// How a run travels: a signature covers all commits before it, so most of them stay at home, and the whole fits a frame.
import { type FeedPosition, MAX_UNSIGNED_COMMITS, type Run } from '../../core/index.ts';

/** Payload bytes that may travel under one signature, for the same reason. */
const MAX_UNSIGNED_BYTES = 64 * 1024;
/** Bytes of a run from which on it ends at the last signature: half of the largest frame. */
const MAX_RUN_BYTES = 256 * 1024;
/** What a commit takes besides payload and signature: its clock, and the tags and lengths of the fields. */
const COMMIT_OVERHEAD_BYTES = 24;

/**
 * Leaves out signatures that a later one makes unnecessary. Only for commits of our own: a relay passes on every signature it
 * has, so the distance between two of them never grows on the way.
 */
export function thinSignatures(run: Run): Run {
  let commitsSince = 0;
  let bytesSince = 0;
  const commits = run.commits.map((commit, index) => {
    commitsSince++;
    bytesSince += commit.payload.length;
    // What we wrote before we lost our disk came back to us thinned: the next signature there is may be too far away.
    const next = run.commits.findIndex((other, at) => at > index && other.signature !== undefined);
    const isLast = next < 0;
    const isFar = commitsSince + next - index > MAX_UNSIGNED_COMMITS;
    const due = isLast || isFar || bytesSince >= MAX_UNSIGNED_BYTES;
    if (!due || commit.signature === undefined) return { ...commit, signature: undefined };
    commitsSince = 0;
    bytesSince = 0;
    return commit;
  });
  return { ...run, commits };
}

/** The beginning of a run that fits a frame, or `maxBytes`, up to a signature: many small commits weigh more than their payloads. */
export function limitRun(run: Run, maxBytes = MAX_RUN_BYTES): Run {
  const mostBytes = Math.min(maxBytes, MAX_RUN_BYTES);
  let bytes = 0;
  let signed = 0;
  for (const [index, { payload, signature }] of run.commits.entries()) {
    bytes += payload.length + (signature?.length ?? 0) + COMMIT_OVERHEAD_BYTES;
    if (bytes > mostBytes && signed > 0) break;
    if (signature !== undefined) signed = index + 1;
  }
  return { ...run, commits: run.commits.slice(0, signed) };
}

/** A run may begin later than asked only where it jumps over what is held no more. */
export function follows(run: Run, { seq }: FeedPosition): boolean {
  return run.firstSeq === seq || (run.firstSeq > seq && run.previous !== undefined);
}
