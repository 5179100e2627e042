// What reads of a large fleet cost: pages of platforms, and one busy collection with many watchers.
import { readFileSync } from 'node:fs';
import { type AgentClient, createAgentClient } from '../src/agent-client/index.ts';
import { startTestSidecar, type TestSidecar } from '../src/testing/index.ts';
import { platform } from './documents.ts';
import { type Figure, limit } from './figure.ts';
import type { Bench, BenchSidecar } from './processes.ts';

const FLEETS = [1_000, 10_000];
const FIRST_PAGE = 100;
const ROUNDS = 15;
/** Heartbeats under way while a fleet is made. */
const AT_ONCE = 32;

const WATCHERS = 100;
const CHANGES = 200;
/** Of a tick of /proc/PID/stat. */
const TICK_MS = 10;

export async function fleetReads(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of FLEETS) figures.push(...(await pagesOf(size)));
  return [...figures, ...(await fanOut(bench))];
}

async function pagesOf(size: number): Promise<Figure[]> {
  const agents = Array.from({ length: size }, (_, i) => `edge-${i}`);
  await using sidecar = await startTestSidecar({ agents });
  for (let at = 0; at < size; at += AT_ONCE) {
    const some = agents.slice(at, at + AT_ONCE);
    await Promise.all(some.map((agent, i) => beat(sidecar, agent, at + i)));
  }
  const { address, adminToken: token } = sidecar;
  await using client = createAgentClient({ address, token });
  const first = () => client.rpc.fleet.listPlatforms({ pageSize: FIRST_PAGE });
  const site = { selector: 'site=site-3' };
  const name = `ListPlatforms of ${size.toLocaleString('en')} agents`;
  const figure = async (what: string, read: () => Promise<unknown>, rounds = ROUNDS) =>
    limit({ name: `${name}, ${what}`, unit: 'ms', value: await medianMs(read, rounds) });
  return [
    await figure(`first page of ${FIRST_PAGE}`, first),
    await figure('all pages of 1,000', () => client.platforms().toArray(), 5),
    await figure('all of one label in 17', () => client.platforms(site).toArray()),
    await figure('the 100 oldest', () => client.platforms({ order: 'age' }).toArray(FIRST_PAGE)),
  ];
}

async function beat(sidecar: TestSidecar, agent: string, n: number): Promise<void> {
  const { cpuPercent, load1m } = platform(n);
  const labels = { site: `site-${n % 17}`, rack: `rack-${n % 40}` };
  const telemetry = { cpuPercent, load1m };
  const response = await fetch(`${sidecar.address}/holdfast.v1.HeartbeatService/Heartbeat`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${sidecar.agentToken(agent)}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ status: 'ok', labels, versions: { agent: '1.12.3' }, telemetry }),
  });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`a heartbeat was answered with ${response.status}`);
}

async function medianMs(read: () => Promise<unknown>, rounds: number): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const startedAt = performance.now();
    await read();
    times.push(performance.now() - startedAt);
  }
  return times.sort((a, b) => a - b)[Math.floor(rounds / 2)] as number;
}

/** Processor time of a sidecar for changes that nobody watches, and for the same that all watch. */
async function fanOut(bench: Bench): Promise<Figure[]> {
  const sidecar = await bench.sidecar('fan-out');
  await using client = sidecar.client();
  await change(client, 0);
  const alone = await cpuOf(sidecar, () => change(client, 1));
  const stop = new AbortController();
  const watchers = Array.from({ length: WATCHERS }, () => watch(client, stop.signal));
  await Promise.all(watchers.map(({ synced }) => synced));
  const watched = await cpuOf(sidecar, async () => {
    await change(client, 2);
    await Promise.all(watchers.map(({ complete }) => complete));
  });
  stop.abort();
  await Promise.all(watchers.map(({ ended }) => ended));
  const perEvent = ((watched - alone) / (WATCHERS * CHANGES)) * 1000;
  return [
    limit({ name: `${CHANGES} changes, nobody watches: processor`, unit: 'ms', value: alone }),
    limit({ name: `the same, ${WATCHERS} watch: processor`, unit: 'ms', value: watched }),
    limit({ name: 'processor for one event to one watcher', unit: 'us', value: perEvent }),
  ];
}

async function change(client: AgentClient, round: number): Promise<void> {
  for (let i = 0; i < CHANGES; i++)
    await client.put('busy', `n-${i}`, { ...platform(i), round }, { ack: 'memory' });
}

function watch(client: AgentClient, signal: AbortSignal) {
  const synced = Promise.withResolvers<void>();
  const complete = Promise.withResolvers<void>();
  const ended = (async () => {
    for await (const event of client.watch({ collections: ['busy'], signal })) {
      if (event.type === 'synced') synced.resolve();
      else if (event.type === 'put' && isLast(event.document)) complete.resolve();
    }
  })().catch((error: unknown) => {
    if (!signal.aborted) complete.reject(error);
  });
  return { synced: synced.promise, complete: complete.promise, ended };
}

function isLast({ id, value }: { readonly id: string; readonly value: object }): boolean {
  return id === `n-${CHANGES - 1}` && 'round' in value && value.round === 2;
}

async function cpuOf({ pid }: BenchSidecar, work: () => Promise<void>): Promise<number> {
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
