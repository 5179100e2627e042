// How long to wait before the next attempt: grows from attempt to attempt, and differs from agent to agent.

export interface RetryPolicy {
  /** Longest wait behind the first failure, in milliseconds. */
  readonly firstMs: number;
  /** Longest wait behind any failure, in milliseconds. */
  readonly maxMs: number;
}

/**
 * The first wait bridges a sidecar that restarts in a fraction of a second; the longest is the default heartbeat
 * interval, so a sidecar that comes back after hours has its agent back one interval later.
 */
export const DEFAULT_RETRY: RetryPolicy = { firstMs: 200, maxMs: 10_000 };

/** Doubling is enough: six failures lead from the first wait to the longest. */
const GROWTH = 2;
/** Half of each wait is chance, so that a site's agents do not all come back in the same millisecond. */
const JITTER_SHARE = 0.5;

/**
 * Milliseconds to wait behind failure number `failures` (1 is the first), `fraction` being a random number in [0, 1).
 * What the sidecar asked for (`retryAfterMs`) is the least.
 */
export function retryDelayMs(
  failures: number,
  fraction: number,
  retryAfterMs = 0,
  policy: RetryPolicy = DEFAULT_RETRY,
): number {
  const longest = Math.min(policy.maxMs, policy.firstMs * GROWTH ** (Math.max(1, failures) - 1));
  return Math.max(retryAfterMs, longest * (1 - JITTER_SHARE * fraction));
}
