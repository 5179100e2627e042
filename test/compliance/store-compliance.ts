// What every store must do, as its port says. Registers a suite for one adapter; `test/sidecar/store` runs it for each.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type {
  OpenStore,
  Store,
  StoreEntry,
  StoreOperation,
} from '../../src/sidecar/store/store.ts';

/** One place where a store can be opened, closed and opened again. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens what it left behind. */
  readonly reopen: OpenStore;
  /** Closes whatever is open and removes every trace. */
  dispose(): Promise<void>;
}

export function storeCompliance(name: string, open: () => Promise<StoreUnderTest>): void {
  describe(`${name} keeps the contract of the store port`, () => {
    let place: StoreUnderTest;
    let store: Store;

    beforeEach(async () => {
      place = await open();
      store = place.store;
    });
    afterEach(() => place.dispose());

    it('reads what was written, and nothing where nothing was written', async () => {
      await store.write([put('a', 'one'), put('b', '')], { sync: false });
      assert.deepEqual(await store.get(key('a')), key('one'));
      assert.deepEqual(await store.get(key('b')), key(''));
      assert.equal(await store.get(key('c')), undefined);
      assert.deepEqual(await store.getMany([key('b'), key('c'), key('a'), key('a')]), [
        key(''),
        undefined,
        key('one'),
        key('one'),
      ]);
      assert.deepEqual(await store.getMany([]), []);
    });

    it('gives plain Uint8Arrays of exactly the value', async () => {
      await store.write([{ type: 'put', key: key('a'), value: Uint8Array.of(0, 255, 128) }], {
        sync: false,
      });
      const value = await store.get(key('a'));
      assert.equal(Object.getPrototypeOf(value), Uint8Array.prototype);
      assert.deepEqual([...value!], [0, 255, 128]);
      const [entry] = await entriesOf(store, key('a'), key('b'));
      assert.equal(Object.getPrototypeOf(entry!.key), Uint8Array.prototype);
      assert.equal(Object.getPrototypeOf(entry!.value), Uint8Array.prototype);
    });

    it('replaces and deletes; deleting what is not there is harmless', async () => {
      await store.write([put('a', 'one'), put('b', 'two')], { sync: false });
      await store.write([put('a', 'three'), remove('b'), remove('z')], { sync: false });
      assert.deepEqual(await namesOf(store), ['a']);
      assert.deepEqual(await store.get(key('a')), key('three'));
    });

    it('applies the operations of one write in order', async () => {
      await store.write(
        [put('a', 'one'), remove('a'), put('a', 'two'), put('b', 'x'), remove('b')],
        {
          sync: false,
        },
      );
      assert.deepEqual(await namesOf(store), ['a']);
      assert.deepEqual(await store.get(key('a')), key('two'));
    });

    it('takes an empty write', async () => {
      await store.write([], { sync: true });
      assert.deepEqual(await namesOf(store), []);
    });

    it('keeps its own copy of keys and values', async () => {
      const name = key('a');
      const value = key('one');
      await store.write([{ type: 'put', key: name, value }], { sync: false });
      name.fill(0);
      value.fill(0);
      assert.deepEqual(await store.get(key('a')), key('one'));
      (await store.get(key('a')))!.fill(0);
      assert.deepEqual(await store.get(key('a')), key('one'));
    });

    it('sorts keys by unsigned bytes, shorter first', async () => {
      const keys = [[], [0], [0, 0], [0, 1], [1], [127], [128], [255], [255, 0], [255, 255]];
      const shuffled = [7, 2, 9, 0, 4, 6, 1, 8, 3, 5].map((place) => keys[place]!);
      await store.write(
        shuffled.map((bytes) => ({ type: 'put', key: Uint8Array.from(bytes), value: EMPTY })),
        { sync: false },
      );
      const entries = await entriesOf(store, EMPTY, Uint8Array.of(255, 255, 0));
      assert.deepEqual(
        entries.map((entry) => [...entry.key]),
        keys,
      );
    });

    it('a range includes its first key and excludes its last', async () => {
      await store.write(
        ['a', 'b', 'c', 'd'].map((name) => put(name, name)),
        { sync: false },
      );
      const names = async (range: Partial<Parameters<Store['range']>[0]>) =>
        (await collect(store.range({ from: key('a'), to: key('d'), ...range }))).map(nameOf);
      assert.deepEqual(await names({}), ['a', 'b', 'c']);
      assert.deepEqual(await names({ reverse: true }), ['c', 'b', 'a']);
      assert.deepEqual(await names({ limit: 2 }), ['a', 'b']);
      assert.deepEqual(await names({ limit: 2, reverse: true }), ['c', 'b']);
      assert.deepEqual(await names({ limit: 0 }), []);
      assert.deepEqual(await names({ limit: 99 }), ['a', 'b', 'c']);
      assert.deepEqual(await names({ from: key('aa') }), ['b', 'c']);
      assert.deepEqual(await names({ from: key('b'), to: key('b') }), []);
      assert.deepEqual(await names({ from: key('c'), to: key('b') }), []);
    });

    it('a range shows the store as it was when it began', async () => {
      await store.write(
        ['a', 'b', 'c'].map((name) => put(name, 'old')),
        { sync: false },
      );
      const seen: string[] = [];
      for await (const entry of store.range({ from: key('a'), to: key('z') })) {
        seen.push(`${nameOf(entry)}=${Buffer.from(entry.value)}`);
        await store.write([put('b', 'new'), put('bb', 'new'), remove('c')], { sync: false });
      }
      assert.deepEqual(seen, ['a=old', 'b=old', 'c=old']);
      assert.deepEqual(await namesOf(store), ['a', 'b', 'bb']);
    });

    it('a range can be left early', async () => {
      await store.write(
        ['a', 'b', 'c'].map((name) => put(name, name)),
        { sync: false },
      );
      for await (const entry of store.range({ from: key('a'), to: key('z') })) {
        assert.equal(nameOf(entry), 'a');
        break;
      }
      await place.reopen();
    });

    it('a read sees every write that returned before it', async () => {
      for (let round = 0; round < 20; round++) {
        await store.write([put('a', `${round}`)], { sync: false });
        assert.deepEqual(await store.get(key('a')), key(`${round}`));
      }
    });

    it('writes take effect in the order of the calls, also when nobody waits', async () => {
      const rounds = Array.from({ length: 200 }, (_, round) => round);
      await Promise.all(
        rounds.map((round) =>
          store.write([put('last', `${round}`), put(`n${round}`, '')], { sync: round % 7 === 0 }),
        ),
      );
      assert.deepEqual(await store.get(key('last')), key('199'));
      assert.equal((await namesOf(store)).length, 201);
    });

    it('finds everything again after close and open', async () => {
      await store.write([put('a', 'synced')], { sync: true });
      await store.write([put('b', 'not synced')], { sync: false });
      const reopened = await place.reopen();
      assert.deepEqual(await namesOf(reopened), ['a', 'b']);
      await reopened.write([put('c', 'later')], { sync: true });
      assert.deepEqual(await namesOf(await place.reopen()), ['a', 'b', 'c']);
    });

    it('close waits for the writes before it', async () => {
      const writes = [1, 2, 3].map((n) => store.write([put(`k${n}`, '')], { sync: true }));
      const reopened = await place.reopen();
      await Promise.all(writes);
      assert.deepEqual(await namesOf(reopened), ['k1', 'k2', 'k3']);
    });

    it('refuses to be used when closed, and closes twice', async () => {
      await store.close();
      await store.close();
      const closed = { name: 'HoldfastError', reason: 'STORE_FAILED' };
      await assert.rejects(() => store.get(key('a')), closed);
      await assert.rejects(() => store.getMany([key('a')]), closed);
      await assert.rejects(() => namesOf(store), closed);
      await assert.rejects(() => store.write([put('a', '')], { sync: false }), closed);
    });

    it('a range that is under way when the store closes ends with an error', async () => {
      await store.write(
        ['a', 'b'].map((name) => put(name, name)),
        { sync: false },
      );
      await assert.rejects(
        async () => {
          for await (const _ of store.range({ from: key('a'), to: key('z') })) await store.close();
        },
        { name: 'HoldfastError', reason: 'STORE_FAILED' },
      );
    });

    it('behaves as a sorted map under any writes', async () => {
      const model = new Map<string, string>();
      const name = fc.stringMatching(/^[ab]{0,3}$/);
      const operation = fc.oneof(
        fc.record({ type: fc.constant('put' as const), name, text: fc.string({ maxLength: 4 }) }),
        fc.record({ type: fc.constant('delete' as const), name }),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(operation, { maxLength: 6 }),
          fc.boolean(),
          async (batch, sync) => {
            for (const one of batch) {
              if (one.type === 'put') model.set(one.name, one.text);
              else model.delete(one.name);
            }
            await store.write(
              batch.map((one) => (one.type === 'put' ? put(one.name, one.text) : remove(one.name))),
              { sync },
            );
            const entries = await entriesOf(store, EMPTY, key('z'));
            assert.deepEqual(
              entries.map((entry) => [nameOf(entry), Buffer.from(entry.value).toString()]),
              [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
            );
          },
        ),
        { numRuns: 60 },
      );
    });
  });
}

const EMPTY = new Uint8Array(0);

export function key(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function put(name: string, value: string): StoreOperation {
  return { type: 'put', key: key(name), value: key(value) };
}

export function remove(name: string): StoreOperation {
  return { type: 'delete', key: key(name) };
}

/** All keys, as text. */
export async function namesOf(store: Store): Promise<string[]> {
  return (await entriesOf(store, EMPTY, key('\u{10ffff}'))).map(nameOf);
}

function nameOf(entry: StoreEntry): string {
  return Buffer.from(entry.key).toString();
}

function entriesOf(store: Store, from: Uint8Array, to: Uint8Array): Promise<StoreEntry[]> {
  return collect(store.range({ from, to }));
}

function collect(entries: AsyncIterable<StoreEntry>): Promise<StoreEntry[]> {
  return Array.fromAsync(entries);
}
