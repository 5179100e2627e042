// What a stranger costs the sidecar that refuses it: one of another fleet over TCP, and one without the dial key over the DHT.

import { readdirSync, readFileSync } from 'node:fs';
import { scheduler } from 'node:timers/promises';
import type { DhtNode } from '../src/mesh/dht/dht-node.ts';
import { createFleetSecret } from '../src/sidecar/identity/fleet-secret.ts';
import { systemEnvironment } from '../src/sidecar/index.ts';
import { freeUdpPort } from '../test/mesh/support/dht-network.ts';
import { openDhtNode, openDhtTransport, randomKeyPair } from './dht-ends.ts';
import { type Figure, limit } from './figure.ts';
import { openMember } from './other-members.ts';
import type { Bench } from './processes.ts';

/** All at once, because over the DHT each goes on asking until its dial has taken too long. Few enough for all to be looked at. */
const STRANGERS = 100;
const WARMING_STRANGERS = 20;
const SETTLE_MS = 5000;
const LOOPBACK = '127.0.0.1';

/** Comes, is refused and goes. */
type Stranger = () => Promise<void>;

export async function strangers(bench: Bench): Promise<Figure[]> {
  await using opened = new AsyncDisposableStack();
  const port = await freeUdpPort();
  const options = ['--dht-bootstrap-listen', `${LOOPBACK}:${port}`];
  const sidecar = await bench.sidecar('host', [], [...options, '--dht-listen', `${LOOPBACK}:0`]);
  opened.defer(() => sidecar.stop());
  const { fields } = await sidecar.log.first('dht.opened');
  await sidecar.log.first('dht.answering');
  const node = await openDhtNode(port);
  opened.defer(() => node.close());
  const ways: [name: string, comes: Stranger][] = [
    ['LAN', () => comeByLan(sidecar.meshAddress)],
    ['DHT', () => comeByDht(node, String(fields.address))],
  ];
  const figures: Figure[] = [];
  for (const [name, comes] of ways) {
    // The first ones pay for what is compiled once.
    await crowd(WARMING_STRANGERS, comes);
    await scheduler.wait(SETTLE_MS);
    const idleMs = await spent(sidecar.pid, () => scheduler.wait(SETTLE_MS));
    const startedAt = performance.now();
    const busyMs = await spent(sidecar.pid, () => crowd(STRANGERS, comes));
    const idleShareMs = (idleMs * (performance.now() - startedAt)) / SETTLE_MS;
    figures.push(
      limit({
        name: `CPU of a sidecar by stranger that it refuses over the ${name}, mean of ${STRANGERS}`,
        unit: 'ms',
        value: (busyMs - idleShareMs) / STRANGERS,
      }),
    );
  }
  return figures;
}

/** Noise succeeds with any key; the greeting shows that it does not hold the fleet's secret. */
async function comeByLan(address: string): Promise<void> {
  const refused = Promise.withResolvers<void>();
  const fleet = createFleetSecret(systemEnvironment.random);
  const { fleetId, key } = fleet;
  const member = await openMember({
    ...{ name: 'stranger', address, fleet: { fleetId, key } },
    report: ({ type }) => {
      if (type === 'refused' || type === 'dial-failed') refused.resolve();
    },
  });
  await refused.promise;
  await member.close();
}

async function comeByDht(node: DhtNode, address: string): Promise<void> {
  const transport = openDhtTransport(node, randomKeyPair());
  const isRefused = await transport.dial(address, new AbortController().signal).then(
    () => false,
    () => true,
  );
  if (!isRefused) throw new Error('a stranger was let in');
  await transport.close();
}

async function crowd(count: number, comes: Stranger): Promise<void> {
  await Promise.all(Array.from({ length: count }, comes));
}

/** Milliseconds of CPU of a process while something happens. */
async function spent(pid: number, happens: () => Promise<unknown>): Promise<number> {
  const before = cpuMs(pid);
  await happens();
  return cpuMs(pid) - before;
}

/** Of all its threads, to the nanosecond: ticks of ten milliseconds would be too coarse. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e6;
}
