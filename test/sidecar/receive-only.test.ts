// A member that only receives: what is written is acknowledged and kept, goes out when that ends, and silence outlasts a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { TestFleet } from './support/test-fleet.ts';

test('writes are acknowledged, nothing of them goes out, and all does when it ends', async () => {
  const fleet = new TestFleet();
  const south = await fleet.start('south');
  const north = await fleet.start('north', { peers: ['south'] });
  await fleet.quiet();
  assert.equal(await north.member.setReceiveOnly(true), true);
  assert.equal(await north.member.setReceiveOnly(true), false);
  assert.equal(north.member.receiveOnlySinceMs, fleet.clock.now().wallMs);
  assert.equal((await north.put('notes/a', { n: 1 })).ack, 'local');
  await north.heartbeat('ok');
  await south.put('notes/b', { n: 2 });
  await fleet.quiet();
  assert.deepEqual(await north.read('notes/b'), { n: 2 });
  assert.equal(await south.read('notes/a'), undefined);
  assert.equal(await south.read('platforms/north'), undefined);
  assert.notEqual(await north.stateHash(), await south.stateHash());

  assert.equal(await north.member.setReceiveOnly(false), true);
  assert.equal(north.member.receiveOnlySinceMs, undefined);
  await fleet.quiet();
  assert.deepEqual(await south.read('notes/a'), { n: 1 });
  assert.equal(await north.stateHash(), await south.stateHash());
});

test('it lasts across a restart, since when it began', async () => {
  const fleet = new TestFleet();
  const south = await fleet.start('south');
  const store = createMemoryStore();
  const north = await fleet.start('north', { store, peers: ['south'] });
  await north.member.setReceiveOnly(true);
  const sinceMs = fleet.clock.now().wallMs;
  await fleet.quiet();
  await north.die();
  const again = await fleet.start('north', { store: store.snapshotSynced(), peers: ['south'] });
  assert.equal(again.member.receiveOnlySinceMs, sinceMs);
  await again.put('notes/a', { n: 1 });
  await fleet.quiet();
  assert.equal(await south.read('notes/a'), undefined);
});

test('the option decides at the first start, and what an operator said ever after', async () => {
  const fleet = new TestFleet();
  const south = await fleet.start('south');
  const store = createMemoryStore();
  const start = { peers: ['south'], receivesOnly: true };
  const north = await fleet.start('north', { ...start, store });
  assert.equal(north.member.receiveOnlySinceMs, fleet.clock.now().wallMs);
  await north.put('notes/a', { n: 1 });
  await fleet.quiet();
  assert.equal(await south.read('notes/a'), undefined);
  await north.member.setReceiveOnly(false);
  await fleet.quiet();
  assert.deepEqual(await south.read('notes/a'), { n: 1 });
  await north.die();
  const again = await fleet.start('north', { ...start, store: store.snapshotSynced() });
  assert.equal(again.member.receiveOnlySinceMs, undefined);

  const other = createMemoryStore();
  const first = await fleet.start('east', { store: other, receivesOnly: true });
  await first.die();
  const second = await fleet.start('east', { store: other.snapshotSynced(), receivesOnly: false });
  assert.equal(second.member.receiveOnlySinceMs, undefined, 'the option alone is not stored');
});
