// The store in memory: the contract, and the faults that tests inject.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Timers } from '../../../src/core/index.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { key, namesOf, put, remove, storeCompliance } from '../../compliance/store-compliance.ts';

/** Timers that fire in the next turn of the event loop, whatever they are asked. */
const soon: Timers = {
  after: (_delayMs, fire) => {
    const handle = setImmediate(fire);
    return () => clearImmediate(handle);
  },
};

for (const [name, slow] of [
  ['MemoryStore', undefined],
  ['MemoryStore on a slow disk', { timers: soon, ms: 1 }],
] as const) {
  storeCompliance(name, async () => {
    let store = createMemoryStore();
    store.slowSync(slow);
    return {
      store,
      reopen: async () => {
        store = await store.reopen();
        return store;
      },
      dispose: () => store.close(),
    };
  });
}

describe('a power cut', () => {
  it('leaves what was synced and drops what came after', async () => {
    const store = createMemoryStore();
    await store.write([put('a', 'one')], { sync: true });
    await store.write([put('a', 'two'), put('b', '')], { sync: false });
    const left = store.snapshotSynced();
    assert.deepEqual(await left.get(key('a')), key('one'));
    assert.deepEqual(await namesOf(left), ['a']);
    assert.deepEqual(await store.get(key('a')), key('two'), 'the store itself goes on');
  });

  it('leaves earlier writes too once a later one was synced', async () => {
    const store = createMemoryStore();
    await store.write([put('a', ''), put('b', '')], { sync: false });
    await store.write([remove('b'), put('c', '')], { sync: true });
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['a', 'c']);
  });

  it('after a crash drops what the crash had spared', async () => {
    const store = createMemoryStore();
    await store.write([put('a', '')], { sync: true });
    await store.write([put('b', '')], { sync: false });
    const afterCrash = store.snapshotWritten();
    assert.deepEqual(await namesOf(afterCrash), ['a', 'b']);
    assert.deepEqual(await namesOf(afterCrash.snapshotSynced()), ['a']);
    await afterCrash.write([], { sync: true });
    assert.deepEqual(await namesOf(afterCrash.snapshotSynced()), ['a', 'b']);
  });

  it('changes nothing that was synced, whatever came before and after (invariant 3)', async () => {
    const writes = fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c'),
        deletes: fc.boolean(),
        sync: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(writes, async (steps) => {
        const store = createMemoryStore();
        let expected: string[] = [];
        for (const { name, deletes, sync } of steps) {
          await store.write([deletes ? remove(name) : put(name, '')], { sync });
          if (sync) expected = await namesOf(store);
        }
        assert.deepEqual(await namesOf(store.snapshotSynced()), expected);
      }),
    );
  });

  it('can be looked at after the store was closed', async () => {
    const store = createMemoryStore();
    await store.write([put('a', '')], { sync: true });
    await store.close();
    assert.deepEqual(await namesOf(store.snapshotSynced()), ['a']);
  });
});

describe('a failed write', () => {
  const full = new Error('No space left on device');

  it('changes nothing and makes all later ones fail, while reads go on', async () => {
    const store = createMemoryStore();
    await store.write([put('a', '')], { sync: true });
    store.failWrites(full);
    await refuses(store);
    await refuses(store);
    assert.deepEqual(await namesOf(store), ['a']);
  });

  it('is over when the store is opened again', async () => {
    const store = createMemoryStore();
    store.failWrites(full);
    await refuses(store);
    await store.snapshotSynced().write([put('b', '')], { sync: true });
  });

  function refuses(store: MemoryStore): Promise<void> {
    return assert.rejects(() => store.write([put('b', '')], { sync: true }), {
      reason: 'STORE_FAILED',
      message:
        'Nothing was written: No space left on device. The store takes no writes until it is opened again.',
      cause: full,
    });
  }
});
