// What a link costs in memory: a sidecar with fifty idle ones and without any. Their other ends live in this process.
import { scheduler } from 'node:timers/promises';
import { DEFAULT_CORE_CONFIG } from '../src/core/index.ts';
import { createLanTransport } from '../src/mesh/index.ts';
import { requireFleetSecret } from '../src/sidecar/identity/fleet-secret.ts';
import {
  createMemoryStore,
  deriveNodeKey,
  Member,
  systemEnvironment,
} from '../src/sidecar/index.ts';
import { type Figure, limit } from './figure.ts';
import type { Bench, BenchSidecar } from './processes.ts';

const LINKS = 50;
const ROUNDS = 3;
/** Long enough for the start, and for the greetings, to be collected. */
const SETTLE_MS = 10_000;
const LOOK_EVERY_MS = 200;
const LINKED_WITHIN_MS = 60_000;
const KEY_BYTES = 32;

export async function linkMemory(bench: Bench): Promise<Figure[]> {
  const without: number[] = [];
  const byLink: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `memory-${round}`;
    const sidecar = await bench.sidecar(name);
    await scheduler.wait(SETTLE_MS);
    const before = sidecar.residentMiB();
    await using others = await openMembers(bench.dataDir(name), sidecar.meshAddress);
    await untilLinked(sidecar);
    await scheduler.wait(SETTLE_MS);
    without.push(before);
    byLink.push(((sidecar.residentMiB() - before) * 1024) / LINKS);
    await others.disposeAsync();
    await sidecar.stop();
  }
  return [
    limit({ name: 'resident memory without links, median', unit: 'MiB', value: median(without) }),
    limit({
      name: `memory by link, of ${LINKS} idle ones, median (${byLink.map(Math.round).join(', ')})`,
      unit: 'KiB',
      value: median(byLink),
    }),
  ];
}

/** Members of the fleet of that directory, each with a link to the address. */
async function openMembers(dataDir: string, address: string): Promise<AsyncDisposableStack> {
  const members = new AsyncDisposableStack();
  const { fleetId, key } = await requireFleetSecret(dataDir);
  const { random, timers } = systemEnvironment;
  for (let n = 0; n < LINKS; n++) {
    const node = deriveNodeKey(random.bytes(KEY_BYTES));
    const listen = { host: '127.0.0.1', port: 0, keyPair: node.noise, timers };
    const member = await Member.open({
      environment: systemEnvironment,
      store: createMemoryStore(),
      transport: createLanTransport(listen),
      name: `other-${n}`,
      agents: [],
      signer: node.signer,
      fleet: { fleetId, key },
      config: DEFAULT_CORE_CONFIG,
      report: () => undefined,
    });
    members.defer(() => member.close());
    await member.connect([address], false);
  }
  return members;
}

async function untilLinked(sidecar: BenchSidecar): Promise<void> {
  await using client = sidecar.client();
  const endMs = performance.now() + LINKED_WITHIN_MS;
  for (;;) {
    const up = (await client.peers()).filter(({ state }) => state === 'connected').length;
    if (up === LINKS) return;
    if (performance.now() > endMs) throw new Error(`${up} of ${LINKS} links are up`);
    await scheduler.wait(LOOK_EVERY_MS);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
