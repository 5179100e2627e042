// One address of a memory network as a process: while it is stalled nothing reaches it, and it finds everything when it goes on.
import type { Timers } from '../../core/index.ts';

export class MemoryHost {
  readonly #timers: Timers;
  #stalled = false;
  /** Happened meanwhile, in that order. */
  #waiting: (() => void)[] = [];

  constructor(timers: Timers) {
    this.#timers = timers;
  }

  get stalled(): boolean {
    return this.#stalled;
  }

  stall(): void {
    this.#stalled = true;
  }

  /** What waited happens soon, but not from inside this call. */
  resume(): void {
    this.#stalled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const happen of waiting) this.later(happen);
  }

  /** Lets something happen to the process: now, or when it goes on. */
  tell(happen: () => void): void {
    if (this.#stalled) this.#waiting.push(happen);
    else happen();
  }

  /** As `tell`, but never from inside this call. */
  later(happen: () => void): void {
    this.after(0, happen);
  }

  after(delayMs: number, happen: () => void): () => void {
    let cancelled = false;
    const cancelTimer = this.#timers.after(delayMs, () =>
      this.tell(() => {
        if (!cancelled) happen();
      }),
    );
    return () => {
      cancelled = true;
      cancelTimer();
    };
  }
}
