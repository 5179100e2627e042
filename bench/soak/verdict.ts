// Whether a soak was flat: pure, from the samples of a run.
//
// The first quarter of the run is warm-up: code is compiled, caches fill. Of the rest, memory is flat when
// - the median of the last quarter is at most so much above that of the second quarter, and
// - the line through all after the warm-up rises at most so much between the middles of these two quarters.
// The median alone forgives what began late. The line is the one of Theil and Sen, the median of the slopes between any two moments,
// which a few that are far off cannot bend.
//
// Held heap, in quiet moments behind a collection, may grow by 5 %. It has no noise to speak of; what it may have are the documents that a
// soak rightly keeps, above all commands, which stay for seven days: about 150 of them in that half hour, each of 3 KiB. A leak of
// one kibibyte for each beat, call or event is 20 MiB and more in the same time, of 50 MiB.
// Held external memory may grow by 25 %: it goes up and down with what is written since the last checkpoints, which are 20 minutes apart.
// Documents that are not let go of are a hundred times as much.
// Private memory under load may grow by 25 %. It is there for what leaks beside the heap, and it is rough: it goes by when V8 and the allocator
// give pages back, and was seen to go from 355 MiB to 203 and to 402 in ten minutes of the same load.
// Descriptors in quiet moments are equal. Of timers there may be LATE_TIMERS more than at the end of the warm-up: two of those that a sidecar has
// once or not at all may happen to run: the end of the ten minutes in which the audit log counts what repeats, and the next read of
// the history of telemetry. A timer left behind by each cut is twelve in an hour, by each watch hundreds.
import type { Held } from './quiet.ts';

/** Shorter runs are all warm-up: code is still being compiled, and heaps find their size. Their memory and timers are not judged. */
export const JUDGED_FROM_MINUTES = 20;
/** Shares by which memory may grow. */
export const HEAP_GROWTH = 0.05;
export const EXTERNAL_GROWTH = 0.25;
export const PRIVATE_GROWTH = 0.25;
/** Series of a few mebibytes may grow by so much: buffers that are under way. */
const SLACK_BYTES = 1024 * 1024;
const LATE_TIMERS = 2;
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
export function judgeMemory({ early, late, rise }: Trend, growth: number): Judged {
  const mayGrow = Math.max(early * growth, SLACK_BYTES);
  const grew = Math.max(late - early, rise);
  if (grew <= mayGrow) return { flat: true, why: '' };
  const by = grew === rise ? 'by its line' : 'by its medians';
  const percent = ((100 * grew) / early).toFixed(1);
  return {
    flat: false,
    why: `grew by ${mebibytes(grew)} (${percent} %) ${by}, at most ${mebibytes(mayGrow)}`,
  };
}

/** Whether as many descriptors are open in the last quiet moment as in the first. */
export function judgeDescriptors({ fds: first }: Held, { fds: last }: Held): Judged {
  const kinds = ['sockets', 'files', 'others'] as const;
  const changed = kinds.filter((kind) => first[kind] !== last[kind]);
  const why = changed.map((kind) => `${kind} went from ${first[kind]} to ${last[kind]}`);
  return { flat: changed.length === 0, why: why.join(', ') };
}

/** Whether no more timers run than then, but for those that may. */
export function judgeTimers({ timers: first }: Held, { timers: last }: Held): Judged {
  const flat = last <= first + LATE_TIMERS;
  const why = `went from ${first} to ${last}, at most ${first + LATE_TIMERS}`;
  return { flat, why: flat ? '' : why };
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
