// Notices when this process did not run: its event loop was busy, or the process or the machine was stopped.
import type { Clock, Timers } from '../../core/index.ts';

/** How often it is looked. */
const LOOK_MS = 1000;
/** A look that is later than this is a stall: no agent may declare so short an interval that ten of them fit in. */
const LATE_MS = 500;
/** Stalls that nobody asked for; beyond it the newest grows. */
const MAX_STALLS = 16;

/** Milliseconds by the monotonic clock. */
export interface Stall {
  readonly fromMs: number;
  readonly untilMs: number;
}

export class StallMonitor {
  readonly #clock: Clock;
  readonly #timers: Timers;
  #stalls: Stall[] = [];
  #lastMs: number;
  #cancel: () => void = () => {};

  constructor({ clock, timers }: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = clock;
    this.#timers = timers;
    this.#lastMs = clock.now().monotonicMs;
    this.#arm();
  }

  /** Stalls since the last call, the one that has just ended included. */
  take(): readonly Stall[] {
    this.#look();
    const stalls = this.#stalls;
    if (stalls.length > 0) this.#stalls = [];
    return stalls;
  }

  close(): void {
    this.#cancel();
  }

  #arm(): void {
    this.#cancel = this.#timers.after(LOOK_MS, () => {
      this.#look();
      this.#lastMs = this.#clock.now().monotonicMs;
      this.#arm();
    });
  }

  #look(): void {
    const nowMs = this.#clock.now().monotonicMs;
    if (nowMs - this.#lastMs <= LOOK_MS + LATE_MS) return;
    const last = this.#stalls.length === MAX_STALLS ? this.#stalls.pop() : undefined;
    this.#stalls.push({ fromMs: last?.fromMs ?? this.#lastMs, untilMs: nowMs });
    this.#lastMs = nowMs;
  }
}
