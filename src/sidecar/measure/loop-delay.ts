// How late timers fire: four times a second, so that what is seen is what anything that arrives has to wait.
import type { Clock, Timers } from '../../core/index.ts';

const EVERY_MS = 250;

/** Tells every delay in milliseconds until the returned function is called. */
export function watchLoopDelay(
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
  onDelay: (delayMs: number) => void,
): () => void {
  let cancel = (): void => {};
  const arm = (): void => {
    const dueMs = clock.now().monotonicMs + EVERY_MS;
    cancel = timers.after(EVERY_MS, () => {
      onDelay(Math.max(0, clock.now().monotonicMs - dueMs));
      arm();
    });
  };
  arm();
  return () => cancel();
}
