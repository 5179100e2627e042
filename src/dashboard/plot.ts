// A small plot of one figure over the last hour: a line for what was measured, and nothing where nothing was. Pure.
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { Telemetry } from '../gen/holdfast/v1/heartbeat_pb.ts';
import type { TelemetrySample } from '../gen/holdfast/v1/telemetry_pb.ts';
import { bytesText, percentText } from './format.ts';

export interface Figure {
  readonly title: string;
  of(telemetry: Telemetry): number | undefined;
  text(value: number): string;
  /** The least that the plot is high: shares have a whole, others grow with what was measured. */
  readonly top: number;
}

export interface Plot {
  /** Points as `d` of SVG paths: one for each stretch without a gap. */
  readonly paths: readonly string[];
  /** Single samples between two gaps. */
  readonly dots: readonly { readonly x: number; readonly y: number }[];
  readonly newest: number | undefined;
  readonly least: number | undefined;
  readonly most: number | undefined;
  /** Value at the upper edge. */
  readonly top: number;
}

export const PLOT = { width: 240, height: 56 } as const;

const perSecond = (value: number): string => `${bytesText(value)}/s`;

export const FIGURES: readonly Figure[] = [
  { title: 'Processor', of: (t) => t.cpuPercent, text: percentText, top: 100 },
  { title: 'Memory', of: (t) => t.memoryPercent, text: percentText, top: 100 },
  { title: 'Disk', of: (t) => t.diskPercent, text: percentText, top: 100 },
  { title: 'Swap', of: (t) => t.swapPercent, text: percentText, top: 100 },
  { title: 'Load, 1 min', of: (t) => t.load1m, text: (value) => value.toFixed(2), top: 1 },
  {
    title: 'Network in',
    of: (t) => t.networkReceivedBytesPerSecond,
    text: perSecond,
    top: 1024,
  },
  { title: 'Network out', of: (t) => t.networkSentBytesPerSecond, text: perSecond, top: 1024 },
];

/** Longer without a sample than this many usual distances is a gap. */
const GAP_DISTANCES = 3;
/** Whatever the distances are, so much is none. */
const LEAST_GAP_MS = 15_000;

/** `fromMs` and `toMs` by the clock of the agent's sidecar, as are the times of the samples. */
export function plotOf(
  samples: readonly TelemetrySample[],
  figure: Figure,
  fromMs: number,
  toMs: number,
): Plot {
  const points = samples.flatMap(({ observedAt, telemetry }) => {
    const value = telemetry && figure.of(telemetry);
    return value === undefined || observedAt === undefined
      ? []
      : [{ atMs: timestampMs(observedAt), value }];
  });
  const values = points.map(({ value }) => value);
  const most = values.length === 0 ? undefined : Math.max(...values);
  const top = Math.max(figure.top, most ?? 0);
  const gapMs = gapOf(points.map(({ atMs }) => atMs));
  const place = ({ atMs, value }: { atMs: number; value: number }) => ({
    x: round((PLOT.width * (atMs - fromMs)) / (toMs - fromMs)),
    y: round(PLOT.height - (PLOT.height * Math.max(0, value)) / top),
  });
  const stretches: (typeof points)[] = [];
  for (const [i, point] of points.entries()) {
    const before = points[i - 1];
    const stretch = stretches.at(-1);
    if (stretch !== undefined && before !== undefined && point.atMs - before.atMs <= gapMs)
      stretch.push(point);
    else stretches.push([point]);
  }
  return {
    paths: stretches
      .filter(({ length }) => length > 1)
      .map(
        (stretch) =>
          `M${stretch
            .map(place)
            .map(({ x, y }) => `${x} ${y}`)
            .join('L')}`,
      ),
    dots: stretches.filter(({ length }) => length === 1).flatMap((stretch) => stretch.map(place)),
    newest: values.at(-1),
    least: values.length === 0 ? undefined : Math.min(...values),
    most,
    top,
  };
}

/** The usual distance is the median, so that one long gap does not hide another. */
function gapOf(times: readonly number[]): number {
  const distances = times
    .slice(1)
    .map((atMs, i) => atMs - (times[i] ?? atMs))
    .toSorted((a, b) => a - b);
  const usual = distances[Math.floor(distances.length / 2)] ?? 0;
  return Math.max(LEAST_GAP_MS, GAP_DISTANCES * usual);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
