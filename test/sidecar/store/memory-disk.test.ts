// What the disk beneath a store in memory can do to it: each fault is shown to happen, and to end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MAX_SYNCED_WRITES_IN_LOG } from '../../../src/sidecar/store/memory-log.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { StoreOperation } from '../../../src/sidecar/store/store.ts';
import { createSeededRandom, ManualClock } from '../../../src/testing/index.ts';
import { key, namesOf, put, remove } from '../../compliance/store-compliance.ts';

const SYNC = { sync: true };
const NO_SYNC = { sync: false };

/** A store with these synced, one write each. */
async function storeOf(...names: readonly string[]): Promise<MemoryStore> {
  const store = createMemoryStore();
  for (const name of names) await store.write([put(name, `value of ${name}`)], SYNC);
  return store;
}

describe('a full disk', () => {
  const refused = { reason: 'STORE_FAILED', message: /No space left on device/ };
  const isFull = (error: Error): boolean =>
    error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'ENOSPC';

  it('refuses the write that would need more, whole, and everything later until the store is reopened', async () => {
    const store = await storeOf('a');
    store.setCapacity(store.bytesUsed + 10);
    await store.write([put('b', '123456789')], SYNC);
    await assert.rejects(store.write([remove('a'), put('c', 'x'.repeat(40))], SYNC), refused);
    await assert.rejects(store.write([remove('a')], SYNC), isFull);
    assert.deepEqual(await namesOf(store), ['a', 'b']);
    const reopened = await store.reopen();
    assert.deepEqual(await namesOf(reopened), ['a', 'b']);
    await assert.rejects(reopened.write([put('c', '')], SYNC), isFull, 'the disk is full still');
  });

  it('has room again when something is deleted, replaced by less, or the disk grows', async () => {
    let store = await storeOf('a', 'b');
    store.setCapacity(store.bytesUsed);
    await store.write([put('a', '')], SYNC);
    await store.write([put('c', '123')], SYNC);
    await store.write([remove('c'), put('d', '123')], SYNC);
    await assert.rejects(store.write([put('e', '0123456789')], SYNC), isFull);
    store = await store.reopen();
    await store.write([remove('b')], SYNC);
    await store.write([put('e', '0123')], SYNC);
    await assert.rejects(store.write([put('f', 'x'.repeat(20))], SYNC), isFull);
    store = await store.reopen();
    store.setCapacity(1000);
    await store.write([put('f', 'x'.repeat(20))], SYNC);
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['a', 'd', 'e', 'f']);
  });

  it('lets itself be shrunk even when it holds more than it has room for', async () => {
    const store = await storeOf('a', 'b');
    store.setCapacity(1);
    await store.write([remove('a')], SYNC);
    await store.write([put('b', 'less')], SYNC);
    await assert.rejects(store.write([put('b', 'more!')], SYNC), isFull);
  });
});

describe('bytes used', () => {
  it('are those of keys and values, by the first letter of the key', async () => {
    const store = await storeOf();
    await store.write([put('c1', '12345'), put('c2', ''), put('v1', '123')], NO_SYNC);
    assert.equal(store.bytesUsed, 14);
    await store.write([put('c1', '1'), remove('v1'), remove('v2'), put('m', 'x')], NO_SYNC);
    assert.deepEqual(Object.fromEntries(store.bytesByLetter), { c: 5, m: 2 });
    assert.equal(store.bytesUsed, 7);
    assert.equal(store.snapshotSynced().bytesUsed, 0);
    assert.deepEqual(store.snapshotWritten().bytesByLetter, store.bytesByLetter);
  });

  it('are the same whether counted along the way or at the end', async () => {
    const operation = fc.oneof(
      fc
        .tuple(fc.constantFrom('a', 'ab', 'b'), fc.string({ maxLength: 5 }))
        .map(([name, value]) => put(name, value)),
      fc.constantFrom('a', 'ab', 'b').map(remove),
    );
    const writes = fc.array(fc.array(operation, { maxLength: 5 }), { maxLength: 10 });
    await fc.assert(
      fc.asyncProperty(writes, fc.nat(20), async (batches, room) => {
        const store = createMemoryStore();
        assert.equal(store.bytesUsed, 0);
        for (const batch of batches) {
          const fits = createMemoryStore();
          await fits.write([...(await operationsOf(store)), ...batch], SYNC);
          store.setCapacity(room);
          const grows = fits.bytesUsed > store.bytesUsed && fits.bytesUsed > room;
          if (grows) {
            await assert.rejects(store.write(batch, NO_SYNC));
            break;
          }
          await store.write(batch, NO_SYNC);
          assert.equal(store.bytesUsed, fits.bytesUsed);
        }
        assert.equal(store.snapshotWritten().bytesUsed, store.bytesUsed);
      }),
    );
  });

  async function operationsOf(store: MemoryStore): Promise<StoreOperation[]> {
    const entries = await Array.fromAsync(store.range({ from: key(''), to: key('z') }));
    return entries.map((entry) => ({ type: 'put', ...entry }));
  }
});

describe('a power cut in the middle of writing', () => {
  it('leaves what was synced and some of the writes behind it, whole and in order', async () => {
    const store = await storeOf('a');
    await store.write([put('b1', ''), put('b2', '')], NO_SYNC);
    await store.write([put('c1', ''), remove('a')], NO_SYNC);
    const random = createSeededRandom('torn');
    const seen = new Set<string>();
    for (let i = 0; i < 50; i++) seen.add((await namesOf(store.snapshotTorn(random))).join());
    assert.deepEqual([...seen].sort(), ['a', 'a,b1,b2', 'b1,b2,c1']);
  });

  it('leaves everything synced when nothing else was written', async () => {
    const store = await storeOf('a', 'b');
    assert.deepEqual(await namesOf(store.snapshotTorn(createSeededRandom(1))), ['a', 'b']);
  });
});

describe('a log that lost its tail', () => {
  it('takes the newest writes with it, synced or not, whole', async () => {
    const store = await storeOf('a', 'b');
    await store.write([put('c', ''), remove('a')], SYNC);
    await store.write([put('d', '')], NO_SYNC);
    assert.deepEqual(await namesOf(store.snapshotTruncated(0)), ['b', 'c']);
    assert.deepEqual(await namesOf(store.snapshotTruncated(1)), ['a', 'b']);
    assert.deepEqual(await namesOf(store.snapshotTruncated(2)), ['a']);
    assert.deepEqual(await namesOf(store.snapshotTruncated(99)), []);
  });

  it('does not reach back beyond its limit', async () => {
    const names = Array.from({ length: MAX_SYNCED_WRITES_IN_LOG + 3 }, (_, i) => `k${100 + i}`);
    const store = await storeOf(...names);
    assert.deepEqual(await namesOf(store.snapshotTruncated(1000)), names.slice(0, 3));
    assert.deepEqual(await namesOf(store.snapshotSynced()), names);
    assert.deepEqual(await namesOf(store.snapshotWritten().snapshotSynced()), names);
  });
});

describe('a read that fails', () => {
  const unreadable = { reason: 'STORE_FAILED', message: /could not be read: Input\/output error/ };

  it('fails for the keys that were chosen, alone and among others, and no longer', async () => {
    const store = await storeOf('a', 'b', 'c');
    store.failReads((bytes) => Buffer.from(bytes).toString() === 'b');
    assert.deepEqual(await store.get(key('a')), key('value of a'));
    await assert.rejects(store.get(key('b')), unreadable);
    await assert.rejects(store.getMany([key('a'), key('b')]), unreadable);
    const seen: string[] = [];
    await assert.rejects(async () => {
      for await (const entry of store.range({ from: key('a'), to: key('z') })) {
        seen.push(Buffer.from(entry.key).toString());
      }
    }, unreadable);
    assert.deepEqual(seen, ['a']);
    await store.write([put('b', 'new')], SYNC);
    const reopened = await store.reopen();
    await assert.rejects(reopened.get(key('b')), unreadable, 'a bad sector stays bad');
    reopened.failReads(undefined);
    assert.deepEqual(await reopened.get(key('b')), key('new'));
  });

  it('can be a matter of luck', async () => {
    const store = await storeOf('a');
    const random = createSeededRandom('reads');
    store.failReads(() => random.fraction() < 0.25);
    let failed = 0;
    for (let i = 0; i < 400; i++) await store.get(key('a')).catch(() => failed++);
    assert.ok(failed > 60 && failed < 140, `${failed} of 400`);
  });
});

describe('a flipped bit', () => {
  it('changes one bit of one value for good, and tells which', async () => {
    const random = createSeededRandom('flip');
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const store = await storeOf('a', 'b');
      await store.write([put('a', 'newer'), put('empty', '')], NO_SYNC);
      const before = store.snapshotWritten();
      const name = Buffer.from(store.flipBit(random) as Uint8Array).toString();
      seen.add(name);
      assert.equal(await bitsThatDiffer(store, before, name), 1);
      assert.equal(await bitsThatDiffer(store, before, name === 'a' ? 'b' : 'a'), 0);
      assert.deepEqual(
        await (await store.reopen()).get(key(name)),
        await store.snapshotWritten().get(key(name)),
      );
      assert.equal(await bitsThatDiffer(store.snapshotWritten(), before, name), 1);
      assert.deepEqual(await before.snapshotSynced().get(key('a')), key('value of a'));
    }
    assert.deepEqual([...seen].sort(), ['a', 'b']);
  });

  it('can be confined to some keys, and needs a value', async () => {
    const store = await storeOf('a', 'c', 'v');
    await store.write([put('empty', '')], SYNC);
    const isKind = (letter: string) => (bytes: Uint8Array) => bytes[0] === letter.charCodeAt(0);
    assert.deepEqual(store.flipBit(createSeededRandom(1), isKind('v')), key('v'));
    assert.equal(store.flipBit(createSeededRandom(1), isKind('e')), undefined);
    assert.equal(store.flipBit(createSeededRandom(1), isKind('x')), undefined);
  });

  it('in the table below the log stays as well, and is undone by writing the value again', async () => {
    const names = Array.from({ length: MAX_SYNCED_WRITES_IN_LOG + 1 }, (_, i) => `k${100 + i}`);
    const store = await storeOf(...names);
    const flipped = store.flipBit(
      createSeededRandom(1),
      (bytes) => Buffer.from(bytes).toString() === 'k100',
    );
    assert.deepEqual(flipped, key('k100'));
    assert.notDeepEqual(await store.snapshotTruncated(99).get(key('k100')), key('value of k100'));
    await store.write([put('k100', 'value of k100')], SYNC);
    assert.deepEqual(await store.snapshotSynced().get(key('k100')), key('value of k100'));
  });

  async function bitsThatDiffer(a: MemoryStore, b: MemoryStore, name: string): Promise<number> {
    const [left, right] = [await a.get(key(name)), await b.get(key(name))];
    assert.equal(left?.length, right?.length);
    const differing = [...left!].map((byte, i) =>
      (byte ^ right![i]!).toString(2).replaceAll('0', ''),
    );
    return differing.join('').length;
  }
});

describe('a slow disk', () => {
  it('answers a sync late; until then a power cut takes what waits for it, and reads see it', async () => {
    const clock = new ManualClock();
    const store = await storeOf('a');
    store.slowSync({ timers: clock, ms: 2_000 });
    const ended: string[] = [];
    void store.write([put('b', '')], SYNC).then(() => ended.push('b'));
    await store.write([put('c', '')], NO_SYNC);
    await clock.advanceSettled(1999);
    assert.deepEqual(ended, []);
    assert.deepEqual(await namesOf(store), ['a', 'b', 'c']);
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['a']);
    await clock.advanceSettled(1);
    assert.deepEqual(ended, ['b']);
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['a', 'b'], 'c came behind it');
    store.slowSync(undefined);
    await store.write([], SYNC);
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['a', 'b', 'c']);
    assert.equal(clock.pending, 0);
  });

  it('holds a close up until its syncs have ended', async () => {
    const clock = new ManualClock();
    const store = createMemoryStore();
    store.slowSync({ timers: clock, ms: 500 });
    const ended: string[] = [];
    void store.write([put('a', '')], SYNC).then(() => ended.push('write'));
    void store.close().then(() => ended.push('close'));
    await clock.advanceSettled(499);
    assert.deepEqual(ended, []);
    await clock.advanceSettled(1);
    assert.deepEqual(new Set(ended), new Set(['close', 'write']));
  });

  it('syncs in order what was moved out of its log meanwhile', async () => {
    const clock = new ManualClock();
    const store = createMemoryStore();
    store.slowSync({ timers: clock, ms: 1_000 });
    const slow = store.write([put('first', '')], SYNC);
    store.slowSync(undefined);
    const names = Array.from({ length: 2 * MAX_SYNCED_WRITES_IN_LOG }, (_, i) => `k${100 + i}`);
    for (const name of names) await store.write([put(name, '')], SYNC);
    await store.write([put('later', '')], NO_SYNC);
    await clock.advanceSettled(1_000);
    await slow;
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['first', ...names]);
  });
});

describe('an old copy of a disk', () => {
  it('can be opened again and again, each time as it was', async () => {
    const store = await storeOf('a');
    const backup = store.snapshotSynced();
    await store.write([remove('a'), put('b', '')], SYNC);
    const [first, second] = [backup.snapshotSynced(), backup.snapshotSynced()];
    await first.write([put('c', '')], SYNC);
    assert.deepEqual(await namesOf(first), ['a', 'c']);
    assert.deepEqual(await namesOf(second), ['a']);
    assert.deepEqual(await namesOf(backup.snapshotSynced()), ['a']);
    assert.deepEqual(await namesOf(store), ['b']);
  });
});
