// What a link costs in memory: a sidecar with fifty idle ones and without any. Their other ends live in this process.
import { scheduler } from 'node:timers/promises';
import { deriveDhtKeys, OPEN_EPOCH } from '../src/sidecar/identity/dht-keys.ts';
import { requireFleetSecret } from '../src/sidecar/identity/fleet-secret.ts';
import { freeUdpPort } from '../test/mesh/support/dht-network.ts';
import { openDhtNode, openDhtTransport } from './dht-ends.ts';
import { type Figure, limit } from './figure.ts';
import { type OtherMember, openMember } from './other-members.ts';
import type { Bench, BenchSidecar } from './processes.ts';

const LINKS = 50;
const ROUNDS = 3;
/** Long enough for the start, and for the greetings, to be collected. */
const SETTLE_MS = 10_000;
const LOOK_EVERY_MS = 200;
const LINKED_WITHIN_MS = 60_000;
const LOOPBACK = '127.0.0.1';

/** A sidecar, and how others reach it. */
interface Reached {
  readonly sidecar: BenchSidecar;
  readonly how: Pick<OtherMember, 'address' | 'createTransport'>;
}

interface Way {
  readonly name: string;
  start(bench: Bench, name: string, opened: AsyncDisposableStack): Promise<Reached>;
}

const LAN: Way = {
  name: 'LAN',
  async start(bench, name) {
    const sidecar = await bench.sidecar(name);
    return { sidecar, how: { address: sidecar.meshAddress } };
  },
};

/** The sidecar is the bootstrap node as well; all others share one node of the DHT. */
const DHT: Way = {
  name: 'DHT',
  async start(bench, name, opened) {
    const port = await freeUdpPort();
    const bootstrap = ['--dht-bootstrap-listen', `${LOOPBACK}:${port}`];
    const options = [...bootstrap, '--dht-listen', `${LOOPBACK}:0`];
    const sidecar = await bench.sidecar(name, [], options, { meshListen: 'off' });
    const { fields } = await sidecar.log.first('dht.opened');
    const node = await openDhtNode(port);
    opened.defer(() => node.close());
    const { dial } = deriveDhtKeys((await requireFleetSecret(bench.dataDir(name))).key, OPEN_EPOCH);
    const createTransport: OtherMember['createTransport'] = ({ noise }) =>
      openDhtTransport(node, dial, noise);
    return { sidecar, how: { address: String(fields.address), createTransport } };
  },
};

export async function linkMemory(bench: Bench): Promise<Figure[]> {
  return [...(await measure(bench, LAN)), ...(await measure(bench, DHT))];
}

async function measure(bench: Bench, way: Way): Promise<Figure[]> {
  const without: number[] = [];
  const byLink: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const name = `memory-${way.name.toLowerCase()}-${round}`;
    await using opened = new AsyncDisposableStack();
    const { sidecar, how } = await way.start(bench, name, opened);
    opened.defer(() => sidecar.stop());
    await scheduler.wait(SETTLE_MS);
    const before = sidecar.residentMiB();
    const { fleetId, key } = await requireFleetSecret(bench.dataDir(name));
    for (let n = 0; n < LINKS; n++) {
      const member = await openMember({ name: `other-${n}`, fleet: { fleetId, key }, ...how });
      opened.defer(() => member.close());
    }
    await untilLinked(sidecar);
    await scheduler.wait(SETTLE_MS);
    without.push(before);
    byLink.push(((sidecar.residentMiB() - before) * 1024) / LINKS);
  }
  const each = byLink.map(Math.round).join(', ');
  return [
    limit({
      name: `resident memory without links, to be reached over the ${way.name}, median`,
      unit: 'MiB',
      value: median(without),
    }),
    limit({
      name: `memory by ${way.name} link, of ${LINKS} idle ones, median (${each})`,
      unit: 'KiB',
      value: median(byLink),
    }),
  ];
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
