// One device's clock and timers over the true ones: wrong, drifting, jumping, and late when the process stalls.
import type { Clock, Instant, Timers } from '../core/index.ts';

export interface SkewedClockOptions {
  /** What the wall clock shows at first, in milliseconds since 1970: 0 for a device without a battery. Default: the true time. */
  readonly wallMs?: number;
  /** Added to that, in milliseconds. */
  readonly offsetMs?: number;
  /** How much faster than true time both clocks run, in millionths; negative is slower. */
  readonly driftPpm?: number;
}

/** Real crystals stay within some hundred; a tenth of true time is far beyond them and still a clock. */
const MAX_DRIFT_PPM = 100_000;
const MILLION = 1_000_000;

export class SkewedClock implements Clock, Timers {
  readonly #base: Clock & Timers;
  /** True monotonic time at which the readings below were taken. */
  #baseMs: number;
  #monotonicMs = 0;
  #wallMs: number;
  #rate: number;
  #wallFrozen = false;
  #stalled = false;
  /** Became due while the process was stalled, in that order. */
  readonly #overdue = new Set<() => void>();

  /** Throws RangeError when the drift is none. */
  constructor(base: Clock & Timers, { wallMs, offsetMs = 0, driftPpm = 0 }: SkewedClockOptions) {
    const now = base.now();
    this.#base = base;
    this.#baseMs = now.monotonicMs;
    this.#wallMs = (wallMs ?? now.wallMs) + offsetMs;
    this.#rate = rateOf(driftPpm);
  }

  now(): Instant {
    const passedMs = (this.#base.now().monotonicMs - this.#baseMs) * this.#rate;
    return {
      wallMs: this.#wallMs + (this.#wallFrozen ? 0 : passedMs),
      monotonicMs: this.#monotonicMs + passedMs,
    };
  }

  /** `delayMs` by this clock. A change of the drift does not reach timers that are armed already. */
  after(delayMs: number, fire: () => void): () => void {
    return this.#arm(Math.max(0, delayMs) / this.#rate, fire);
  }

  /** Moves the wall clock alone, either way. */
  jump(ms: number): void {
    this.#wallMs += ms;
  }

  /** Sets the wall clock, as a time server does, and lets it run again if it was frozen. */
  setWall(wallMs: number): void {
    this.#rebase();
    this.#wallMs = wallMs;
    this.#wallFrozen = false;
  }

  /** Stops the wall clock where it is until it is set. */
  freezeWall(): void {
    this.#rebase();
    this.#wallFrozen = true;
  }

  /** Changes how fast both clocks run from now on. Throws RangeError when the drift is none. */
  setDrift(driftPpm: number): void {
    const rate = rateOf(driftPpm);
    this.#rebase();
    this.#rate = rate;
  }

  get stalled(): boolean {
    return this.#stalled;
  }

  /** Stops the process: its clocks run on, but no timer of its fires before `resume`. */
  stall(): void {
    this.#stalled = true;
  }

  /** Lets the process go on: what became due meanwhile fires now, in the order in which it was due. */
  resume(): void {
    this.#stalled = false;
    const overdue = [...this.#overdue];
    this.#overdue.clear();
    for (const fireNow of overdue) fireNow();
  }

  #arm(trueDelayMs: number, fire: () => void): () => void {
    let cancelBase: () => void;
    const armAgain = (): void => {
      cancelBase = this.#base.after(0, onDue);
    };
    const onDue = (): void => {
      if (this.#stalled) this.#overdue.add(armAgain);
      else fire();
    };
    cancelBase = this.#base.after(trueDelayMs, onDue);
    return () => {
      cancelBase();
      this.#overdue.delete(armAgain);
    };
  }

  /** Takes the readings anew, so that what changes from here on does not change what has passed. */
  #rebase(): void {
    const { wallMs, monotonicMs } = this.now();
    this.#baseMs = this.#base.now().monotonicMs;
    this.#wallMs = wallMs;
    this.#monotonicMs = monotonicMs;
  }
}

function rateOf(driftPpm: number): number {
  if (!(Math.abs(driftPpm) <= MAX_DRIFT_PPM)) {
    throw new RangeError(`driftPpm is ${driftPpm}; give -${MAX_DRIFT_PPM} to ${MAX_DRIFT_PPM}`);
  }
  return 1 + driftPpm / MILLION;
}
