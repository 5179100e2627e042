// A site of real processes, each on a host of its own of one bridge, which are told nothing of each other and meet by multicast.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scheduler } from 'node:timers/promises';
import { type AgentClient, createAgentClient } from '../src/agent-client/index.ts';
import { degrees, diameter, isConnected, type SiteGraph } from '../test/mesh/support/site-graph.ts';
import { Network } from '../test/support/network.ts';
import { platform } from './documents.ts';
import { type Figure, limit } from './figure.ts';
import { Bench, type BenchSidecar } from './processes.ts';
import { wantedLinks } from './site-figures.ts';

/** Fewer are linked each to each; more do not fit into the subnet's plan and the memory of most machines. */
const FEWEST_HOSTS = 10;
const MOST_HOSTS = 100;
/** A machine that runs out of memory ends processes that are not ours. */
const LEAST_FREE_MIB = 4096;
const PROCESS_MIB = 200;
const LOOK_EVERY_MS = 500;
const CONNECTED_WITHIN_MS = 60_000;
const WRITTEN_WITHIN_MS = 60_000;
const SETTLED_WITHIN_MS = 180_000;
const MINUTE_MS = 60_000;

interface Host {
  readonly sidecar: BenchSidecar;
  readonly client: AgentClient;
}

export async function realSite(size: number): Promise<Figure[]> {
  if (!(size >= FEWEST_HOSTS && size <= MOST_HOSTS)) {
    throw new Error(`BENCH_SITE_REAL takes ${FEWEST_HOSTS} to ${MOST_HOSTS}`);
  }
  requireMemory(size);
  await using opened = new AsyncDisposableStack();
  const names = Array.from({ length: size }, (_, n) => `h${n}`);
  const network = opened.use(await Network.create({ sites: { a: names } }));
  const bench = opened.use(new Bench());
  for (const name of names) bench.dataDir(name);
  const sidecars = await Promise.all(
    names.map((name) => {
      const { inside } = network.host(name);
      return bench.sidecar(name, [], [], { inside, meshListen: '0.0.0.0:0', lanDiscovery: 'on' });
    }),
  );
  const startedAtMs = performance.now();
  const hosts = sidecars.map((sidecar, n) => {
    const address = `unix:${join(bench.dataDir(names[n] ?? ''), 'api.sock')}`;
    const client = opened.use(createAgentClient({ address, token: sidecar.adminToken }));
    return { sidecar, client };
  });
  const connectedMs = await passed(hosts, CONNECTED_WITHIN_MS, isConnected, startedAtMs);
  const writtenMs = await writeEverywhere(hosts);
  const settledMs = await passed(
    hosts,
    SETTLED_WITHIN_MS,
    (graph) => isConnected(graph) && Math.max(...degrees(graph)) <= wantedLinks(size),
    startedAtMs,
  );
  const before = multicastBytes(sidecars);
  await scheduler.wait(MINUTE_MS);
  const minuteBytes = multicastBytes(sidecars) - before;
  const graph = await graphOf(hosts);
  const links = degrees(graph);
  const of = (what: string): string => `site of ${size} processes: ${what}`;
  return [
    limit({
      ...{ name: of('all reach each other after the last is ready'), unit: 'ms' },
      ...{ value: connectedMs, atMost: CONNECTED_WITHIN_MS },
    }),
    limit({
      ...{ name: of('one write each at once, all of them everywhere'), unit: 'ms' },
      ...{ value: writtenMs, atMost: WRITTEN_WITHIN_MS },
    }),
    limit({
      ...{ name: of('nobody has more links than wanted'), unit: 'ms' },
      ...{ value: settledMs, atMost: SETTLED_WITHIN_MS },
    }),
    limit({
      ...{ name: of('most links of a sidecar then'), unit: 'links' },
      ...{ value: Math.max(...links), atMost: wantedLinks(size) },
    }),
    limit({
      name: of('mean links of a sidecar then'),
      unit: 'links',
      value: links.reduce((sum, one) => sum + one, 0) / size,
    }),
    limit({ name: of('most hops'), unit: 'hops', value: diameter(graph) }),
    limit({
      name: of('multicast of one in a minute, with IP headers'),
      unit: 'B',
      value: minuteBytes / size,
    }),
    limit({
      name: of('resident memory of all'),
      unit: 'MiB',
      value: sidecars.reduce((sum, sidecar) => sum + sidecar.residentMiB(), 0),
    }),
  ];
}

/** Milliseconds from a moment until the site is as wanted; Infinity where that took longer than the limit. */
async function passed(
  hosts: readonly Host[],
  limitMs: number,
  isWanted: (graph: SiteGraph) => boolean,
  sinceMs: number,
): Promise<number> {
  for (;;) {
    requireMemory(0);
    const graph = await graphOf(hosts);
    const waitedMs = performance.now() - sinceMs;
    if (isWanted(graph)) return waitedMs;
    if (waitedMs > limitMs) return Infinity;
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

/** Who is linked to whom: both ends say so. */
async function graphOf(hosts: readonly Host[]): Promise<SiteGraph> {
  const linked = new Map<string, Set<string>>();
  for (const { client } of hosts) {
    const [{ nodeId }, peers] = await Promise.all([client.status(), client.peers()]);
    const up = peers.filter(({ state }) => state === 'connected');
    linked.set(nodeId, new Set(up.map((peer) => peer.nodeId)));
  }
  return new Map(
    [...linked].map(([one, others]) => [
      one,
      new Set([...others].filter((other) => linked.get(other)?.has(one) === true)),
    ]),
  );
}

/** Milliseconds until the writes of all, made at once, are at each; Infinity where that took longer than the limit. */
async function writeEverywhere(hosts: readonly Host[]): Promise<number> {
  const startedAtMs = performance.now();
  await Promise.all(hosts.map(({ client }, n) => client.put('site', `from-${n}`, platform(n))));
  for (;;) {
    const hashes = await Promise.all(
      hosts.map(async ({ client }) => (await client.status()).stateHash),
    );
    const waitedMs = performance.now() - startedAtMs;
    if (new Set(hashes).size === 1) return waitedMs;
    if (waitedMs > WRITTEN_WITHIN_MS) return Infinity;
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

/** What the hosts of these processes sent to groups so far, over IPv4 and IPv6. */
function multicastBytes(sidecars: readonly BenchSidecar[]): number {
  const counts = sidecars.map(({ pid }) => {
    const [heads = '', values = ''] = readFileSync(`/proc/${pid}/net/netstat`, 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('IpExt:'));
    const over4 = values.split(' ')[heads.split(' ').indexOf('OutMcastOctets')];
    const over6 = /^Ip6OutMcastOctets\s+(\d+)$/m.exec(
      readFileSync(`/proc/${pid}/net/snmp6`, 'utf8'),
    );
    return Number(over4) + Number(over6?.[1]);
  });
  return counts.reduce((sum, one) => sum + one, 0);
}

/** Throws unless there is room for so many processes more. */
function requireMemory(processes: number): void {
  const freeKiB = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  const freeMiB = Number(freeKiB) / 1024 - processes * PROCESS_MIB;
  if (freeMiB < LEAST_FREE_MIB) {
    throw new Error(`${Math.round(freeMiB)} MiB would be free, at least ${LEAST_FREE_MIB} must be`);
  }
}
