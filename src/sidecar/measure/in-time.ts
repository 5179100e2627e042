// What can be said in time, so that a disk that hangs does not take the other figures with it.
import type { Timers } from '../../core/index.ts';

/** Undefined where it failed or took longer. */
export function inTime<Value>(
  timers: Timers,
  limitMs: number,
  value: Promise<Value> | undefined,
): Promise<Value | undefined> {
  if (value === undefined) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const cancel = timers.after(limitMs, () => resolve(undefined));
    const settle = (found: Value | undefined): void => {
      cancel();
      resolve(found);
    };
    value.then(settle, () => settle(undefined));
  });
}
