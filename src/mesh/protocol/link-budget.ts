// Bytes a second that one link may carry away. Runs wait until what was sent is paid for; control frames pass, and are charged.

/** What encryption and framing add to a frame: the budget of a link counts it. */
export const FRAME_OVERHEAD_BYTES = 20;

/**
 * Nothing is saved up: in any second there leave at most the budget and one frame (invariant 15). An allowance that had been
 * saved would let twice the budget through in the second in which it is spent.
 */
export class LinkBudget {
  readonly #bytesPerSecond: number;
  #isStalled = false;
  /** When everything that was sent is paid for, by the monotonic clock. */
  #paidAtMs = 0;

  /** Told how often a run had to wait. */
  readonly #stalled: { budgetStalls: number } | undefined;

  /** Infinity for a link without a budget. */
  constructor(bytesPerSecond: number, stalled?: { budgetStalls: number }) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#stalled = stalled;
  }

  /** About how large one frame may be: what the budget carries in a second. */
  get frameBytes(): number {
    return this.#bytesPerSecond;
  }

  charge(bytes: number, nowMs: number): void {
    const costMs = (bytes * 1000) / this.#bytesPerSecond;
    this.#paidAtMs = Math.max(this.#paidAtMs, nowMs) + costMs;
  }

  /** Whether a run that is due has to wait. */
  stalls(isRunDue: boolean, nowMs: number): boolean {
    const isStalled = isRunDue && this.waitMs(nowMs) > 0;
    if (isStalled && !this.#isStalled && this.#stalled !== undefined) this.#stalled.budgetStalls++;
    this.#isStalled = isStalled;
    return isStalled;
  }

  /** Milliseconds until the next run may leave. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#paidAtMs - nowMs);
  }
}
