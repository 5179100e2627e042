// Waiting in the demo: for a condition with a deadline, never for a time in the hope that something happened.
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Longest wait in milliseconds; then DeadlineError. */
  readonly deadlineMs: number;
  /** Ends the wait; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** How often a condition is looked at. Short enough for figures of a tenth of a second, long enough to cost nothing. */
const PROBE_EVERY_MS = 50;

/** What was waited for did not happen in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

/**
 * Probes until the probe gives a value; false, undefined and an error mean "not yet". The last error is told when time is
 * up, because it is most likely why.
 */
export async function until<Value>(
  what: string,
  { deadlineMs, signal }: WaitOptions,
  probe: () => Promise<Value | undefined | false> | Value | undefined | false,
): Promise<{ readonly value: Value; readonly tookMs: number }> {
  const startedAt = performance.now();
  let lastError: unknown;
  for (;;) {
    signal.throwIfAborted();
    try {
      const value = await probe();
      if (value !== undefined && value !== false) {
        return { value, tookMs: performance.now() - startedAt };
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAt > deadlineMs) {
      const why = lastError === undefined ? '' : `: ${messageOf(lastError)}`;
      throw new DeadlineError(`not within ${formatSeconds(deadlineMs)}: ${what}${why}`);
    }
    await pause(PROBE_EVERY_MS, signal);
  }
}

/** Time for a person to look at the screen, or between two probes. Rejects with the signal's reason. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

/** Resolves to false when the promise takes longer than `ms`. */
export async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const tooLong = delay(ms, false, { signal: timer.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), tooLong]);
  timer.abort();
  return inTime;
}

export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 100 ? 2 : 1)} s`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
