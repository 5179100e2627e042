// How far something is, as a bar. Pure.

const CELLS = 24;

/** `percent` is 0 to 100. */
export function barOf(percent: number): string {
  const filled = Math.round((percent / 100) * CELLS);
  return `[${'#'.repeat(filled)}${'-'.repeat(CELLS - filled)}] ${String(Math.round(percent)).padStart(3)}%`;
}
