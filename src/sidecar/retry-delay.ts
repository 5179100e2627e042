// How long to wait before the next try: twice as long after each failure, up to a limit, and never two sidecars at once. Pure.

export interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** `failures` in a row, from 1 on; `fraction` in [0, 1). From half of the delay to all of it. */
export function retryDelayMs(
  failures: number,
  { firstMs, longestMs }: Backoff,
  fraction: number,
): number {
  const fullMs = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(fullMs * (1 - fraction / 2));
}
