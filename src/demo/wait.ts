// Waiting in the demo: for a condition with a deadline, never for a time in the hope that something happened.
import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  /** Longest wait in milliseconds; then DeadlineError. */
  readonly deadlineMs: number;
  /** Ends the wait; its reason is thrown. */
  readonly signal: AbortSignal;
}

/** How often a condition is looked at: the figures shown are this exact, and eight processes still have the machine. */
const PROBE_EVERY_MS = 20;
/** From here on a figure reads better in seconds. */
const SECONDS_FROM_MS = 1_000;

/** What was waited for did not happen in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
  /** The message without what was waited for. */
  readonly why: string;

  constructor(what: string, deadlineMs: number, lastError: unknown) {
    const cause = lastError === undefined ? '' : `: ${messageOf(lastError)}`;
    const why = `not within ${formatDuration(deadlineMs)}${cause}`;
    super(`${what}: ${why}`);
    this.why = why;
  }
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
  const elapsedMs = stopwatch();
  let lastError: unknown;
  for (;;) {
    signal.throwIfAborted();
    try {
      const value = await probe();
      if (value !== undefined && value !== false) {
        return { value, tookMs: elapsedMs() };
      }
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (elapsedMs() > deadlineMs) {
      throw new DeadlineError(what, deadlineMs, lastError);
    }
    await pause(PROBE_EVERY_MS, signal);
  }
}

/** Starts measuring; the returned function tells the milliseconds since. */
export function stopwatch(): () => number {
  const startedAt = performance.now();
  return () => performance.now() - startedAt;
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

/** `85 ms` or `3.2 s`. */
export function formatDuration(ms: number): string {
  return ms < SECONDS_FROM_MS ? `${Math.ceil(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
