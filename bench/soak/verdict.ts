// Whether a soak was flat: pure, from the samples of a run. Memory by trends under load, descriptors and timers by quiet moments.
//
// The first quarter of the run is warm-up: code is compiled, caches fill. Of the rest, memory is flat when
// - the median of the last quarter is at most GROWTH above that of the second quarter, and
// - the line through all samples after the warm-up rises at most so much between the middles of these two quarters.
// The median alone forgives what began late; the line alone forgives nothing but is drawn by whoever is loudest, so it is the one of
// Theil and Sen, the median of the slopes between any two samples, which a few garbage collections cannot bend.
//
// GROWTH is 5 %: between two quarters of the same load the medians of resident memory and heap were seen to differ by up to 3 %, by what
// the collector happens to have left. What is written and kept on purpose during a soak, above all commands, which stay for seven days, is
// below 1 MiB in half an hour; a fixed SLACK lets small series have it. A leak of one kibibyte for each heartbeat, command, call or
// watch is 10 MiB and more in that half hour.
import type { FileDescriptors } from './sample.ts';

const GROWTH = 0.05;
const SLACK_BYTES = 1024 * 1024;
const DAY_SECONDS = 86_400;

export interface Point {
  readonly atSeconds: number;
  readonly value: number;
}

export interface Trend {
  /** Median of the second quarter of the run, and of its last. */
  readonly early: number;
  readonly late: number;
  /** Of the line, a day. */
  readonly perDay: number;
  /** What the line rises from the middle of the second quarter to the middle of the last. */
  readonly rise: number;
}

export interface Judged {
  readonly flat: boolean;
  /** Why not; empty when it is flat. */
  readonly why: string;
}

/** What is counted in a quiet moment. */
export interface QuietCounts {
  readonly fds: FileDescriptors;
  readonly timers: number;
}

/** The trend of one series of a run that took so long. Undefined where a quarter that matters has no sample. */
export function trendOf(points: readonly Point[], runSeconds: number): Trend | undefined {
  const quarter = runSeconds / 4;
  const inQuarter = (n: number): number[] =>
    points
      .filter(({ atSeconds }) => Math.min(3, Math.floor(atSeconds / quarter)) === n)
      .map(({ value }) => value);
  const [second, last] = [inQuarter(1), inQuarter(3)];
  if (second.length === 0 || last.length === 0) return undefined;
  const perSecond = slopeOf(points.filter(({ atSeconds }) => atSeconds >= quarter));
  return {
    early: median(second),
    late: median(last),
    perDay: perSecond * DAY_SECONDS,
    rise: perSecond * 2 * quarter,
  };
}

/** Whether memory of which this is the trend stayed what it was; less of it is flat too. */
export function judgeMemory({ early, late, rise }: Trend): Judged {
  const mayGrow = Math.max(early * GROWTH, SLACK_BYTES);
  const grew = Math.max(late - early, rise);
  if (grew <= mayGrow) return { flat: true, why: '' };
  const by = grew === rise ? 'by its line' : 'by its medians';
  const percent = ((100 * grew) / early).toFixed(1);
  return {
    flat: false,
    why: `grew by ${mebibytes(grew)} (${percent} %) ${by}, at most ${mebibytes(mayGrow)}`,
  };
}

/** Whether as much is open as after the warm-up. Files of the store come and go as it merges: they may be fewer or more by MOVING_FILES. */
export function judgeQuiet(first: QuietCounts, last: QuietCounts): Judged {
  const told = [
    difference('sockets', first.fds.sockets, last.fds.sockets),
    difference('files', first.fds.files, last.fds.files),
    difference('other descriptors', first.fds.others, last.fds.others),
    difference('timers', first.timers, last.timers),
  ].filter((text) => text !== '');
  return { flat: told.length === 0, why: told.join(', ') };
}

/** By Theil and Sen; 0 for fewer than two moments. */
export function slopeOf(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [i, one] of points.entries()) {
    for (const other of points.slice(i + 1)) {
      const seconds = other.atSeconds - one.atSeconds;
      if (seconds > 0) slopes.push((other.value - one.value) / seconds);
    }
  }
  return slopes.length === 0 ? 0 : median(slopes);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function difference(what: string, first: number, last: number): string {
  return first === last ? '' : `${what} went from ${first} to ${last}`;
}
