// One key in two processes: what a fork voids everywhere, how a rolled-back sidecar heals, and that a copied one is noticed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Clone, CloneFleet } from './support/clones.ts';

const QUIET_MS = 90_000;

async function assertEqual(...clones: readonly Clone[]): Promise<void> {
  const hashes = new Set(await Promise.all(clones.map((clone) => clone.stateHash())));
  assert.equal(hashes.size, 1, 'all have the same documents');
}

describe('an author that writes two different commits at one place', () => {
  /** Mallory told north one thing and south another, at the same places, and both are written on. */
  async function forked() {
    const fleet = new CloneFleet();
    const north = await fleet.start('north');
    const south = await fleet.start('south');
    const one = await fleet.start('mallory', { dice: 'same', peers: ['north'] });
    const other = await fleet.start('mallory', { at: 'away', dice: 'same', peers: ['south'] });
    return { fleet, north, south, one, other };
  }

  test('is void at both who heard it, and at a third who is told (invariant 1)', async () => {
    const { fleet, north, south, one, other } = await forked();
    await north.put('notes/north', { n: 1 });
    await one.put('notes/m', { to: 'north' });
    await one.put('notes/only-north', { n: 1 });
    await other.put('notes/m', { to: 'south' });
    await other.put('notes/only-south', { n: 1 });
    await fleet.pass(1000);
    assert.deepEqual(await north.read('notes/m'), { to: 'north' });
    assert.deepEqual(await south.read('notes/m'), { to: 'south' });
    await one.supervisor.close();
    await other.supervisor.close();

    await north.link('south');
    await fleet.pass(QUIET_MS);
    const east = await fleet.start('east', { peers: ['south'] });
    await fleet.pass(QUIET_MS);
    for (const node of [north, south, east]) {
      assert.equal(await node.read('notes/m'), undefined);
      assert.equal(await node.read('notes/only-north'), undefined);
      assert.deepEqual(await node.read('notes/north'), { n: 1 });
      assert.equal(node.told('core.fork'), 1);
      assert.equal(node.told('refused'), 0);
    }
    await assertEqual(north, south, east);
    const link = north.supervisor.peers().find(({ address }) => address === 'south:7677');
    assert.equal(link?.state, 'connected', 'nobody blames the other');
  });

  test('is void also where one side is longer, and stays so after a restart', async () => {
    const { fleet, north, south, one, other } = await forked();
    await one.put('notes/m', { to: 'north' });
    for (let n = 0; n < 30; n++) await other.put(`notes/s${n}`, { n });
    await fleet.pass(1000);
    await one.supervisor.close();
    await other.supervisor.close();
    await north.link('south');
    await fleet.pass(QUIET_MS);
    await assertEqual(north, south);
    assert.equal(await south.read('notes/s3'), undefined);
    const store = south.copy();
    await south.supervisor.close();
    await north.supervisor.close();
    const again = await fleet.start('south', { store });
    const late = await fleet.start('late', { peers: ['south'] });
    await fleet.pass(QUIET_MS);
    assert.equal(again.told('core.fork'), 0, 'it knows already');
    assert.equal(late.told('core.fork'), 1);
    await assertEqual(again, late);
  });
});

describe('a sidecar that was rolled back while it ran', () => {
  /** The same process twice, from one moment on: `past` is what the snapshot resumes. */
  async function rolledBack() {
    const fleet = new CloneFleet();
    const south = await fleet.start('south');
    const seed = await fleet.start('north');
    await seed.put('notes/before', { n: 0 });
    const store = seed.copy();
    await seed.supervisor.close();
    const future = await fleet.start('north', { dice: 'same', store, peers: ['south'] });
    const past = await fleet.start('north', { at: 'past', dice: 'same', store });
    return { fleet, south, future, past };
  }

  test('gets back what it had written since, under a new incarnation (invariant 2)', async () => {
    const { fleet, south, future, past } = await rolledBack();
    for (let n = 0; n < 5; n++) await future.put(`notes/n${n}`, { n });
    await fleet.pass(1000);
    await future.supervisor.close();
    await past.link('south');
    await fleet.pass(QUIET_MS);
    assert.equal(past.told('identity-reused'), 1);
    assert.equal(past.told('core-fault'), 0);
    assert.deepEqual(await past.read('notes/n4'), { n: 4 });
    assert.deepEqual(await south.read('notes/n4'), { n: 4 });
    await past.put('notes/after', { n: 9 });
    await fleet.pass(1000);
    assert.deepEqual(await south.read('notes/after'), { n: 9 });
    assert.equal(south.told('core.fork'), 0, 'nothing was written twice');
    await assertEqual(past, south);
  });

  test('repeats all it knows when it had written at the same places already', async () => {
    const { fleet, south, future, past } = await rolledBack();
    for (let n = 0; n < 3; n++) await future.put(`notes/f${n}`, { n });
    for (let n = 0; n < 5; n++) await past.put(`notes/p${n}`, { n });
    await fleet.pass(1000);
    await future.supervisor.close();
    await past.link('south');
    await fleet.pass(QUIET_MS);
    assert.ok(past.told('identity-reused') >= 1);
    for (const node of [past, south]) {
      assert.deepEqual(await node.read('notes/before'), { n: 0 });
      for (let n = 0; n < 5; n++) assert.deepEqual(await node.read(`notes/p${n}`), { n }, `p${n}`);
    }
    await past.put('notes/after', { n: 9 });
    await fleet.pass(1000);
    assert.deepEqual(await south.read('notes/after'), { n: 9 });
    await assertEqual(past, south);
    assert.equal(south.told('core.fork'), 1);
  });
});

describe('a sidecar that was cloned while it ran', () => {
  test('goes on in both, each under an incarnation of its own, and they agree', async () => {
    const fleet = new CloneFleet();
    const hub = await fleet.start('hub');
    const seed = await fleet.start('north');
    await seed.put('notes/before', { n: 0 });
    const store = seed.copy();
    await seed.supervisor.close();
    const one = await fleet.start('north', { dice: 'same', store, peers: ['hub'] });
    const other = await fleet.start('north', { at: 'clone', dice: 'same', store });
    await one.put('notes/one', { n: 1 });
    await other.put('notes/other', { n: 2 });
    await fleet.pass(1000);
    await other.link('hub');
    await fleet.pass(QUIET_MS);
    await one.put('notes/one-later', { n: 3 });
    await other.put('notes/other-later', { n: 4 });
    await fleet.pass(QUIET_MS);
    const restarts = [one, other].map((clone) => clone.told('identity-reused'));
    assert.ok(
      restarts.every((times) => times <= 2),
      `${restarts}`,
    );
    for (const node of [one, other, hub]) {
      assert.deepEqual(await node.read('notes/before'), { n: 0 });
      assert.deepEqual(await node.read('notes/one'), { n: 1 });
      assert.deepEqual(await node.read('notes/other'), { n: 2 });
      assert.deepEqual(await node.read('notes/one-later'), { n: 3 });
      assert.deepEqual(await node.read('notes/other-later'), { n: 4 });
    }
    await assertEqual(one, other, hub);
    assert.deepEqual([one.told('core-fault'), other.told('core-fault')], [0, 0]);
  });
});

describe('a restored disk image', () => {
  test('gets back the tail that it lost, and forks nothing', async () => {
    const fleet = new CloneFleet();
    const south = await fleet.start('south');
    const north = await fleet.start('north', { peers: ['south'] });
    await north.put('notes/before', { n: 0 });
    const image = north.copy();
    for (let n = 0; n < 5; n++) await north.put(`notes/n${n}`, { n });
    await fleet.pass(1000);
    await north.supervisor.close();
    const restored = await fleet.start('north', { store: image, peers: ['south'] });
    await restored.put('notes/first', { n: 1 });
    await fleet.pass(QUIET_MS);
    for (let n = 0; n < 5; n++) assert.deepEqual(await restored.read(`notes/n${n}`), { n });
    await assertEqual(restored, south);
    for (const node of [restored, south]) {
      assert.deepEqual(
        ['core.fork', 'identity.duplicate', 'identity-reused'].map((what) => node.told(what)),
        [0, 0, 0],
      );
    }
  });
});

describe('a data directory that was copied and started twice', () => {
  test('is reported by both, once for each other, converges and heals', async () => {
    const fleet = new CloneFleet();
    const hub = await fleet.start('hub');
    const seed = await fleet.start('north');
    await seed.put('notes/before', { n: 0 });
    const store = seed.copy();
    await seed.supervisor.close();
    const one = await fleet.start('north', { store, peers: ['hub'] });
    await fleet.pass(1000);
    const other = await fleet.start('north', { at: 'copy', store, peers: ['hub', 'north'] });
    for (let n = 0; n < 5; n++) {
      await one.put(`notes/one${n}`, { n });
      await other.put(`notes/other${n}`, { n });
      await fleet.pass(20_000);
    }
    assert.equal(one.told('identity-reused') + other.told('identity-reused'), 0);
    const met = other.reports.filter((one) => one.type === 'duplicate-identity' && one.bootId);
    assert.equal(met.length, 1, 'the address it dialled has its key');
    for (const clone of [one, other]) {
      assert.ok(clone.told('identity.duplicate') + clone.told('duplicate-identity') >= 1);
      assert.match(clone.supervisor.warnings.join(), /another process runs with this node's key/);
    }
    assert.deepEqual(hub.supervisor.duplicates, [one.supervisor.nodeId], 'the hub sees both');
    await other.supervisor.close();
    await fleet.pass(QUIET_MS);
    for (const node of [one, hub]) {
      assert.deepEqual(await node.read('notes/before'), { n: 0 });
      for (let n = 0; n < 5; n++) {
        assert.deepEqual(await node.read(`notes/one${n}`), { n });
        assert.deepEqual(await node.read(`notes/other${n}`), { n });
      }
    }
    await assertEqual(one, hub);
    assert.equal(hub.told('core.fork'), 0);
  });

  test('is told to both by a member that alone links them, within seconds, and neither starves', async () => {
    const fleet = new CloneFleet();
    const hub = await fleet.start('hub');
    const seed = await fleet.start('north');
    const store = seed.copy();
    await seed.supervisor.close();
    const one = await fleet.start('north', { store, peers: ['hub'] });
    const other = await fleet.start('north', { at: 'copy', store, peers: ['hub'] });
    await fleet.pass(5000);
    for (const clone of [one, other]) {
      assert.equal(clone.told('duplicate-identity'), 1);
      assert.match(clone.supervisor.warnings.join(), /elsewhere, as the member at hub:7677 sees/);
    }
    assert.equal(hub.told('peer-duplicated'), 1);
    assert.deepEqual(hub.supervisor.duplicates, [one.supervisor.nodeId]);
    for (let n = 0; n < 3; n++) {
      await one.put(`notes/one${n}`, { n });
      await other.put(`notes/other${n}`, { n });
      await fleet.pass(30_000);
      assert.deepEqual(await hub.read(`notes/one${n}`), { n });
      assert.deepEqual(await hub.read(`notes/other${n}`), { n });
    }
  });
});

describe('a sidecar that is started again and again', () => {
  test('is no duplicate, whether it stopped in order or its links hang on', async () => {
    const fleet = new CloneFleet();
    const hub = await fleet.start('hub');
    const addressAt = (n: number) => `north${n}:7677`;
    let north = await fleet.start('north', { at: 'north0', peers: ['hub'] });
    const starts = [north];
    for (let n = 0; n < 6; n++) {
      await north.put(`notes/n${n}`, { n });
      await fleet.pass([50, 700, 12_000][n % 3] ?? 0);
      const store = north.copy();
      // Every other time nobody says goodbye: the old links are there still when the new process comes.
      if (n % 2 === 1) fleet.network.cut(addressAt(n), 'hub:7677', 'silent');
      await north.supervisor.close();
      north = await fleet.start('north', { at: `north${n + 1}`, store, peers: ['hub'] });
      starts.push(north);
    }
    await fleet.pass(QUIET_MS);
    assert.deepEqual(hub.supervisor.duplicates, []);
    assert.deepEqual(
      starts.map((start) => start.told('duplicate-identity')),
      starts.map(() => 0),
    );
  });
});
