// What a soak says: a line each minute, and at its end a table with the verdict.
import type { Tally } from './jobs.ts';
import { type Held, heldOf } from './quiet.ts';
import type { Sample } from './sample.ts';
import {
  EXTERNAL_GROWTH,
  HEAP_GROWTH,
  JUDGED_FROM_MINUTES,
  type Judged,
  judgeDescriptors,
  judgeMemory,
  judgeTimers,
  mebibytes,
  PRIVATE_GROWTH,
  type Trend,
  trendOf,
} from './verdict.ts';

const QUARTERS = 4;
const MINUTE_SECONDS = 60;
/** What is judged of quiet moments, with the share by which it may grow. */
const HELD = [
  ['held heap', 'heapBytes', HEAP_GROWTH],
  ['held external memory', 'externalBytes', EXTERNAL_GROWTH],
] as const;
/** Series that are only shown: data that is kept on purpose, and what the machine does. */
const SHOWN = {
  'resident memory': [({ rssBytes }: Sample) => rssBytes, mebibytes],
  'heap with garbage': [({ heapUsedBytes }: Sample) => heapUsedBytes, mebibytes],
  store: [({ storeBytes }: Sample) => storeBytes, mebibytes],
  documents: [({ documents }: Sample) => documents, figure],
  'live documents': [({ liveDocuments }: Sample) => liveDocuments, figure],
  tombstones: [({ tombstones }: Sample) => tombstones, figure],
  commits: [({ commits }: Sample) => commits, figure],
  descriptors: [({ fds }: Sample) => fds.all, figure],
  timers: [({ timers }: Sample) => timers, figure],
  'event-loop delay, ms': [({ loopDelayMs }: Sample) => loopDelayMs, figure],
} as const;

export interface SoakResult {
  /** Of all members, in the order in which they were taken. */
  readonly samples: readonly Sample[];
  /** Absent where only the samples are known. */
  readonly tally?: Tally;
}

export interface Report {
  readonly lines: readonly string[];
  readonly passed: boolean;
}

/** How long the run was, and whether that is enough to judge memory and timers. */
interface Run {
  readonly seconds: number;
  readonly isLong: boolean;
}

/** Adds a row to the table; what is judged and not flat is a fault. */
type AddRow = (series: string, cells: readonly string[], judged?: Judged) => void;

export function reportOf({ samples, tally }: SoakResult): Report {
  const rows: string[] = [];
  const faults = tally === undefined ? [] : faultsOfWork(tally);
  const run = runOf(samples);
  for (const member of new Set(samples.map((sample) => sample.member))) {
    const addRow: AddRow = (series, cells, judged) => {
      const word = judged === undefined ? '' : judged.flat ? 'yes' : 'NO';
      rows.push(`| ${[member, series, ...cells, word].join(' | ')} |`);
      if (judged?.flat === false) faults.push(`${member}: ${series}: ${judged.why}`);
    };
    const own = samples.filter((one) => one.member === member);
    addHeld(heldOf(own), run, addRow);
    const loaded = own.filter(({ phase }) => phase !== 'quiet');
    addLoaded(loaded, run, addRow);
  }
  const verdict = faults.length === 0 ? ['flat'] : ['NOT FLAT', ...faults.map((one) => `- ${one}`)];
  const lines = [
    ...['| sidecar | series | second quarter | last quarter | line, a day | flat |'],
    ...['|---|---|---|---|---|---|', ...rows, ''],
    ...(tally === undefined ? [] : workOf(tally)),
    `processor of the sidecars: ${processorOf(samples, run).toFixed(1)} %`,
    ...(run.isLong ? [] : ['too short to judge memory and timers']),
    ...verdict,
  ];
  return { lines, passed: faults.length === 0 };
}

/** What quiet moments say. */
function addHeld(held: readonly Held[], { seconds, isLong }: Run, addRow: AddRow): void {
  for (const [series, field, growth] of HELD) {
    const points = held.map((one) => ({ atSeconds: one.atSeconds, value: one[field] }));
    const trend = trendOf(points, seconds);
    if (trend === undefined) continue;
    addRow(series, cellsOf(trend, mebibytes), isLong ? judgeMemory(trend, growth) : undefined);
  }
  const first = nearest(held, seconds / QUARTERS);
  const last = held.at(-1);
  if (first === undefined || last === undefined) return;
  const open = [first, last].map(
    ({ fds }) => `${fds.sockets} sockets, ${fds.files} files, ${fds.others} others`,
  );
  addRow('quiet descriptors', [...open, ''], judgeDescriptors(first, last));
  const timers = [first, last].map((counts) => String(counts.timers));
  addRow('quiet timers', [...timers, ''], isLong ? judgeTimers(first, last) : undefined);
}

/** The moment at the end of the warm-up. */
function nearest(held: readonly Held[], wantedSeconds: number): Held | undefined {
  const distance = ({ atSeconds }: Held): number => Math.abs(atSeconds - wantedSeconds);
  return held.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** What samples under load say. */
function addLoaded(loaded: readonly Sample[], { seconds, isLong }: Run, addRow: AddRow): void {
  const trendIn = (read: (sample: Sample) => number): Trend | undefined =>
    trendOf(
      loaded.map((sample) => ({ atSeconds: sample.atSeconds, value: read(sample) })),
      seconds,
    );
  const trend = trendIn(({ privateBytes }) => privateBytes);
  if (trend !== undefined) {
    const judged = isLong ? judgeMemory(trend, PRIVATE_GROWTH) : undefined;
    addRow('private memory', cellsOf(trend, mebibytes), judged);
  }
  for (const [series, [read, write]] of Object.entries(SHOWN)) {
    const shown = trendIn(read);
    if (shown !== undefined) addRow(series, cellsOf(shown, write));
  }
}

function cellsOf({ early, late, perDay }: Trend, write: (value: number) => string): string[] {
  return [early, late, perDay].map(write);
}

/** A soak that did nothing would be flat too. */
function faultsOfWork(tally: Tally): string[] {
  const faults = [...tally.failures].map(([what, times]) => `${what}, failed ${times} times`);
  return tally.doneCount === 0 ? [...faults, 'no job was ever done'] : faults;
}

function workOf(tally: Tally): string[] {
  const done = [...tally.doneByJob].map(([name, times]) => `${name} ${times}`).sort();
  return [`done: ${done.join(', ')}`];
}

function runOf(samples: readonly Sample[]): Run {
  const seconds = samples.at(-1)?.atSeconds ?? 0;
  return { seconds, isLong: seconds >= JUDGED_FROM_MINUTES * MINUTE_SECONDS };
}

/** Share of one processor that all sidecars had together, their starts included. */
function processorOf(samples: readonly Sample[], { seconds }: Run): number {
  const newest = new Map(samples.map((sample) => [sample.member, sample.cpuSeconds]));
  const all = [...newest.values()].reduce((sum, one) => sum + one, 0);
  return seconds === 0 ? 0 : (100 * all) / seconds;
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
  const failures = [...tally.failures].map(([what, times]) => `, ${what} failed ${times} times`);
  const jobs = `${tally.doneCount} jobs done${failures.join('')}`;
  return `minute ${minute} of ${minutes}: ${[...members, jobs].join('; ')}`;
}

function rounded(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(0);
}

function figure(value: number): string {
  return Math.abs(value) < 10 ? value.toFixed(2) : Math.round(value).toLocaleString('en');
}
