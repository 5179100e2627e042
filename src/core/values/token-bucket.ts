// How often something may happen: so often at once, so often a second in the long run. What is beyond is not done at all. Pure.

export interface Rate {
  /** In the long run. */
  readonly perSecond: number;
  /** After a pause. */
  readonly atOnce: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #atMs: number;

  /** Full at first. Times are of the monotonic clock, in milliseconds. */
  constructor(rate: Rate, nowMs: number) {
    this.#rate = rate;
    this.#tokens = rate.atOnce;
    this.#atMs = nowMs;
  }

  /** Whether it may happen once more now, or so many times. */
  take(nowMs: number, times = 1): boolean {
    if (this.left(nowMs) < times) return false;
    this.#tokens -= times;
    return true;
  }

  /** How often it may happen now. */
  left(nowMs: number): number {
    const earned = ((nowMs - this.#atMs) * this.#rate.perSecond) / 1000;
    this.#tokens = Math.min(this.#rate.atOnce, this.#tokens + earned);
    this.#atMs = nowMs;
    return this.#tokens;
  }
}
