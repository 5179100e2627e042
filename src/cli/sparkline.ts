// A row of figures over time as small bars: one character a part of the time, a blank where nothing was measured. Pure.

const BARS = '▁▂▃▄▅▆▇█';
const GAP = ' ';

export interface Point {
  readonly timeMs: number;
  readonly value: number;
}

/**
 * The mean of each part of the time from `fromMs` to `toMs`, in `width` parts, between 0 and `top`. What is above `top` has the
 * highest bar.
 */
export function sparkline(
  points: readonly Point[],
  { fromMs, toMs, width, top }: Readonly<Record<'fromMs' | 'toMs' | 'width' | 'top', number>>,
): string {
  const partMs = Math.max(1, (toMs - fromMs) / width);
  const parts = Array.from({ length: width }, (): number[] => []);
  for (const { timeMs, value } of points) {
    parts[Math.min(width - 1, Math.floor((timeMs - fromMs) / partMs))]?.push(value);
  }
  return parts.map((values) => barOf(values, top)).join('');
}

function barOf(values: readonly number[], top: number): string {
  if (values.length === 0) return GAP;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const share = top > 0 ? Math.min(1, Math.max(0, mean / top)) : 0;
  return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))] ?? GAP;
}
