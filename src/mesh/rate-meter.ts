// Bytes a second over the last ten seconds or so, from readings of a counter.

/** Readings older than this are of no interest, apart from the newest of them. */
const SPAN_MS = 10_000;

export class RateMeter {
  /** Oldest first. */
  readonly #readings: { readonly atMs: number; readonly bytes: number }[] = [];

  note(bytes: number, nowMs: number): void {
    this.#readings.push({ atMs: nowMs, bytes });
    while ((this.#readings[1]?.atMs ?? Infinity) <= nowMs - SPAN_MS) this.#readings.shift();
  }

  /** Whole bytes a second, given what the counter says now. */
  rate(bytes: number, nowMs: number): number {
    const oldest = this.#readings.find(({ atMs }, i) => {
      return atMs > nowMs - SPAN_MS || i === this.#readings.length - 1 || this.#isNext(i, nowMs);
    });
    if (oldest === undefined || nowMs <= oldest.atMs) return 0;
    return Math.round(((bytes - oldest.bytes) * 1000) / (nowMs - oldest.atMs));
  }

  /** Whether the reading behind this one is within the span: then this one is where the span begins. */
  #isNext(index: number, nowMs: number): boolean {
    return (this.#readings[index + 1]?.atMs ?? 0) > nowMs - SPAN_MS;
  }
}
