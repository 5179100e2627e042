// One member put together: its peers, its life from start to stop, and that no crash at any write loses what was acknowledged.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type HoldfastError, type JsonObject, utf8 } from '../../../src/core/index.ts';
import { metaKey } from '../../../src/sidecar/store/keys.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { refusal } from '../../support/test-node.ts';
import { CrashPoints } from '../support/crash-points.ts';
import { addressOf, type RunningMember, TestFleet } from '../support/test-fleet.ts';

const MAX_PEERS = 256;

function addresses(member: RunningMember): string[] {
  return member.member.peers().map(({ address }) => address);
}

describe('peers', () => {
  test('added by an operator are dialled at once and again after a restart', async () => {
    const fleet = new TestFleet();
    const south = await fleet.start('south');
    const store = createMemoryStore();
    const north = await fleet.start('north', { store });
    assert.equal(await north.member.addPeer(addressOf('south')), true);
    assert.equal(await north.member.addPeer('10.0.0.7:7677'), true);
    await fleet.quiet();
    await north.put('notes/a', { n: 1 });
    await fleet.quiet();
    assert.deepEqual(await south.read('notes/a'), { n: 1 });
    await north.die();

    const again = await fleet.start('north', { store: store.snapshotSynced() });
    assert.deepEqual(addresses(again), ['south:7677', '10.0.0.7:7677']);
    await again.put('notes/b', { n: 2 });
    await fleet.quiet();
    assert.deepEqual(await south.read('notes/b'), { n: 2 });
  });

  test('removed are gone after a restart as well, but for those of the configuration', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const north = await fleet.start('north', { store, peers: ['configured'] });
    await north.member.addPeer('added:7677');
    await north.member.removePeer('added:7677');
    await north.member.removePeer('configured:7677');
    assert.deepEqual(addresses(north), []);
    await north.die();
    const again = await fleet.start('north', { store, peers: ['configured'] });
    assert.deepEqual(addresses(again), ['configured:7677']);
  });

  test('are known by one spelling', async () => {
    const north = await new TestFleet().start('north');
    assert.equal(await north.member.addPeer('Hub.Example:7677'), true);
    assert.equal(await north.member.addPeer(' hub.example:7677 '), false);
    assert.equal(await north.member.addPeer('hub.example:07677'), false);
    assert.deepEqual(addresses(north), ['hub.example:7677']);
    await north.member.removePeer('HUB.EXAMPLE:7677');
    assert.deepEqual(addresses(north), []);
  });

  for (const address of ['', 'hub', 'hub:0', 'hub:65536', 'fd00::7:7677', 'http://hub:7677']) {
    test(`at "${address}" are refused, and none is added`, async () => {
      const north = await new TestFleet().start('north');
      await assert.rejects(
        north.member.addPeer(address),
        refusal('PEER_ADDRESS_INVALID', 'address'),
      );
      await assert.rejects(north.member.removePeer(address), refusal('NOT_FOUND', 'address'));
      assert.deepEqual(addresses(north), []);
    });
  }

  test('may be 256, whoever named them', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const peers = Array.from({ length: MAX_PEERS - 2 }, (_, i) => `10.0.0.${i}:7677`);
    const north = await fleet.start('north', { store, peers });
    await north.member.addPeer('a:1');
    await north.member.addPeer('b:1');
    await assert.rejects(north.member.addPeer('c:1'), (error: HoldfastError) => {
      assert.match(error.message, /^256 peers are configured already\. Nothing was added/);
      return refusal('LIMIT_REACHED')(error);
    });
    assert.equal(await north.member.addPeer('a:1'), false, 'one of them is still known');
    await north.member.removePeer('b:1');
    assert.equal(await north.member.addPeer('c:1'), true);
    await north.die();
    const again = await fleet.start('north', { store, peers });
    assert.deepEqual(addresses(again).slice(-2), ['a:1', 'c:1']);
  });

  test('that cannot be stored are told, and a damaged list of them ends the start', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const north = await fleet.start('north', { store });
    await north.member.addPeer('a:1');
    const damaged = store.snapshotWritten();
    store.failWrites(new Error('No space left on device'));
    await assert.rejects(north.member.addPeer('b:1'), refusal('STORE_FAILED'));
    await damaged.write([{ type: 'put', key: metaKey('peers'), value: utf8('[]') }], {
      sync: true,
    });
    await assert.rejects(fleet.start('north', { store: damaged }), { name: 'StoreDamagedError' });
  });
});

describe('the end of a member', () => {
  test('writes what was only in memory, says goodbye, and leaves no timer', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const south = await fleet.start('south');
    const north = await fleet.start('north', { store, peers: ['south'] });
    await fleet.quiet();
    await north.heartbeat('about to stop');
    await north.member.close();
    await north.member.close();
    await assert.rejects(north.put('notes/a', {}), refusal('STOPPING'));
    await fleet.clock.advanceSettled(1000);
    const down = south.reports.find(({ type }) => type === 'link-down');
    assert.ok(down?.type === 'link-down');
    assert.deepEqual([down.name, down.reason], ['north', 'it stops']);
    await south.member.close();
    assert.equal(fleet.clock.pending, 0);
    const again = await fleet.start('north', { store: store.snapshotSynced() });
    assert.equal((await again.read('platforms/north'))?.status, 'about to stop');
  });

  test('is asked for when the store fails, and peers are told to come back later', async () => {
    const fleet = new TestFleet();
    const store = createMemoryStore();
    const south = await fleet.start('south');
    const north = await fleet.start('north', { store, peers: ['south'] });
    await fleet.quiet();
    store.failWrites(new Error('No space left on device'));
    await south.put('notes/a', { n: 1 });
    await fleet.clock.advanceSettled(1000);
    const failed = north.reports.filter(({ type }) => type === 'store-failed');
    assert.equal(failed.length, 1);
    await assert.rejects(north.put('notes/b', {}), refusal('STORE_FAILED'));
    await assert.rejects(north.read('notes/a'), refusal('STORE_FAILED'));
    await north.die();
    const again = await fleet.start('north', { store: store.snapshotSynced(), peers: ['south'] });
    await fleet.quiet();
    assert.deepEqual(await again.read('notes/a'), { n: 1 });
  });
});

/** What a member was asked to write, and what it acknowledged before which write of its store. */
class Ledger {
  readonly #disk: CrashPoints;
  readonly #entries: { key: string; value: JsonObject | undefined; acknowledgedAt: number }[] = [];

  constructor(disk: CrashPoints) {
    this.#disk = disk;
  }

  /** Notes a write when it is acknowledged: from that point of the disk on it must be there. */
  async note(key: string, value: JsonObject | undefined, write: Promise<unknown>): Promise<void> {
    const entry = { key, value, acknowledgedAt: Infinity };
    this.#entries.push(entry);
    await write;
    entry.acknowledgedAt = this.#disk.points.length;
  }

  /** What must be there after a crash at a point: for each key the last acknowledged value, or a later one that was under way. */
  expectedAt(point: number): Map<string, (JsonObject | undefined)[]> {
    const expected = new Map<string, (JsonObject | undefined)[]>();
    for (const { key, value, acknowledgedAt } of this.#entries) {
      const before = expected.get(key) ?? [undefined];
      expected.set(key, acknowledgedAt <= point ? [value] : [...before, value]);
    }
    return expected;
  }
}

describe('no acknowledged write is lost (invariants 2 and 3)', () => {
  /** A member that writes, alone and at once, with so few live documents that it must load some. */
  async function busyMember() {
    const fleet = new TestFleet();
    const disk = new CrashPoints();
    const north = await fleet.start('north', { store: disk, liveDocuments: 16 });
    const ledger = new Ledger(disk);
    for (let round = 0; round < 6; round++) {
      const writes: Promise<void>[] = [];
      for (let n = round; n < 40; n += 3) {
        const key = `notes/n${n}`;
        const value = { round, fraction: n / 7 };
        if (round > 1 && n % 5 === 0 && (await north.read(key)) !== undefined) {
          writes.push(ledger.note(key, undefined, north.delete(key)));
        } else {
          writes.push(ledger.note(key, value, north.put(key, value)));
        }
        if (n % 4 === 0) await fleet.clock.settle();
      }
      await Promise.all(writes);
      await north.heartbeat(`round ${round}`);
      await fleet.clock.advanceSettled(300);
    }
    await north.die();
    return { fleet, disk, ledger };
  }

  for (const how of ['afterKill', 'afterPowerCut'] as const) {
    test(`whatever write it dies at (${how})`, async () => {
      const { fleet, disk, ledger } = await busyMember();
      assert.ok(disk.points.length > 30, `${disk.points.length} points`);
      for (const [index, point] of disk.points.entries()) {
        const again = await fleet.start('north', { store: point[how](), liveDocuments: 16 });
        for (const [key, allowed] of ledger.expectedAt(index + 1)) {
          const found = JSON.stringify(await again.read(key));
          const texts = allowed.map((value) => JSON.stringify(value));
          assert.ok(texts.includes(found), `write ${index}: ${key} is ${found}, not ${texts}`);
        }
        await again.die();
      }
    });
  }

  test('nor one of a peer that it has confirmed to the peer', async () => {
    const fleet = new TestFleet();
    const south = await fleet.start('south');
    const disk = new CrashPoints();
    const north = await fleet.start('north', { store: disk, peers: ['south'], liveDocuments: 16 });
    for (let n = 0; n < 60; n++) {
      await south.put(`notes/n${n % 30}`, { n });
      if (n % 7 === 0) await fleet.clock.advanceSettled(50);
    }
    await fleet.quiet();
    await north.die();
    const stateHash = await south.stateHash();
    for (const point of disk.points) {
      for (const store of [point.afterKill(), point.afterPowerCut()]) {
        const again = await fleet.start('north', { store, peers: ['south'], liveDocuments: 16 });
        await fleet.quiet();
        assert.equal(await again.stateHash(), stateHash);
        await again.die();
      }
    }
  });
});

test('two members that lost sight of each other agree again (invariant 1)', async () => {
  const fleet = new TestFleet();
  const south = await fleet.start('south');
  const north = await fleet.start('north', { peers: ['south'] });
  await north.put('notes/a', { by: 'north' });
  await fleet.quiet();
  fleet.network.cut('north:7677', 'south:7677', 'silent');
  await north.put('notes/a', { by: 'north', n: 1 });
  await south.put('notes/a', { by: 'south', m: 1 });
  await south.put('notes/b', {});
  await fleet.quiet();
  assert.notEqual(await north.stateHash(), await south.stateHash());
  fleet.network.heal('north:7677', 'south:7677');
  await fleet.quiet();
  assert.equal(await north.stateHash(), await south.stateHash());
  assert.deepEqual(Object.keys((await north.read('notes/a')) ?? {}).sort(), ['by', 'm', 'n']);
});
