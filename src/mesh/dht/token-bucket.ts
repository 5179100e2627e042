// How often something may happen: so often at once, so often a second in the long run.
import type { Clock } from '../../core/index.ts';

export interface Rate {
  /** In the long run. */
  readonly perSecond: number;
  /** After a pause. */
  readonly atOnce: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  readonly #clock: Clock;
  #tokens: number;
  #filledAtMs: number;

  constructor(rate: Rate, clock: Clock) {
    this.#rate = rate;
    this.#clock = clock;
    this.#tokens = rate.atOnce;
    this.#filledAtMs = clock.now().monotonicMs;
  }

  /** Whether it may happen now. */
  take(): boolean {
    const nowMs = this.#clock.now().monotonicMs;
    const earned = ((nowMs - this.#filledAtMs) / 1000) * this.#rate.perSecond;
    this.#tokens = Math.min(this.#rate.atOnce, this.#tokens + earned);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
