// How much may happen a second: what is beyond is not done at all. Pure.

export class TokenBucket {
  readonly #perSecond: number;
  readonly #most: number;
  #tokens: number;
  #atMs: number;

  /** Full at first; `burst` is what may happen at once after silence. */
  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#most = burst;
    this.#tokens = burst;
    this.#atMs = nowMs;
  }

  /** Whether it may happen once more now. */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.#atMs) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#most, this.#tokens + gained);
    this.#atMs = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
