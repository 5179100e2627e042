// Rules of forgetting for small worlds.
import type { Forgetting } from '../../src/core/index.ts';

const SOON = { commits: 6, bytes: 4096, ageMs: 3_600_000 };
/** Everything is let go after a few commits and minutes, so that forgetting is the rule and not the exception. */
export const FORGETTING_SOON: Forgetting = {
  checkpointDue: { trust: SOON, command: SOON, state: SOON, pulse: SOON },
  ownQuota: { commits: 100, bytes: 1024 * 1024 },
  refoundOwnedAfter: 5,
  refoundSharedAfter: 8,
  retentionMs: 60_000,
  commandRetentionMs: 86_400_000,
  commandLogRetentionMs: 2 * 86_400_000,
  commandLogBytes: 64 * 1024,
};
