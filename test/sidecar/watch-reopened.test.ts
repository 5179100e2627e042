// Watches of a member on a real store against a model: several collections, prefixes and labels, in both codecs, read at any pace and
// left unread, while the sidecar is stopped and started on its store. Nothing is missed, nothing comes twice, nothing is read ahead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { fromBinary, fromJsonString } from '@bufbuild/protobuf';
import fc from 'fast-check';
import {
  type WatchDocumentsResponse,
  WatchDocumentsResponseSchema,
  WatchEventType,
} from '../../src/gen/holdfast/v1/document_pb.ts';
import { WATCH_STEP_EVENTS } from '../../src/sidecar/api/calls/limits.ts';
import { ENVELOPE_HEADER_BYTES } from '../../src/sidecar/api/calls/protocol.ts';
import { StreamSlots } from '../../src/sidecar/api/calls/stream-slots.ts';
import { createNodeNames } from '../../src/sidecar/api/convert/index.ts';
import { EventBytes } from '../../src/sidecar/api/services/event-bytes.ts';
import { WatchHub } from '../../src/sidecar/api/services/watch-hub.ts';
import { type WatchAsk, watchDocuments } from '../../src/sidecar/api/services/watch-stream.ts';
import { sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { openLevelStore } from '../../src/sidecar/store/level-store.ts';
import type { Store } from '../../src/sidecar/store/store.ts';
import { createTemporaryDirectory } from '../support/temporary-directory.ts';
import { ADMIN, agent } from '../support/test-node.ts';
import { type RunningMember, TestFleet } from './support/test-fleet.ts';

const AGENTS = ['edge-1', 'edge-2', 'edge-3'];
const IDS = ['a1', 'a2', 'b1', 'b2'];
/** Written last, so that a reader who has seen it has seen all. */
const LAST = 'zz-last';

type Ask = Omit<WatchAsk, 'cursor'>;

/** What is watched, and whether a document is one of those. */
const ASKS: readonly (Ask & { readonly binary: boolean })[] = [
  { collections: ['notes'], idPrefix: '', binary: true },
  { collections: ['notes', 'tasks'], idPrefix: '', binary: false },
  { collections: ['notes', 'tasks'], idPrefix: 'a', binary: true },
  { collections: [], idPrefix: '', binary: false },
  { collections: ['platforms'], idPrefix: '', selector: 'site=north', binary: true },
  { collections: ['platforms', 'tasks'], idPrefix: '', agent: 'edge-2', binary: true },
];

type Step =
  | { readonly do: 'put' | 'delete'; readonly collection: string; readonly id: string }
  | { readonly do: 'beat'; readonly agent: string; readonly site: string }
  | { readonly do: 'read'; readonly reader: number; readonly limit: number }
  | { readonly do: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'put' as const, 'delete' as const),
      collection: fc.constantFrom('notes', 'tasks', 'others'),
      id: fc.constantFrom(...IDS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('beat' as const),
      agent: fc.constantFrom(...AGENTS),
      site: fc.constantFrom('north', 'south'),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('read' as const),
      reader: fc.nat(ASKS.length - 1),
      limit: fc.integer({ min: 1, max: 6 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

/** Applies the events of a watch, and checks that none tells what the one before told. */
class Reader {
  readonly held = new Map<string, string>();
  /** Documents it was told of, with repetitions. */
  told = 0;
  cursor = '';
  #events: AsyncIterator<Uint8Array> | undefined;
  #pending: Promise<IteratorResult<Uint8Array>> | undefined;
  readonly #binary: boolean;

  constructor(binary: boolean) {
    this.#binary = binary;
  }

  open(events: AsyncIterable<Uint8Array>): void {
    this.#events = events[Symbol.asyncIterator]();
    this.#pending = undefined;
  }

  /** Takes up to so many events, fewer when none comes for a while. */
  async read(limit: number): Promise<void> {
    for (let i = 0; i < limit; i++) {
      const next = this.#next();
      const quiet = (async () => {
        for (let turns = 0; turns < 20; turns++) await setImmediate();
        return undefined;
      })();
      const result = await Promise.race([next, quiet]);
      if (result === undefined) return;
      this.#take(result);
    }
  }

  /** Takes events until one tells of a document. */
  async readUntil(key: string): Promise<void> {
    while (!this.held.has(key)) this.#take(await this.#next());
  }

  /** What the watch did not give out yet is given up. */
  async close(): Promise<void> {
    const pending = this.#pending;
    this.#pending = undefined;
    await this.#events?.return?.();
    await pending;
  }

  #next(): Promise<IteratorResult<Uint8Array>> {
    this.#pending ??= this.#events?.next();
    return this.#pending as Promise<IteratorResult<Uint8Array>>;
  }

  #take({ value, done }: IteratorResult<Uint8Array>): void {
    this.#pending = undefined;
    assert.notEqual(done, true, 'a watch does not end by itself');
    this.#apply(decode(value, this.#binary));
  }

  #apply({ type, document, cursor }: WatchDocumentsResponse): void {
    assert.notEqual(type, WatchEventType.RESYNC, 'a cursor of this store is resumed');
    assert.notEqual(cursor, '', 'every event says where to resume');
    this.cursor = cursor;
    if (document === undefined) return;
    this.told++;
    const key = `${document.collection}/${document.id}`;
    const revision = document.freshness?.revision ?? '';
    if (type === WatchEventType.DELETE) this.held.delete(key);
    else {
      assert.notEqual(this.held.get(key), revision, `${key} came twice as it is`);
      this.held.set(key, revision);
    }
  }
}

function decode(envelope: Uint8Array, binary: boolean): WatchDocumentsResponse {
  const message = envelope.subarray(ENVELOPE_HEADER_BYTES);
  return binary
    ? fromBinary(WatchDocumentsResponseSchema, message)
    : fromJsonString(WatchDocumentsResponseSchema, Buffer.from(message).toString());
}

/** One sidecar after the other on one store, with the readers that outlive them. */
class Scene {
  readonly #directory: string;
  readonly #fleet = new TestFleet();
  readonly readers = ASKS.map(({ binary }) => new Reader(binary));
  #stop = new AbortController();
  #store: Store | undefined;
  #running: RunningMember | undefined;
  #n = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async start(): Promise<void> {
    this.#store = await openLevelStore(this.#directory);
    this.#running = await this.#fleet.start('north', { store: this.#store, agents: AGENTS });
    const { member } = this.#running;
    this.#stop = new AbortController();
    const dependencies = {
      hub: new WatchHub({
        submit: (method, caller, body) => member.request(method, caller, body),
        onChange: (listener) => member.onChange(listener),
      }),
      bytes: new EventBytes(createNodeNames(sodiumCrypto)),
      timers: this.#fleet.clock,
      slots: new StreamSlots(ASKS.length),
      stopping: this.#stop.signal,
    };
    for (const [i, { binary, ...ask }] of ASKS.entries()) {
      const reader = this.readers[i] as Reader;
      const request = { ...ask, cursor: reader.cursor };
      const { signal } = this.#stop;
      // Gone, not stopping: a client that leaves is told nothing.
      const running = { ...dependencies, stopping: new AbortController().signal };
      reader.open(watchDocuments(running, request, binary, { scope: 'admin' }, signal));
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const reader of this.readers) await reader.close();
    await this.#running?.member.close();
    await this.#store?.close();
  }

  async take(one: Step): Promise<void> {
    const member = this.#running as RunningMember;
    const n = ++this.#n;
    this.#fleet.clock.advance(1);
    switch (one.do) {
      case 'put':
        await member.put(`${one.collection}/${one.id}`, { n });
        break;
      case 'delete': {
        const key = `${one.collection}/${one.id}`;
        if ((await member.read(key)) !== undefined) await member.delete(key);
        break;
      }
      case 'beat':
        await this.beat(one.agent, one.site);
        break;
      case 'read':
        await this.readers[one.reader]?.read(one.limit);
        break;
      case 'restart':
        await this.stop();
        await this.start();
        break;
    }
  }

  async beat(who: string, site: string): Promise<void> {
    const labels = { site };
    const extra = { n: ++this.#n };
    const beat = { status: 'ok', workloads: [], labels, versions: {}, telemetry: {}, extra };
    const body = { agent: who, beat, intervalMs: 10_000, ack: 'local' as const };
    await this.#running?.member.request('heartbeat', agent(who), body);
  }

  /** What a reader is to hold, by what lists say. */
  async shown({ collections, idPrefix, agent: only = '', selector = '' }: Ask) {
    const { member } = this.#running as RunningMember;
    const names =
      collections.length === 0 ? ['notes', 'tasks', 'others', 'platforms'] : collections;
    const page = { pageSize: 1_000, pageToken: '' };
    const rows: [string, string][] = [];
    for (const collection of names) {
      const isChosen = only !== '' || selector !== '';
      if (isChosen && collection !== 'platforms') continue;
      const { rows: listed } = await member.request('list', ADMIN, {
        ...page,
        collection,
        idPrefix,
      });
      const filter = { agent: only, selector };
      const chosen = isChosen
        ? (await member.request('listPlatforms', ADMIN, { ...page, filter })).rows
        : undefined;
      for (const { id, freshness } of listed) {
        if (chosen === undefined || chosen.some((row) => row.agent === id))
          rows.push([`${collection}/${id}`, freshness.revision]);
      }
    }
    return new Map(rows);
  }
}

async function run(steps: readonly Step[]): Promise<void> {
  await using directory = await createTemporaryDirectory();
  const scene = new Scene(directory.path);
  await scene.start();
  for (const one of steps) await scene.take(one);
  // One last thing for everybody to wait for: it matches every watch.
  await scene.take({ do: 'put', collection: 'notes', id: `a-${LAST}` });
  await scene.beat('edge-2', 'north');
  for (const [i, ask] of ASKS.entries()) {
    const reader = scene.readers[i] as Reader;
    const shown = await scene.shown(ask);
    const last = ask.collections[0] === 'platforms' ? 'platforms/edge-2' : `notes/a-${LAST}`;
    await reader.readUntil(last);
    // What was written last is told last: all else has been told, but for what came behind it.
    while (reader.held.get(last) !== shown.get(last)) await reader.read(1);
    await reader.read(100);
    assert.deepEqual(reader.held, shown, `watch ${i}: ${JSON.stringify(ask)}`);
  }
  await scene.stop();
}

test('watches miss nothing and are sent nothing twice, across restarts on a real store and however slowly they are read', async () => {
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), run), { numRuns: 40 });
});

test('a reader that takes nothing costs one step, and is sent the newest of what it slept through, not all of it', async () => {
  await using directory = await createTemporaryDirectory();
  const scene = new Scene(directory.path);
  await scene.start();
  const [reader] = scene.readers as [Reader];
  await reader.read(1);
  const documents = WATCH_STEP_EVENTS + 10;
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < documents; i++)
      await scene.take({ do: 'put', collection: 'notes', id: `n-${i}` });
  }
  await reader.read(3 * documents);
  assert.equal(reader.told, documents, 'each once, as it is now');
  assert.deepEqual(reader.held, await scene.shown({ collections: ['notes'], idPrefix: '' }));
  await scene.stop();
});
