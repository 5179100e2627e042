// npm run year: a fleet beats for 365 virtual days. Writes table and picture; exit code 1 when store or heap goes on growing.
//
// The rule: the first tenth of the days, at least one, is warm-up. Of the days behind it, the last quarter holds on average at
// most STORE_GROWTH times the store bytes and HEAP_GROWTH times the JavaScript heap of the first quarter.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { plot, table } from './year-plot.ts';
import { type DaySample, growthOf, runYear, type YearOptions } from './year-world.ts';

const STORE_GROWTH = 1.05;
/** The collector decides when; a tenth is its noise. */
const HEAP_GROWTH = 1.1;
const WARM_UP_SHARE = 0.1;
/** A store so many times as large as after the warm-up will not be flat any more: the rest of the year is spared. */
const GIVE_UP_AT = 4;
/** Fewer days have no quarters to compare. */
const MIN_DAYS = 10;
const MAX_DAYS = 3650;
const MAX_AGENTS = 1000;
const MAX_MEMBERS = 50;
const DAY_SECONDS = 86_400;

const { values } = parseArgs({
  options: {
    days: { type: 'string', default: '365' },
    agents: { type: 'string', default: '50' },
    members: { type: 'string', default: '5' },
    // An hour: a year is then 438,000 beats, each applied by every member.
    interval: { type: 'string', default: '3600' },
    out: { type: 'string', default: join('docs', 'figures') },
  },
});
const options: YearOptions = {
  days: wholeNumber('--days', values.days, MIN_DAYS, MAX_DAYS),
  agents: wholeNumber('--agents', values.agents, 1, MAX_AGENTS),
  members: wholeNumber('--members', values.members, 1, MAX_MEMBERS),
  intervalMs: 1000 * wholeNumber('--interval', values.interval, 5, DAY_SECONDS),
};
const warmUpDays = Math.max(1, Math.round(options.days * WARM_UP_SHARE));

const samples: DaySample[] = [];
const startedAt = performance.now();
for await (const sample of runYear(options)) {
  samples.push(sample);
  if (sample.day === 1 || sample.day % 10 === 0) console.log(describe(sample));
  const warm = samples[warmUpDays - 1];
  if (warm !== undefined && sample.storeBytes > GIVE_UP_AT * warm.storeBytes) {
    console.log(`day ${sample.day}: the store is ${GIVE_UP_AT} times what it was after warm-up`);
    break;
  }
}
const seconds = (performance.now() - startedAt) / 1000;
const beats = (samples.length * options.agents * DAY_SECONDS * 1000) / options.intervalMs;
console.log(`${beats} beats in ${Math.round(seconds)} s, ${Math.round(beats / seconds)} a second`);
writeResults(values.out);

const warm = samples.slice(warmUpDays);
const verdicts = [
  judgeGrowth(
    'store',
    warm.map(({ storeBytes }) => storeBytes),
    STORE_GROWTH,
  ),
  judgeGrowth(
    'heap',
    warm.map(({ heapBytes }) => heapBytes),
    HEAP_GROWTH,
  ),
];
process.exitCode = verdicts.every(Boolean) && samples.length === options.days ? 0 : 1;

function judgeGrowth(name: string, bytes: readonly number[], atMost: number): boolean {
  const growth = growthOf(bytes);
  const flat = growth <= atMost;
  const mark = flat ? '+' : '-';
  console.log(
    `${mark} ${name} after warm-up: grew to ${growth.toFixed(3)} times, at most ${atMost}`,
  );
  return flat;
}

function writeResults(directory: string): void {
  mkdirSync(directory, { recursive: true });
  const kinds = [...new Set(samples.flatMap(({ byKind }) => [...byKind.keys()]))].sort();
  const columns = ['day', 'store', ...kinds.map((kind) => `store_${kind}`), 'heap', 'resident'];
  const rows = samples.map(({ day, storeBytes, byKind, heapBytes, residentBytes }) => [
    day,
    storeBytes,
    ...kinds.map((kind) => byKind.get(kind) ?? 0),
    heapBytes,
    residentBytes,
  ]);
  writeFileSync(join(directory, 'year.csv'), table(columns, rows));
  const { agents, members, intervalMs } = options;
  const title = `${samples.length} virtual days, ${agents} agents, ${members} members, a beat each ${intervalMs / 1000} s; dashed: end of warm-up`;
  const panels = [
    { title: 'Stores of all members', values: samples.map(({ storeBytes }) => storeBytes) },
    { title: 'JavaScript heap', values: samples.map(({ heapBytes }) => heapBytes) },
    { title: 'Resident memory', values: samples.map(({ residentBytes }) => residentBytes) },
  ];
  writeFileSync(join(directory, 'year.svg'), plot(title, panels, warmUpDays));
  console.log(`${join(directory, 'year.svg')} and year.csv are written`);
}

function describe({ day, storeBytes, heapBytes, residentBytes }: DaySample): string {
  const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1);
  return `day ${day}: store ${mebibytes(storeBytes)} MiB, heap ${mebibytes(heapBytes)}, resident ${mebibytes(residentBytes)}`;
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  console.error(`${flag}: "${text}" is not a whole number from ${min} to ${max}`);
  process.exit(2);
}
