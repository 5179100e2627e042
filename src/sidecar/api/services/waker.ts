// A wait that ends for a reason: something happened, or nothing did for too long. What happens between two waits is not lost.
import type { Timers } from '../../../core/index.ts';

export interface Waker {
  /** Something happened: ends the wait under way, or the next one. */
  readonly wake: () => void;
  /** Forgets wakes so far, not the alarm. Called before looking at what a wake announces. */
  clear(): void;
  /** Resolves at once if woken since `clear`. Only one wait at a time. */
  wait(): Promise<'woken' | 'alarm'>;
  /** Something was said: the alarm is due one full interval from now. */
  postponeAlarm(): void;
  close(): void;
}

/** `signals` wake as well when they abort, and keep the waker awake from then on. */
export function createWaker(
  timers: Timers,
  alarmMs: number,
  signals: readonly AbortSignal[],
): Waker {
  let woken = false;
  let alarmed = false;
  let endWait: (() => void) | undefined;

  const wake = (): void => {
    woken = true;
    endWait?.();
  };
  const ring = (): void => {
    alarmed = true;
    endWait?.();
  };
  let cancelAlarm = timers.after(alarmMs, ring);
  for (const signal of signals) signal.addEventListener('abort', wake);

  return {
    wake,
    clear() {
      woken = signals.some((signal) => signal.aborted);
    },
    async wait() {
      if (!woken && !alarmed) {
        await new Promise<void>((resolve) => {
          endWait = resolve;
        });
        endWait = undefined;
      }
      return woken ? 'woken' : 'alarm';
    },
    postponeAlarm() {
      cancelAlarm();
      alarmed = false;
      cancelAlarm = timers.after(alarmMs, ring);
    },
    close() {
      cancelAlarm();
      for (const signal of signals) signal.removeEventListener('abort', wake);
    },
  };
}
