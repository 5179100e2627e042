// What reads of a large fleet cost: pages of platforms.
import { createAgentClient } from '../src/agent-client/index.ts';
import { startTestSidecar, type TestSidecar } from '../src/testing/index.ts';
import { platform } from './documents.ts';
import { type Figure, limit } from './figure.ts';

const FLEETS = [1_000, 10_000];
const FIRST_PAGE = 100;
const ROUNDS = 15;
/** Heartbeats under way while a fleet is made. */
const AT_ONCE = 32;

export async function fleetReads(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const size of FLEETS) figures.push(...(await pagesOf(size)));
  return figures;
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
