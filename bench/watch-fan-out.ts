// What watches cost: a hundred that all want every change, and a thousand that want none. Beside another checkout of this
// repository where BENCH_BASE names one, in the same run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { scheduler } from 'node:timers/promises';
import type { AgentClient } from '../src/agent-client/index.ts';
import { platform } from './documents.ts';
import { type Figure, judge, limit, type Pair } from './figure.ts';
import type { Bench, BenchSidecar } from './processes.ts';
import { type Codec, type RawWatch, rawWatch } from './raw-watch.ts';

const BUSY = 100;
const CHANGES = 200;
const TIMED = 100;
const ROUNDS = 3;

const IDLE = 1_000;
/** Streams of one token end at 250. */
const IDLE_OF_TOKEN = 250;
const OPENED_AT_ONCE = 100;
/** As often each watch says that it lives: one of each is in it. */
const IDLE_MS = 15_000;
/** Changes that nobody watches, and the time between two. */
const ELSEWHERE = 200;
const ELSEWHERE_INTERVAL_MS = 10;
const SETTLE_MS = 4_000;
/** Of a tick of /proc/PID/stat. */
const TICK_MS = 10;

/** The names of the figures, and their units. */
const FIGURES = {
  proto: ['one event of 28 fields to one of 100 watchers, processor of the sidecar', 'us'],
  json: ['the same in JSON', 'us'],
  last: ['from the put until the last of 100 watchers has it, median', 'ms'],
  quiet: ['1,000 idle watches, nothing changes, their signs of life: processor', 'ms/s'],
  elsewhere: ['1,000 idle watches, one change that none of them wants: processor for them', 'ms'],
  memory: ['memory of one idle watch', 'KiB'],
} as const;

type Measured = Readonly<Record<keyof typeof FIGURES, number>>;

/** Both in turn, so that a machine that slows down slows both. */
export async function watchFanOut(bench: Bench): Promise<Figure[]> {
  const base = process.env.BENCH_BASE;
  const ours: Measured[] = [];
  const theirs: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (base !== undefined) {
      theirs.push(await measure(bench, `base-${round}`, join(base, 'src/cli/main.ts')));
    }
    ours.push(await measure(bench, `ours-${round}`));
  }
  return Object.entries(FIGURES).map(([key, [name, unit]]) => {
    const of = (measured: Measured | undefined): number =>
      measured?.[key as keyof typeof FIGURES] ?? Number.NaN;
    if (base === undefined) return limit({ name, unit, value: median(ours.map(of)) });
    const pairs = ours.map((one, i): Pair => ({ ours: of(one), peer: of(theirs[i]) }));
    return judge({ name, unit, peerName: 'before', pairs });
  });
}

async function measure(bench: Bench, name: string, cli?: string): Promise<Measured> {
  const agents = Array.from({ length: IDLE / IDLE_OF_TOKEN }, (_, i) => `${name}-${i}`);
  const options = [name, ...agents].flatMap((agent) => ['--agent', agent]);
  const sidecar = await bench.sidecar(name, [], options, { cli });
  await using client = sidecar.client();
  const tokens = agents.map((agent) => sidecar.tokenOf(agent));
  const measured = {
    // First, while the memory is not yet large enough for anything.
    ...(await idle(sidecar, client, tokens)),
    proto: await busyUs(sidecar, client, 'proto'),
    json: await busyUs(sidecar, client, 'json'),
    last: await lastMs(sidecar, client),
  };
  await sidecar.stop();
  return measured;
}

/** Processor time of one event to one watcher: of changes that all watch, without that of changes that nobody does. */
async function busyUs(sidecar: BenchSidecar, client: AgentClient, codec: Codec): Promise<number> {
  // Twice: the first changes are paid for by the compiler.
  await change(client, 0);
  const alone = await cpuOf(sidecar, () => change(client, 1));
  using watchers = await open(sidecar, BUSY, [sidecar.adminToken], 'busy', codec);
  await watchers.all((watch) => watch.puts(CHANGES));
  const round = async (n: number): Promise<void> => {
    const complete = watchers.all((watch) => watch.puts(CHANGES));
    await change(client, n);
    await complete;
  };
  await round(2);
  const watched = await cpuOf(sidecar, () => round(3));
  return ((watched - alone) / (BUSY * CHANGES)) * 1000;
}

async function lastMs(sidecar: BenchSidecar, client: AgentClient): Promise<number> {
  using watchers = await open(sidecar, BUSY, [sidecar.adminToken], 'timed', 'proto');
  const times: number[] = [];
  for (let n = 0; n < TIMED; n++) {
    const complete = watchers.all((watch) => watch.puts(1));
    const startedAt = performance.now();
    await client.put('timed', `t-${n}`, platform(n), { ack: 'memory' });
    await complete;
    times.push(performance.now() - startedAt);
  }
  return median(times);
}

async function idle(
  sidecar: BenchSidecar,
  client: AgentClient,
  tokens: readonly string[],
): Promise<Pick<Measured, 'quiet' | 'elsewhere' | 'memory'>> {
  // Twice: the first changes are paid for by the compiler.
  await changeElsewhere(client);
  const unwatched = await cpuOf(sidecar, () => changeElsewhere(client));
  await scheduler.wait(SETTLE_MS);
  const before = sidecar.residentMiB();
  using _idle = await open(sidecar, IDLE, tokens, 'nothing', 'proto');
  await scheduler.wait(SETTLE_MS);
  const memory = ((sidecar.residentMiB() - before) * 1024) / IDLE;
  const quiet = (await cpuOf(sidecar, () => scheduler.wait(IDLE_MS))) / (IDLE_MS / 1000);
  const watched = await cpuOf(sidecar, () => changeElsewhere(client));
  return { quiet, elsewhere: (watched - unwatched) / ELSEWHERE, memory };
}

async function changeElsewhere(client: AgentClient): Promise<void> {
  for (let n = 0; n < ELSEWHERE; n++) {
    await scheduler.wait(ELSEWHERE_INTERVAL_MS);
    await client.put('elsewhere', 'e', { n }, { ack: 'memory' });
  }
}

async function change(client: AgentClient, round: number): Promise<void> {
  for (let i = 0; i < CHANGES; i++)
    await client.put('busy', `n-${i}`, { ...platform(i), round }, { ack: 'memory' });
}

interface Watchers extends Disposable {
  all(wait: (watch: RawWatch) => Promise<void>): Promise<unknown>;
}

/** Watches shared out among tokens, opened some at a time, as a socket takes so many. */
async function open(
  { target }: BenchSidecar,
  count: number,
  tokens: readonly string[],
  collection: string,
  codec: Codec,
): Promise<Watchers> {
  const watches: RawWatch[] = [];
  while (watches.length < count) {
    const some = Array.from({ length: Math.min(OPENED_AT_ONCE, count - watches.length) }, (_, i) =>
      rawWatch(target, tokens[i % tokens.length] as string, collection, codec),
    );
    watches.push(...some);
    await Promise.all(some.map(({ synced }) => synced));
  }
  return {
    all: (wait) => Promise.all(watches.map(wait)),
    [Symbol.dispose]() {
      for (const watch of watches) watch[Symbol.dispose]();
    },
  };
}

async function cpuOf({ pid }: BenchSidecar, work: () => Promise<unknown>): Promise<number> {
  const before = cpuMs(pid);
  await work();
  return cpuMs(pid) - before;
}

/** Processor time of a process so far. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
