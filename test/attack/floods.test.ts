// Members that would use up what others need: with commits, feeds, promises, addresses, statements, and by not listening.
import assert from 'node:assert/strict';
import { after, before, describe } from 'node:test';
import { createIncarnation, type JsonObject, toHex } from '../../src/core/index.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';
import type { RunningSidecar } from '../e2e/support/running-sidecar.ts';
import { waitFor } from '../e2e/support/site.ts';
import { TcpRelay } from '../support/tcp-relay.ts';
import { attack } from './support/attack.ts';
import type { Mallory } from './support/mallory.ts';
import { residentMiB } from './support/memory.ts';
import { read, shows } from './support/reads.ts';
import { Victims } from './support/victims.ts';

const { random, clock } = systemEnvironment;
const KIBIBYTE = 1024;

// One after the other: each takes the machine.
describe('floods', () => {
  let victims: Victims;
  let hub: RunningSidecar;
  let gamma: RunningSidecar;

  before(async () => {
    victims = new Victims();
    hub = await victims.start(victims.hub);
    gamma = await victims.start(victims.admit('gamma'), { peers: [hub.meshAddress] });
  });
  after(async () => {
    const faults = victims.faults();
    await victims[Symbol.asyncDispose]();
    assert.deepEqual(faults, []);
  });

  async function captured(name: string): Promise<Mallory> {
    const attacker = victims.mallory(victims.admit(name));
    await attacker.link(hub.meshAddress);
    return attacker;
  }

  /** What others write arrives, and new members are let in. */
  async function othersGoOn(during: string): Promise<void> {
    const id = `gamma:${during}`;
    await gamma.put('deployments', id, { during });
    await shows(hub, 'deployments', id, { during });
    const newcomer = victims.mallory(victims.admit(`${during}-newcomer`));
    await newcomer.link(hub.meshAddress);
    newcomer.put(`deployments/${during}-newcomer:x`, { during });
    await shows(gamma, 'deployments', `${during}-newcomer:x`, { during });
    await newcomer[Symbol.asyncDispose]();
  }

  async function heldFor(sidecar: RunningSidecar, reason: RegExp): Promise<void> {
    await waitFor(`${sidecar.name} to hold a feed for ${reason}`, () =>
      sidecar.log('mesh.feed_held').some((line) => reason.test(String(line.reason))),
    );
  }

  attack('flood-of-commits', async () => {
    const attacker = await captured('f-writer');
    // 64 MiB of a feed are taken, and no more before a checkpoint makes room.
    const size = 150 * KIBIBYTE;
    for (let n = 0; n * size < 68 * KIBIBYTE * KIBIBYTE; n++) {
      attacker.append('state', new Uint8Array(size).fill(0xff));
    }
    await heldFor(hub, /67108864 bytes/);
    await othersGoOn('f-commits');
    await attacker[Symbol.asyncDispose]();
  });

  attack('flood-of-incarnations', async () => {
    const attacker = await captured('f-restarter');
    for (let n = 0; n < 400; n++) {
      const nowMs = clock.now().wallMs - n;
      const incarnation = createIncarnation(attacker.who.key, nowMs, random.bytes(4), sodiumCrypto);
      attacker.put(`deployments/f-restarter:${n}`, { n }, 'state', { incarnation });
    }
    await heldFor(hub, /256 incarnations/);
    await othersGoOn('f-incarnations');
    const { size } = await documentsOf('f-restarter');
    assert.ok(size > 0 && size <= 256, `${size} documents`);
    await attacker[Symbol.asyncDispose]();
  });

  attack('flood-of-promises', async () => {
    const attacker = await captured('f-promiser');
    const memory = residentMiB(hub);
    // Feeds of authors that nobody ever heard of, and it has none of them.
    for (let round = 0; round < 4; round++) {
      const positions = Array.from({ length: 5000 }, () => {
        const author = toHex(random.bytes(32));
        const incarnation = createIncarnation(author, 1, random.bytes(4), sodiumCrypto);
        return { feed: { author, incarnation, lane: 'state' as const }, seq: 1000 };
      });
      attacker.announce(positions);
    }
    await othersGoOn('f-promises');
    const grown = residentMiB(hub) - memory;
    assert.ok(grown < 200, `${grown} MiB more`);
    await attacker[Symbol.asyncDispose]();
  });

  attack('flood-of-addresses', async () => {
    const attacker = await captured('f-everywhere');
    const addresses = Array.from({ length: 1000 }, (_, n) => `192.0.2.${n % 255}:${7000 + n}`);
    const { key } = attacker.who;
    attacker.put(`addresses/${key}`, { addresses, noise_key: '', dht: false });
    await waitFor('the hub to have it', () => read(hub, 'addresses', key));
    await othersGoOn('f-addresses');
    const { peers = [] } = await hub.call('MeshService/ListPeers');
    const led = (peers as JsonObject[]).filter((peer) => JSON.stringify(peer).includes('192.0.2.'));
    assert.ok(JSON.stringify(led).split('192.0.2.').length <= 40, JSON.stringify(led));
    await attacker[Symbol.asyncDispose]();
  });

  attack('slow-readers-of-the-mesh', async () => {
    const relay = await TcpRelay.to(hub.meshAddress);
    const readers = ['f-slow-1', 'f-slow-2', 'f-slow-3', 'f-slow-4'].map((name) =>
      victims.mallory(victims.admit(name)),
    );
    for (const reader of readers) await reader.link(relay.address);
    relay.stall();
    const memory = residentMiB(hub);
    const noise = toHex(random.bytes(16 * KIBIBYTE));
    for (let batch = 0; batch < 24; batch++) {
      const documents = Array.from({ length: 25 }, (_, n) => ({
        ...{ collection: 'deployments', id: `gamma:f-slow-${n}`, value: { batch, noise } },
      }));
      await gamma.call('DocumentService/BatchPut', { documents });
    }
    await waitFor('the hub to have all of it', async () => {
      return (await read(hub, 'deployments', 'gamma:f-slow-24'))?.batch === 23;
    });
    await othersGoOn('f-slow');
    const grown = residentMiB(hub) - memory;
    assert.ok(grown < 150, `${grown} MiB more`);
    for (const reader of readers) await reader[Symbol.asyncDispose]();
    await relay.close();
  });

  attack('flood-of-certificates', async () => {
    const issuer = victims.admit('f-issuer', ['hub', 'issuer'], victims.fleet.root);
    const attacker = victims.mallory(issuer);
    await attacker.link(hub.meshAddress);
    const certificates = Array.from({ length: 9000 }, (_, n) => {
      const nobody = { ...issuer, name: `f-${n}`, key: toHex(random.bytes(32)) };
      return victims.fleet.certify(nobody, ['agent'], issuer);
    });
    attacker.state(...certificates);
    await waitFor('the hub to take no more of it', () => attacker.losses.length > 0);
    for (const sidecar of [hub, gamma]) {
      const held = await heldStatements(sidecar);
      assert.ok(held <= 8192 + 100, `${held} statements`);
    }
    await othersGoOn('f-certificates');
    const messenger = victims.mallory(victims.admit('f-messenger'));
    await messenger.link(hub.meshAddress);
    messenger.state(victims.fleet.eject(issuer, victims.fleet.root));
    messenger.state(victims.fleet.annul(issuer, victims.fleet.root));
    await waitFor('it to be out', () =>
      attacker.failures.some((reason) => /put out of this fleet/.test(reason)),
    );
    await othersGoOn('f-afterwards');
  });

  async function documentsOf(agent: string): Promise<Map<string, JsonObject>> {
    const all = await hub.documents('deployments');
    return new Map([...all].filter(([id]) => id.startsWith(`${agent}:`)));
  }

  async function heldStatements(sidecar: RunningSidecar): Promise<number> {
    let held = 0;
    for (let from = 0; ; ) {
      const page = await sidecar.call('TrustService/ListStatements', { from });
      held += ((page.statements ?? []) as string[]).length;
      from = Number(page.next ?? 0);
      if (from === 0) return held;
    }
  }
});
