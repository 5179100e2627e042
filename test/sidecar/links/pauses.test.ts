// What an operator paused: it holds across restarts, and is ended by whatever words name the same peer.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { formatNodeId, type HoldfastError } from '../../../src/core/index.ts';
import { decodePauses, encodePauses, NO_PAUSES } from '../../../src/sidecar/links/pauses.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { refusal } from '../../support/test-node.ts';
import { addressOf, type RunningMember, TestFleet } from '../support/test-fleet.ts';

function linked(member: RunningMember): string[] {
  return member.member
    .peers()
    .filter(({ state }) => state === 'connected')
    .map(({ name }) => name)
    .sort();
}

function stateOf(member: RunningMember, name: string): string | undefined {
  return member.member.peers().find((peer) => peer.name === name)?.state;
}

/** North dials south; east dials north. */
async function site(): Promise<{
  fleet: TestFleet;
  store: MemoryStore;
  north: RunningMember;
  south: RunningMember;
  east: RunningMember;
}> {
  const fleet = new TestFleet();
  const store = createMemoryStore();
  const south = await fleet.start('south');
  const north = await fleet.start('north', { store, peers: ['south'] });
  const east = await fleet.start('east', { peers: ['north'] });
  await fleet.quiet();
  assert.deepEqual(linked(north), ['east', 'south']);
  return { fleet, store, north, south, east };
}

describe('a pause of one peer', () => {
  test('holds after a crash, of one that only dials us too, and ends by the name', async () => {
    const { fleet, store, north } = await site();
    for (const name of ['south', 'east']) assert.equal(await north.member.pause(name), 1);
    await north.die();
    const again = await fleet.start('north', { store: store.snapshotSynced(), peers: ['south'] });
    await fleet.quiet();
    assert.deepEqual(linked(again), []);
    assert.deepEqual([stateOf(again, 'south'), stateOf(again, 'east')], ['paused', 'paused']);
    assert.equal(again.member.paused, false, 'the mesh itself is not');
    await again.member.resume('east');
    await fleet.quiet();
    assert.deepEqual(linked(again), ['east']);
    await again.member.resume('south');
    await fleet.quiet();
    assert.deepEqual(linked(again), ['east', 'south']);
  });

  test('is made and ended by address, name or the beginning of the node id', async () => {
    const { fleet, north, south } = await site();
    const people = formatNodeId(south.member.nodeId, sodiumCrypto);
    const words = ['south', addressOf('south'), people, people.slice(0, 8), ' SOUTH:7677 '];
    for (const [i, word] of words.entries()) {
      assert.equal(await north.member.pause(word), 1, word);
      assert.deepEqual(linked(north), ['east']);
      const other = words[(i + 1) % words.length] as string;
      await north.member.resume(other);
      await fleet.quiet();
      assert.deepEqual(linked(north), ['east', 'south'], `resumed by ${other}`);
    }
  });

  test('of whom only the address is known becomes one of whoever is there', async () => {
    const fleet = new TestFleet();
    const north = await fleet.start('north', { peers: ['south'] });
    assert.equal(await north.member.pause(addressOf('south')), 0);
    const south = await fleet.start('south');
    await fleet.quiet();
    assert.deepEqual(linked(north), []);
    await north.member.resume(addressOf('south'));
    await fleet.quiet();
    assert.deepEqual(linked(north), ['south']);
    assert.equal(linked(south).length, 1);
  });

  for (const word of ['nobody', '10.0.0.9:7677', 'ab', ' ']) {
    test(`of "${word}", which is nobody, changes nothing and says what to give`, async () => {
      const { north } = await site();
      await assert.rejects(north.member.pause(word), (error: HoldfastError) => {
        assert.match(error.message, /Nothing was paused; give an address, a name, or 8 or more/);
        return refusal('NOT_FOUND', 'peer')(error);
      });
      await assert.rejects(north.member.resume(word), refusal('NOT_FOUND', 'peer'));
      assert.deepEqual(linked(north), ['east', 'south']);
    });
  }

  test('of a name that two have is refused', async () => {
    const { fleet, north } = await site();
    const twin = await fleet.start('twin', { peers: ['north'], shownName: 'south' });
    await fleet.quiet();
    await assert.rejects(north.member.pause('south'), refusal('INVALID_FIELD', 'peer'));
    assert.equal(await north.member.pause(formatNodeId(twin.member.nodeId, sodiumCrypto)), 1);
  });
});

describe('a pause of the mesh', () => {
  test('holds after a crash until it is ended, and leaves those of single peers', async () => {
    const { fleet, store, north } = await site();
    await north.member.pause('south');
    assert.equal(await north.member.pause(), 1);
    await north.die();
    const copy = store.snapshotSynced();
    const again = await fleet.start('north', { store: copy, peers: ['south'] });
    await fleet.quiet();
    assert.equal(again.member.paused, true);
    assert.deepEqual(linked(again), []);
    await again.member.resume();
    await fleet.quiet();
    assert.deepEqual(linked(again), ['east']);
    await again.die();
    const third = await fleet.start('north', { store: copy.snapshotSynced(), peers: ['south'] });
    await fleet.quiet();
    assert.equal(third.member.paused, false);
    assert.deepEqual(linked(third), ['east']);
  });

  test('that cannot be stored is told, and holds for as long as the process does', async () => {
    const { fleet, store, north } = await site();
    store.failWrites(new Error('No space left on device'));
    await assert.rejects(north.member.pause(), refusal('STORE_FAILED'));
    await fleet.quiet();
    assert.deepEqual(linked(north), []);
    assert.equal(north.member.pauses.mesh, true, 'the next member on this store is told');
  });
});

test('the record is read as it was written, and what is none pauses nothing', () => {
  const peers = new Map([['ab'.repeat(32), 'south']]);
  for (const receiveOnlySinceMs of [undefined, false, 1_700_000_000_000] as const) {
    const pauses = { mesh: true, peers, receiveOnlySinceMs };
    assert.deepEqual(decodePauses(encodePauses(pauses)), pauses);
  }
  assert.deepEqual(decodePauses(encodePauses(NO_PAUSES)), NO_PAUSES);
  for (const text of [
    'null',
    '7',
    '{}',
    '{"peers":null}',
    '{"mesh":"yes"}',
    '{"receiveOnlySinceMs":"x"}',
  ]) {
    assert.deepEqual(decodePauses(new TextEncoder().encode(text)), NO_PAUSES, text);
  }
});
