// Waits for something, but not for ever.
import type { Timers } from '../../core/index.ts';

/** Resolves when the promise is settled, however, or when so much time has passed. */
export function settledWithin(
  promise: Promise<unknown>,
  timeoutMs: number,
  timers: Timers,
): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timers.after(timeoutMs, resolve);
    const done = (): void => {
      cancel();
      resolve();
    };
    promise.then(done, done);
  });
}
