// From the start of a process to its first link, by each way of finding another sidecar.
//
// BENCH_FIRST_LINK=static takes only some of the ways.
import process from 'node:process';
import { type Figure, limit } from './figure.ts';
import { percentile } from './load.ts';
import type { Bench } from './processes.ts';

const ROUNDS = 20;

/** How who starts finds who is there already. */
interface Way {
  readonly key: string;
  readonly name: string;
  /** Starts who is found. Resolves to what the one who finds is told: its `--peer`s, and further options of `holdfast run`. */
  prepare(bench: Bench): Promise<{
    readonly peers: readonly string[];
    readonly options: readonly string[];
  }>;
}

const STATIC_ADDRESS: Way = {
  key: 'static',
  name: 'by static address',
  async prepare(bench) {
    const found = await bench.sidecar('first-link-static');
    return { peers: [found.meshAddress], options: [] };
  },
};

const WAYS: readonly Way[] = [STATIC_ADDRESS];

export async function firstLink(bench: Bench): Promise<Figure[]> {
  const only = process.env.BENCH_FIRST_LINK?.split(',');
  const ways = WAYS.filter(({ key }) => only?.includes(key) ?? true);
  if (ways.length === 0) {
    throw new Error(`BENCH_FIRST_LINK: there are ${WAYS.map(({ key }) => key).join(', ')}`);
  }
  const figures: Figure[] = [];
  for (const way of ways) figures.push(...(await measure(bench, way)));
  return figures;
}

async function measure(bench: Bench, way: Way): Promise<Figure[]> {
  const { peers, options } = await way.prepare(bench);
  const fromStart: number[] = [];
  const fromReady: number[] = [];
  // Each round is a node that nobody has met: names and keys are new, as after an installation.
  for (let round = 0; round < ROUNDS; round++) {
    const finder = await bench.sidecar(`first-link-${way.key}-${round}`, peers, options);
    const linkedMs = await finder.startToMs('mesh.link_up');
    fromStart.push(linkedMs);
    fromReady.push(Math.max(0, linkedMs - finder.startToReadyMs));
    await finder.stop();
  }
  return [
    ...spread(`first link ${way.name}, from the start of the process`, fromStart),
    ...spread(`first link ${way.name}, from the moment it is ready`, fromReady),
  ];
}

function spread(name: string, milliseconds: readonly number[]): Figure[] {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return [
    limit({ name: `${name}, p50 of ${ROUNDS}`, unit: 'ms', value: percentile(sorted, 0.5) }),
    limit({ name: 'the same, p99', unit: 'ms', value: percentile(sorted, 0.99) }),
  ];
}
