// From the start of a process to its first link, by each way of finding another sidecar.
//
// BENCH_FIRST_LINK=static takes only some of the ways.
import process from 'node:process';
import { freeUdpPort } from '../test/mesh/support/dht-network.ts';
import { Network } from '../test/support/network.ts';
import { type Figure, limit } from './figure.ts';
import { percentile } from './load.ts';
import type { Bench, BenchSidecar } from './processes.ts';

const ROUNDS = 20;
const LOOPBACK = '127.0.0.1';

/** Who is there, and how another one is started that shall find it. */
interface Prepared {
  readonly found: BenchSidecar;
  startFinder(name: string): Promise<BenchSidecar>;
}

interface Way {
  readonly key: string;
  readonly name: string;
  /** What is opened for it is closed by `opened`. */
  prepare(bench: Bench, opened: AsyncDisposableStack): Promise<Prepared>;
}

const STATIC_ADDRESS: Way = {
  key: 'static',
  name: 'by static address',
  async prepare(bench) {
    const found = await bench.sidecar('first-link-static');
    return { found, startFinder: (name) => bench.sidecar(name, [found.meshAddress]) };
  },
};

/** Two hosts of network namespaces on a bridge, without a default route. */
const MULTICAST: Way = {
  key: 'multicast',
  name: 'by multicast',
  async prepare(bench, opened) {
    const network = opened.use(await Network.create({ sites: { a: ['found', 'finder'] } }));
    const start = (name: string, host: string): Promise<BenchSidecar> => {
      const { inside } = network.host(host);
      return bench.sidecar(name, [], [], { inside, meshListen: '0.0.0.0:0', lanDiscovery: 'on' });
    };
    const found = await start('first-link-multicast', 'found');
    await found.log.first('discovery.started');
    return { found, startFinder: (name) => start(name, 'finder') };
  },
};

/** Who is found is the site's bootstrap node as well. No TCP: what links comes over the DHT. */
const BOOTSTRAP: Way = {
  key: 'bootstrap',
  name: 'by own bootstrap node',
  async prepare(bench) {
    const bootstrap = `${LOOPBACK}:${await freeUdpPort()}`;
    const start = (name: string, option: string): Promise<BenchSidecar> => {
      const options = [option, bootstrap, '--dht-listen', `${LOOPBACK}:0`];
      return bench.sidecar(name, [], options, { meshListen: 'off' });
    };
    const found = await start('first-link-bootstrap', '--dht-bootstrap-listen');
    await found.log.first('dht.answering');
    return { found, startFinder: (name) => start(name, '--dht-bootstrap') };
  },
};

const WAYS: readonly Way[] = [STATIC_ADDRESS, MULTICAST, BOOTSTRAP];

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
  await using opened = new AsyncDisposableStack();
  const { found, startFinder } = await way.prepare(bench, opened);
  opened.defer(() => found.stop());
  const fromStart: number[] = [];
  const fromReady: number[] = [];
  // Each round is a node that nobody has met: names and keys are new, as after an installation.
  for (let round = 0; round < ROUNDS; round++) {
    const before = found.log.lines('mesh.link_up').length;
    const finder = await startFinder(`first-link-${way.key}-${round}`);
    const linked = await finder.log.first('mesh.link_up');
    const met = await found.log.next('mesh.link_up', before);
    // At both ends.
    const linkedAtMs = Math.max(linked.atMs, met.atMs);
    const linkedMs = linkedAtMs - finder.startedAtMs;
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
