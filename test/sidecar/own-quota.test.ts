// A sidecar refuses what others would hold back: clearly, as a whole, and with room left for what makes room.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FORGETTING, type Forgetting, HoldfastError } from '../../src/core/index.ts';
import { ADMIN, refusal } from '../support/test-node.ts';
import { type RunningMember, TestFleet } from './support/test-fleet.ts';

const NEVER = { commits: Infinity, bytes: Infinity, ageMs: Infinity };
/** Checkpoints only because a lane is full. */
const whenFull = (commits: number, bytes: number): Forgetting => ({
  ...FORGETTING,
  checkpointDue: { trust: NEVER, command: NEVER, state: NEVER, pulse: NEVER },
  ownQuota: { commits, bytes },
});
/** When a checkpoint is looked for at the latest. */
const LOOK_MS = 60_000;

async function given(commits: number, bytes: number): Promise<[TestFleet, RunningMember]> {
  const fleet = new TestFleet();
  return [fleet, await fleet.start('north', { forgetting: whenFull(commits, bytes) })];
}

/** Writes another document until one is refused, each in a turn of its own. Returns how many were taken. */
async function fill(member: RunningMember, most: number): Promise<number> {
  for (let n = 0; n < most; n++) {
    try {
      await member.put(`notes/n${n}`, { n });
    } catch (error) {
      assert.ok(refusal('LIMIT_REACHED', 'value')(error));
      return n;
    }
  }
  return most;
}

describe('a lane that is full', () => {
  test('refuses the next document, says what to do and when, and leaves no trace of it', async () => {
    const [, north] = await given(10, 1e6);
    assert.equal(await fill(north, 20), 10);
    const before = await north.summary();
    await assert.rejects(north.put('notes/more', { n: 1 }), (error) => {
      assert.ok(error instanceof HoldfastError);
      assert.match(error.message, /^value: .*10 commits.*"state".*Nothing was written; delete/);
      assert.equal(error.retryAfterMs, 30_000);
      return refusal('LIMIT_REACHED', 'value')(error);
    });
    assert.deepEqual(await north.summary(), before);
    assert.equal(await north.read('notes/more'), undefined);
  });

  test('refuses a batch as a whole', async () => {
    const [, north] = await given(10, 1e6);
    const items = Array.from({ length: 11 }, (_, n) => {
      return { collection: 'notes', id: `n${n}`, value: { n } };
    });
    const body = { items, ack: 'local', batch: true } as const;
    await assert.rejects(
      north.member.request('put', ADMIN, body),
      refusal('LIMIT_REACHED', 'documents'),
    );
    assert.equal((await north.summary()).documents, 0);
  });

  test('refuses by bytes as well', async () => {
    const [, north] = await given(1000, 8 * 1024);
    await north.put('notes/a', { text: 'x'.repeat(100) });
    const noise = Array.from({ length: 4000 }, (_, n) => String.fromCharCode(33 + ((n * n) % 90)));
    const random = noise.map((c, n) => c + n.toString(36)).join('');
    await assert.rejects(north.put('notes/b', { random }), refusal('LIMIT_REACHED', 'value'));
    assert.equal(await north.read('notes/b'), undefined);
    assert.deepEqual(await north.read('notes/a'), { text: 'x'.repeat(100) });
  });

  test('still takes deletes, up to a limit of their own', async () => {
    const [, north] = await given(8, 1e6);
    await fill(north, 20);
    await north.delete('notes/n0');
    await north.delete('notes/n1');
    await assert.rejects(north.delete('notes/n2'), refusal('LIMIT_REACHED'));
    assert.deepEqual(await north.read('notes/n2'), { n: 2 });
  });

  test('leaves other lanes alone', async () => {
    const [, north] = await given(4, 1e6);
    await fill(north, 20);
    await north.heartbeat('fine', 'local');
    assert.equal((await north.read('platforms/north'))?.status, 'fine');
  });

  test('is made room in by a checkpoint, which is due as soon as the lane fills up', async () => {
    const [fleet, north] = await given(16, 1e6);
    for (let n = 0; n < 16; n++) await north.put('notes/same', { n });
    await assert.rejects(north.put('notes/same', { n: 16 }), refusal('LIMIT_REACHED'));
    await fleet.clock.advanceSettled(LOOK_MS);
    await north.put('notes/same', { n: 16 });
    assert.deepEqual(await north.read('notes/same'), { n: 16 });
  });

  test('with time between the writes never gets full', async () => {
    const [fleet, north] = await given(16, 1e6);
    for (let n = 0; n < 100; n++) {
      await north.put('notes/same', { n });
      await fleet.clock.advanceSettled(10_000);
    }
    assert.deepEqual(await north.read('notes/same'), { n: 99 });
  });

  test('of heartbeats refuses them, and takes them again after a checkpoint', async () => {
    const [fleet, north] = await given(3, 1e6);
    for (const status of ['one', 'two', 'three']) await north.heartbeat(status, 'local');
    await assert.rejects(north.heartbeat('four'), refusal('LIMIT_REACHED'));
    assert.equal((await north.read('platforms/north'))?.status, 'three');
    await fleet.clock.advanceSettled(LOOK_MS);
    await north.heartbeat('five', 'local');
    assert.equal((await north.read('platforms/north'))?.status, 'five');
  });
});
