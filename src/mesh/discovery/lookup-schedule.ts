// When to look members up: quickly at first, because those who start together miss each other, then now and then.

/** Between one look and the next, in milliseconds: at 0, 1, 2, 5, 10, 20 and 40 s. */
const FIRST_DELAYS_MS = [0, 1_000, 1_000, 3_000, 5_000, 10_000, 20_000] as const;

/** The delay before the nth look since the start or a nudge, counted from 0; `fraction` is chance in [0, 1). */
export function delayBeforeLookupMs(n: number, settledMs: number, fraction: number): number {
  const first = FIRST_DELAYS_MS[n];
  if (first !== undefined && first < settledMs) return first;
  // Not all at the same moment.
  return settledMs * (0.8 + 0.4 * fraction);
}
