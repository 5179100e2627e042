// What a soak says: a line each minute, and at its end a table with the verdict.
import type { Tally } from './jobs.ts';
import type { Sample } from './sample.ts';
import {
  type Judged,
  judgeMemory,
  judgeQuiet,
  mebibytes,
  type Point,
  type QuietCounts,
  trendOf,
} from './verdict.ts';

/** Series of memory that are judged. */
const MEMORY = {
  'resident memory': ({ rssBytes }: Sample) => rssBytes,
  heap: ({ heapUsedBytes }: Sample) => heapUsedBytes,
  'external memory': ({ externalBytes }: Sample) => externalBytes,
} as const;
/** Series that are only shown: data that is kept on purpose, and what the machine does. */
const SHOWN = {
  'store, bytes': ({ storeBytes }: Sample) => storeBytes,
  documents: ({ documents }: Sample) => documents,
  'live documents': ({ liveDocuments }: Sample) => liveDocuments,
  tombstones: ({ tombstones }: Sample) => tombstones,
  commits: ({ commits }: Sample) => commits,
  'descriptors under load': ({ fds }: Sample) => fds.all,
  'timers under load': ({ timers }: Sample) => timers,
  'event-loop delay, ms': ({ loopDelayMs }: Sample) => loopDelayMs,
} as const;

export interface SoakResult {
  readonly samples: readonly Sample[];
  /** Of the quiet moments, the first after the warm-up. */
  readonly quiets: readonly ReadonlyMap<string, QuietCounts>[];
  readonly tally: Tally;
  readonly seconds: number;
  /** Shorter runs are all warm-up: their memory is shown and not judged. */
  readonly judgesMemory: boolean;
}

export interface Report {
  readonly lines: readonly string[];
  readonly passed: boolean;
}

export function reportOf(result: SoakResult): Report {
  const lines: string[] = [
    '| sidecar | series | second quarter | last quarter | line, a day | flat |',
    '|---|---|---|---|---|---|',
  ];
  const faults: string[] = [];
  const members = [...new Set(result.samples.map(({ member }) => member))];
  for (const member of members) {
    const add = (series: string, cells: readonly string[], judged?: Judged): void => {
      const word = judged === undefined ? '' : judged.flat ? 'yes' : 'NO';
      lines.push(`| ${[member, series, ...cells, word].join(' | ')} |`);
      if (judged?.flat === false) faults.push(`${member}: ${series} ${judged.why}`);
    };
    const own = result.samples.filter((one) => one.member === member && one.phase !== 'quiet');
    addTrends(own, result, add);
    const [first, last] = [result.quiets[0]?.get(member), result.quiets.at(-1)?.get(member)];
    if (first !== undefined && last !== undefined) {
      add(
        'descriptors and timers, quiet',
        [countsOf(first), countsOf(last), ''],
        judgeQuiet(first, last),
      );
    }
  }
  faults.push(...faultsOfLoad(result.tally));
  const verdict =
    faults.length === 0 ? ['flat'] : ['NOT FLAT', ...faults.map((fault) => `- ${fault}`)];
  const judged = result.judgesMemory ? [] : ['too short to judge memory'];
  return {
    lines: [...lines, '', ...loadOf(result), ...judged, ...verdict],
    passed: faults.length === 0,
  };
}

function addTrends(
  own: readonly Sample[],
  { seconds, judgesMemory }: SoakResult,
  add: (series: string, cells: readonly string[], judged?: Judged) => void,
): void {
  const pointsOf = (read: (sample: Sample) => number): Point[] =>
    own.map((sample) => ({ atSeconds: sample.atSeconds, value: read(sample) }));
  for (const [series, read] of Object.entries(MEMORY)) {
    const trend = trendOf(pointsOf(read), seconds);
    if (trend === undefined) continue;
    const cells = [trend.early, trend.late, trend.perDay].map(mebibytes);
    add(series, cells, judgesMemory ? judgeMemory(trend) : undefined);
  }
  for (const [series, read] of Object.entries(SHOWN)) {
    const trend = trendOf(pointsOf(read), seconds);
    if (trend === undefined) continue;
    add(series, [trend.early, trend.late, trend.perDay].map(figure));
  }
}

/** A soak that did nothing would be flat too. */
function faultsOfLoad(tally: Tally): string[] {
  const faults = [...tally.failures].map(([what, times]) => `${what}, ${times} times`);
  return tally.doneCount === 0 ? [...faults, 'no job was ever done'] : faults;
}

function loadOf({ tally, samples, seconds }: SoakResult): string[] {
  const done = [...tally.doneByJob].map(([name, times]) => `${name} ${times}`).sort();
  const newest = new Map(samples.map((sample) => [sample.member, sample.cpuSeconds]));
  const cpu = [...newest.values()].reduce((sum, one) => sum + one, 0);
  return [
    `done: ${done.join(', ')}`,
    `processor of the sidecars: ${((100 * cpu) / seconds).toFixed(1)} %`,
  ];
}

/** One line of how it stands. */
export function progressOf(
  minute: number,
  minutes: number,
  samples: readonly Sample[],
  tally: Tally,
): string {
  const newest = new Map(samples.map((sample) => [sample.member, sample]));
  const members = [...newest.values()].map(
    ({ member, rssBytes, heapUsedBytes, externalBytes, fds, timers }) =>
      `${member} ${[rssBytes, heapUsedBytes, externalBytes].map(rounded).join('/')} MiB ${fds.all} fds ${timers} timers`,
  );
  const jobs = `${tally.doneCount} done, ${tally.failedCount} failed`;
  return `minute ${minute} of ${minutes}: ${[...members, jobs].join('; ')}`;
}

function countsOf({ fds, timers }: QuietCounts): string {
  return `${fds.sockets} sockets, ${fds.files} files, ${fds.others} others, ${timers} timers`;
}

function rounded(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

function figure(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en');
}
