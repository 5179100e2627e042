// Counts what one direction carries, in all and in its busiest second, so that tests can hold budgets against it.

const WINDOW_MS = 1_000;

export class TrafficMeter {
  #bytes = 0;
  #busiest = 0;
  /** Of the last second, oldest first. */
  readonly #recent: { readonly atMs: number; bytes: number }[] = [];
  #recentBytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** The most that was carried within any one second. */
  get busiestSecond(): number {
    return this.#busiest;
  }

  add(bytes: number, atMs: number): void {
    this.#bytes += bytes;
    const newest = this.#recent.at(-1);
    if (newest?.atMs === atMs) newest.bytes += bytes;
    else this.#recent.push({ atMs, bytes });
    this.#recentBytes += bytes;
    for (;;) {
      const oldest = this.#recent[0];
      if (oldest === undefined || atMs - oldest.atMs < WINDOW_MS) break;
      this.#recentBytes -= oldest.bytes;
      this.#recent.shift();
    }
    this.#busiest = Math.max(this.#busiest, this.#recentBytes);
  }
}
