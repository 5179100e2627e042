// The hybrid logical clock: 48 bits of milliseconds and 16 bits of counter in one sortable number.

/** Milliseconds since 1970 shifted left by 16 bits, plus a counter. Sorts by time, then by counter. */
export type Hlc = bigint;

const COUNTER_BITS = 16n;

export function hlcOf(ms: number, counter = 0): Hlc {
  return (BigInt(Math.max(0, Math.floor(ms))) << COUNTER_BITS) | BigInt(counter);
}

export function hlcMs(hlc: Hlc): number {
  return Number(hlc >> COUNTER_BITS);
}

/** The next reading: later than `last`, and not before the wall clock. */
export function hlcTick(last: Hlc, wallMs: number): Hlc {
  const physical = hlcOf(wallMs);
  return physical > last ? physical : last + 1n;
}

/**
 * The clock after seeing a remote reading. A reading more than `maxAheadMs` ahead of the wall clock is not merged, so one
 * device in the far future cannot drag every other clock with it.
 */
export function hlcObserve(last: Hlc, remote: Hlc, wallMs: number, maxAheadMs: number): Hlc {
  return hlcMs(remote) <= wallMs + maxAheadMs && remote > last ? remote : last;
}
