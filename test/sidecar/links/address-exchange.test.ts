// Members that know one other meet all: statements travel through the mesh, and what they say is dialled.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Caller, JsonObject } from '../../../src/core/index.ts';
import type { NetworkInterfaces } from '../../../src/mesh/index.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { addressOf, type RunningMember, TestFleet } from '../support/test-fleet.ts';

const SIDECAR: Caller = { scope: 'sidecar' };
const DAY_MS = 24 * 60 * 60_000;

/** Node ids of the members it has a link to. */
function linked(member: RunningMember): Set<string> {
  const peers = member.member.peers().filter(({ state }) => state === 'connected');
  return new Set(peers.map(({ nodeId }) => nodeId));
}

function dialled(member: RunningMember): string[] {
  const known = member.member.peers().flatMap(({ contacts }) => contacts);
  return known.map(({ address }) => address).filter((address) => address !== '');
}

/** The network of a machine, changed by the test. */
class Interfaces implements NetworkInterfaces {
  #addresses: readonly string[] = [];
  readonly #listeners = new Set<() => void>();

  set(...addresses: readonly string[]): void {
    this.#addresses = addresses;
    for (const listener of this.#listeners) listener();
  }

  list() {
    const addresses = this.#addresses.map((address) => ({
      ...{ family: 4 as const, address, prefixBits: 24 },
    }));
    return [{ name: 'eth0', internal: false, index: 2, addresses }];
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** Writes a statement that this program would not make. */
async function state(member: RunningMember, value: JsonObject): Promise<void> {
  const items = [{ collection: 'addresses', id: member.member.nodeId, value }];
  await member.member.request('put', SIDECAR, { items, ack: 'local', batch: false });
}

function ids(...members: RunningMember[]): Set<string> {
  return new Set(members.map(({ member }) => member.nodeId));
}

/** Three members; alpha and gamma know beta alone. */
async function startThree() {
  const fleet = new TestFleet();
  const exchange = {};
  const beta = await fleet.start('beta', { exchange });
  const alpha = await fleet.start('alpha', { exchange, peers: ['beta'] });
  const gammaStore = createMemoryStore();
  const gamma = await fleet.start('gamma', { exchange, peers: ['beta'], store: gammaStore });
  return { fleet, alpha, beta, gamma, gammaStore };
}

describe('members that exchange addresses', () => {
  test('meet through the one that both know, and stay together without it', async () => {
    const { fleet, alpha, beta, gamma } = await startThree();
    await fleet.quiet();
    assert.deepEqual(linked(alpha), ids(beta, gamma));
    assert.deepEqual(linked(gamma), ids(alpha, beta));
    await beta.die();
    await alpha.put('notes/a', { n: 1 });
    await fleet.quiet();
    assert.deepEqual(await gamma.read('notes/a'), { n: 1 });
    assert.deepEqual(linked(gamma), ids(alpha));
  });

  test('do not meet where one of them states nothing', async () => {
    const fleet = new TestFleet();
    const beta = await fleet.start('beta', { exchange: {} });
    const silent = { advertised: undefined };
    const alpha = await fleet.start('alpha', { exchange: silent, peers: ['beta'] });
    const gamma = await fleet.start('gamma', { exchange: silent, peers: ['beta'] });
    await fleet.quiet();
    assert.deepEqual(linked(alpha), ids(beta));
    assert.deepEqual(linked(gamma), ids(beta));
    assert.equal(await beta.read(`addresses/${alpha.member.nodeId}`), undefined);
  });

  test('follow one to its new address, and dial the old one no more', async () => {
    const { fleet, alpha, beta, gamma, gammaStore } = await startThree();
    await fleet.quiet();
    await gamma.die();
    await gamma.member.close();
    const store = gammaStore.snapshotWritten();
    const address = 'gamma-moved:7677';
    const moved = await fleet.start('gamma', { exchange: {}, peers: ['beta'], store, address });
    await fleet.quiet();
    await fleet.quiet();
    assert.deepEqual(linked(alpha), ids(beta, moved));
    assert.ok(!dialled(alpha).includes(addressOf('gamma')), dialled(alpha).join());
    assert.ok(dialled(alpha).includes(address), dialled(alpha).join());
  });

  test('dial what the owner withdraws no more, but what they were told to by the operator', async () => {
    const { fleet, alpha, beta, gamma } = await startThree();
    await fleet.quiet();
    await state(beta, { addresses: [], noise_key: '', dht: false });
    await state(gamma, { addresses: [], noise_key: '', dht: false });
    await fleet.clock.advanceSettled(5_000);
    assert.deepEqual(dialled(alpha), [addressOf('beta')]);
  });

  test('are dialled until their statement is 30 days old', async () => {
    const { fleet, alpha, gamma } = await startThree();
    await fleet.quiet();
    assert.ok(dialled(alpha).includes(addressOf('gamma')));
    await gamma.die();
    await gamma.member.close();
    fleet.clock.jumpWall(29 * DAY_MS);
    await fleet.clock.advanceSettled(2 * 60 * 60_000);
    assert.ok(dialled(alpha).includes(addressOf('gamma')), 'not yet');
    fleet.clock.jumpWall(DAY_MS);
    await fleet.clock.advanceSettled(2 * 60 * 60_000);
    assert.deepEqual(dialled(alpha), [addressOf('beta')]);
  });

  test('take of a wrong statement what is right, and count the rest', async () => {
    const { fleet, alpha, beta } = await startThree();
    await fleet.quiet();
    await state(beta, {
      addresses: ['198.51.100.7:7677', '127.0.0.1:22', 'nonsense', 7, '[fe80::1]:7677'],
      noise_key: 'x',
      dht: true,
    });
    await fleet.clock.advanceSettled(5_000);
    const added = dialled(alpha).filter((address) => /^[^a-z]/.test(address));
    assert.deepEqual(added, ['198.51.100.7:7677']);
    const ignored = alpha.reports.filter(({ type }) => type === 'statement-ignored');
    assert.equal(ignored.length, 1);
    assert.deepEqual(ignored[0], {
      type: 'statement-ignored',
      nodeId: beta.member.nodeId,
      reason: '"127.0.0.1:22" is no address to dial',
      ignored: 6,
    });
  });

  test('leave no timer behind when they end', async () => {
    const { fleet, alpha, beta, gamma } = await startThree();
    await fleet.quiet();
    for (const { member } of [alpha, beta, gamma]) await member.close();
    await fleet.clock.advanceSettled(60_000);
    assert.equal(fleet.clock.pending, 0);
  });
});

describe('a member that listens on everything', () => {
  test('states the addresses it has, and tells when they change', async () => {
    const fleet = new TestFleet();
    const network = new Interfaces();
    network.set('192.0.2.7');
    const address = '0.0.0.0:7677';
    const north = await fleet.start('north', { address, exchange: { network } });
    await fleet.quiet();
    const stated = async () => (await north.read(`addresses/${north.member.nodeId}`))?.addresses;
    assert.deepEqual(await stated(), ['192.0.2.7:7677']);
    network.set('192.0.2.7', '198.51.100.7');
    await fleet.clock.advanceSettled(1_000);
    assert.deepEqual(await stated(), ['192.0.2.7:7677', '198.51.100.7:7677']);
    network.set();
    await fleet.quiet();
    assert.deepEqual(await stated(), []);
  });

  test('dials nobody at an address that it has itself', async () => {
    const fleet = new TestFleet();
    const network = new Interfaces();
    network.set('172.17.0.1');
    const address = '0.0.0.0:7677';
    const north = await fleet.start('north', { address, exchange: { network } });
    const advertised = ['172.17.0.1:7677', '198.51.100.7:7677'];
    await fleet.start('south', { exchange: { advertised }, peers: [address] });
    await fleet.quiet();
    assert.deepEqual(dialled(north), ['198.51.100.7:7677']);
  });

  test('says what was advertised instead, and nothing while the mesh is paused', async () => {
    const fleet = new TestFleet();
    const network = new Interfaces();
    network.set('192.0.2.7');
    const exchange = { network, advertised: ['edge-7.example:17677'] };
    const north = await fleet.start('north', { address: '0.0.0.0:7677', exchange });
    await fleet.quiet();
    const key = { collection: 'addresses', id: north.member.nodeId };
    const before = await north.member.request('get', SIDECAR, key);
    assert.deepEqual(before.value.addresses, ['edge-7.example:17677']);
    await north.member.pause();
    network.set('198.51.100.7');
    await fleet.quiet();
    await north.member.resume();
    await fleet.quiet();
    const after = await north.member.request('get', SIDECAR, key);
    assert.equal(after.freshness.observedAtMs, before.freshness.observedAtMs);
  });
});

test('members on loopback of one machine meet at addresses that they advertise', async () => {
  const fleet = new TestFleet();
  const start = (name: string, port: number, peers: string[]) => {
    const address = `127.0.0.1:${port}`;
    return fleet.start(name, { address, peers, exchange: { advertised: [address] } });
  };
  const beta = await start('beta', 7001, []);
  const alpha = await start('alpha', 7002, ['127.0.0.1:7001']);
  const gamma = await start('gamma', 7003, ['127.0.0.1:7001']);
  await fleet.quiet();
  assert.deepEqual(linked(alpha), ids(beta, gamma));
});

test('fifty members that know one need it no more once they have met', async () => {
  const fleet = new TestFleet();
  const hub = await fleet.start('hub', { exchange: {} });
  const members: RunningMember[] = [];
  for (let i = 1; i < 50; i++) {
    members.push(await fleet.start(`m${i}`, { exchange: {}, peers: ['hub'] }));
  }
  await fleet.quiet();
  await hub.die();
  await members[7]?.put('notes/a', { n: 1 });
  await fleet.clock.advanceSettled(20_000);
  const values = await Promise.all(members.map((member) => member.read('notes/a')));
  assert.deepEqual(
    values,
    members.map(() => ({ n: 1 })),
  );
  assert.equal((await members[0]?.summary())?.documents, 51);
  for (const { member } of members) await member.close();
});
