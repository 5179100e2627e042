// How a run travels: a signature covers all commits before it, so most of them stay at home.
import type { Run } from '../../core/index.ts';

/** Commits that may travel under one signature. Bounds what a receiver must hold before it can check anything. */
const MAX_UNSIGNED_COMMITS = 16;
/** Payload bytes that may travel under one signature, for the same reason. */
const MAX_UNSIGNED_BYTES = 64 * 1024;

/**
 * Leaves out signatures that a later one makes unnecessary. Only for commits of our own, which all carry one: a relay passes on
 * every signature it has, so the distance between two of them never grows on the way.
 */
export function thinSignatures(run: Run): Run {
  let commitsSince = 0;
  let bytesSince = 0;
  const commits = run.commits.map((commit, index) => {
    commitsSince++;
    bytesSince += commit.payload.length;
    const last = index === run.commits.length - 1;
    if (last || commitsSince >= MAX_UNSIGNED_COMMITS || bytesSince >= MAX_UNSIGNED_BYTES) {
      commitsSince = 0;
      bytesSince = 0;
      return commit;
    }
    return { ...commit, signature: undefined };
  });
  return { ...run, commits };
}
