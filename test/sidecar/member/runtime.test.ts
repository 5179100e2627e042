// The loop: nothing is answered before it is stored, nothing is sent before it is answered, and after a failure nothing at all.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import {
  DEFAULT_CORE_CONFIG,
  type HoldfastError,
  type NodeMemory,
  type Op,
  type ReplayedCommit,
  utf8,
} from '../../../src/core/index.ts';
import { Runtime } from '../../../src/sidecar/member/runtime.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { CommitStore, type PersistEffect } from '../../../src/sidecar/store/commit-store.ts';
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { ADMIN, agent, refusal, START_MS, split, TestNode } from '../../support/test-node.ts';
import { Author, payloadOf } from '../support/author.ts';

/** What the runtime itself allows. */
const MAX_QUEUED = 4096;
const MAX_TURN = 256;
const LIVE_DOCUMENTS = 16;

/** Where writes or loads wait while the test holds them. */
class Gate {
  #waiting: (() => void)[] = [];
  #held = false;

  hold(): void {
    this.#held = true;
  }

  open(): void {
    this.#held = false;
    for (const pass of this.#waiting.splice(0)) pass();
  }

  async pass(): Promise<void> {
    if (this.#held) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** A runtime of the node `north` over a store in memory. `trace` tells what it did to the world, in order. */
class Bench {
  readonly clock = new ManualClock(START_MS);
  readonly writing = new Gate();
  readonly loading = new Gate();
  readonly trace: string[] = [];
  readonly writes: PersistEffect[] = [];
  readonly failures: unknown[] = [];
  readonly store: MemoryStore;
  readonly commits: CommitStore;
  readonly runtime: Runtime;
  onSend: () => void = () => {};

  constructor(memory: Partial<NodeMemory> = {}, store = createMemoryStore()) {
    this.store = store;
    this.commits = new CommitStore(store, sodiumCrypto, { viewed: [], marked: [], heads: [] });
    const config = { ...DEFAULT_CORE_CONFIG, liveDocuments: LIVE_DOCUMENTS };
    this.runtime = new Runtime({
      node: new TestNode('north', memory, config).node,
      commits: {
        persist: (effect) => this.#persist(effect),
        loadChanges: async (key, generation) => {
          this.trace.push(`load ${key}`);
          await this.loading.pass();
          return this.commits.loadChanges(key, generation);
        },
        gather: (author, lane, spans) => this.commits.gather(author, lane, spans),
        readCommit: (...place) => this.commits.readCommit(...place),
        prune: (superseded) => this.commits.prune(superseded),
        forgetFeed: (feed) => this.commits.forgetFeed(feed),
        reconsider: (author) => this.commits.reconsider(author),
      },
      superseded: [],
      reduced: [],
      onForgotten: () => undefined,
      clock: this.clock,
      timers: this.clock,
      onAdvanced: (positions) => {
        this.trace.push(...positions.map(({ feed, seq }) => `send ${feed.lane} ${seq}`));
        this.onSend();
      },
      onReport: (event) => this.trace.push(`report ${event}`),
      onFailed: (error) => this.failures.push(error),
    });
  }

  put(key: string, n: number) {
    const items = [{ ...split(key), value: { n } }];
    return this.runtime.request('put', ADMIN, { items, ack: 'local', batch: false });
  }

  async read(key: string) {
    return (await this.runtime.request('get', ADMIN, split(key))).value;
  }

  heartbeat(status: string) {
    const beat = { status, workloads: [], labels: {}, versions: {}, telemetry: {}, extra: {} };
    const body = { agent: 'north', beat, intervalMs: 10_000, ack: 'memory' as const };
    return this.runtime.request('heartbeat', agent('north'), body);
  }

  /** Forgets what was traced so far. */
  clear(): void {
    this.trace.length = 0;
    this.writes.length = 0;
  }

  async #persist(effect: PersistEffect): Promise<void> {
    this.trace.push('write begins');
    this.writes.push(effect);
    await this.writing.pass();
    await this.commits.persist(effect);
    this.trace.push('write ends');
  }
}

/** The ops of a node that founds one document. */
function opsOf(key: string): readonly [Op] {
  const node = new TestNode('south');
  node.put(key, { n: 1 });
  return node.stored[0]?.ops as unknown as [Op];
}

function isPending(promise: Promise<unknown>): boolean {
  return inspect(promise).includes('<pending>');
}

/** Number of ops in each write. */
function opCounts(writes: readonly PersistEffect[]): number[] {
  return writes.map(({ commits }) => commits.reduce((sum, { ops }) => sum + ops.length, 0));
}

/** The reason each promise was rejected for; `answered` where it was not. */
async function outcomesOf(promises: readonly Promise<unknown>[]): Promise<string[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((one) =>
    one.status === 'fulfilled' ? 'answered' : (one.reason as HoldfastError).reason,
  );
}

const full = new Error('No space left on device');

describe('one turn', () => {
  test('a write is stored, then answered, then sent', async () => {
    const bench = new Bench();
    bench.writing.hold();
    const answer = bench.put('notes/a', 1);
    bench.runtime.onChange(() => bench.trace.push('changed'));
    bench.onSend = () => assert.ok(!isPending(answer), 'sent before it was answered');
    await bench.clock.settle();
    assert.deepEqual(bench.trace, ['write begins']);
    assert.ok(isPending(answer));
    bench.writing.open();
    await answer;
    assert.deepEqual(bench.trace, ['write begins', 'write ends', 'send state 1', 'changed']);
  });

  test('what comes while a write is under way shares the next one', async () => {
    const bench = new Bench();
    bench.writing.hold();
    const first = bench.put('notes/a', 1);
    await bench.clock.settle();
    const later = [2, 3, 4, 5].map((n) => bench.put(`notes/n${n}`, n));
    await bench.clock.settle();
    bench.writing.open();
    await Promise.all([first, ...later]);
    assert.deepEqual(opCounts(bench.writes), [1, 4]);
  });

  test('a read does not tell of a write before that is stored', async () => {
    const bench = new Bench();
    bench.writing.hold();
    const written = bench.put('notes/a', 1);
    const together = bench.read('notes/a');
    await bench.clock.settle();
    const later = bench.read('notes/a');
    await bench.clock.settle();
    assert.ok(isPending(together) && isPending(later));
    bench.writing.open();
    await written;
    assert.deepEqual([await together, await later], [{ n: 1 }, { n: 1 }]);
  });

  test('is bounded: a crowd is served in several', async () => {
    const bench = new Bench();
    const crowd = Array.from({ length: 600 }, (_, n) => bench.put(`notes/n${n}`, n));
    await Promise.all(crowd);
    assert.deepEqual(opCounts(bench.writes), [MAX_TURN, MAX_TURN, 600 - 2 * MAX_TURN]);
  });

  test('a refused request has no effect on those beside it', async () => {
    const bench = new Bench();
    const outcomes = await outcomesOf([
      bench.put('notes/a', 1),
      bench.put('leases/b', 2),
      bench.read('notes/none'),
    ]);
    assert.deepEqual(outcomes, ['answered', 'UNKNOWN_COLLECTION', 'NOT_FOUND']);
    assert.deepEqual(opCounts(bench.writes), [1]);
  });

  test('listeners hear of changes until they leave', async () => {
    const bench = new Bench();
    const stop = bench.runtime.onChange(() => bench.trace.push('heard'));
    await bench.put('notes/a', 1);
    await bench.put('notes/a', 1);
    stop();
    await bench.put('notes/a', 2);
    assert.equal(bench.trace.filter((line) => line === 'heard').length, 1);
  });
});

test('a full queue refuses with a time to try again, and takes requests again when it has room', async () => {
  const bench = new Bench();
  bench.writing.hold();
  const first = bench.put('notes/a', 1);
  await bench.clock.settle();
  const waiting = Array.from({ length: MAX_QUEUED }, () => bench.read('notes/a'));
  await assert.rejects(bench.put('notes/b', 1), (error: HoldfastError) => {
    assert.match(error.message, /^4096 requests wait already\. Nothing was done; try again\.$/);
    assert.equal(error.retryAfterMs, 250);
    return refusal('LIMIT_REACHED')(error);
  });
  bench.writing.open();
  await Promise.all([first, ...waiting]);
  await bench.put('notes/b', 1);
  assert.equal(bench.writes.length, 2, 'the refused put was not written');
});

describe('when a write fails', () => {
  test('everything that waits is refused, the failure is told once, and nothing goes out', async () => {
    const bench = new Bench();
    bench.runtime.onChange(() => bench.trace.push('changed'));
    bench.writing.hold();
    bench.store.failWrites(full);
    const inTurn = [bench.put('notes/a', 1), bench.read('notes/a')];
    await bench.clock.settle();
    const queued = [bench.put('notes/b', 2), bench.runtime.deliver([])];
    bench.writing.open();
    const outcomes = await outcomesOf([...inTurn, ...queued]);
    assert.deepEqual(outcomes, Array(4).fill('STORE_FAILED'));
    assert.deepEqual(
      await outcomesOf([bench.put('notes/c', 3), bench.read('notes/a'), bench.runtime.deliver([])]),
      Array(3).fill('STORE_FAILED'),
    );
    await bench.runtime.idle();
    assert.equal(bench.failures.length, 1);
    assert.deepEqual(bench.trace, ['write begins']);
  });

  test('a timer and a load that end later touch the store no more', async () => {
    const bench = new Bench();
    await bench.put('notes/old', 1);
    for (let n = 0; n < LIVE_DOCUMENTS; n++) await bench.put(`notes/n${n}`, n);
    await bench.heartbeat('up');
    bench.loading.hold();
    const loading = bench.put('notes/old', 2);
    await bench.clock.settle();
    bench.store.failWrites(full);
    assert.deepEqual(await outcomesOf([bench.put('notes/a', 1), loading]), [
      'STORE_FAILED',
      'STORE_FAILED',
    ]);
    bench.clear();
    bench.loading.open();
    await bench.clock.advanceSettled(60_000);
    await bench.runtime.close();
    assert.deepEqual(bench.trace, []);
    assert.equal(bench.failures.length, 1);
  });
});

describe('deliveries of peers', () => {
  test('are answered when they are stored, and passed on', async () => {
    const south = new TestNode('south');
    south.put('notes/a', { n: 1 });
    const bench = new Bench();
    bench.writing.hold();
    const delivered = bench.runtime.deliver(south.runs());
    await bench.clock.settle();
    assert.ok(isPending(delivered));
    bench.writing.open();
    assert.deepEqual(await delivered, { type: 'stored' });
    assert.deepEqual(bench.trace, ['write begins', 'write ends', 'send state 1']);
    assert.deepEqual(
      bench.writes.map(({ sync }) => sync),
      [false],
      'what can be fetched again needs no fsync',
    );
    assert.deepEqual(await bench.read('notes/a'), { n: 1 });
  });

  test('say why nothing was taken, and when to ask again', async () => {
    const south = new TestNode('south');
    south.put('notes/a', { n: 1 });
    const [run] = south.runs();
    assert.ok(run);
    const bench = new Bench();
    assert.deepEqual(await bench.runtime.deliver([{ ...run, firstSeq: 5 }]), {
      type: 'held',
      reason: 'run begins at 5, the feed is held up to 0',
      position: { feed: run.feed, seq: 0 },
      retryAfterMs: 30_000,
    });
    assert.deepEqual(await bench.runtime.deliver([{ ...run, commits: [] }]), {
      type: 'refused',
      reason: 'run is empty',
    });
    assert.deepEqual(bench.trace, []);
  });

  test('report a commit that means nothing, and keep it for those to whom it does', async () => {
    const author = new Author('south');
    author.append(utf8('nonsense'));
    const bench = new Bench();
    assert.deepEqual(await bench.runtime.deliver([author.run()]), { type: 'stored' });
    assert.deepEqual(bench.trace, [
      'write begins',
      'write ends',
      'report core.void_ops',
      'send state 1',
    ]);
    const kept = await bench.commits.readRun(author.feed, 1);
    assert.deepEqual(kept?.commits[0]?.payload, utf8('nonsense'));
  });
});

describe('documents that are not live', () => {
  /** A bench whose oldest document was pushed out of memory. */
  async function benchWithOld(): Promise<Bench> {
    const bench = new Bench();
    for (const n of Array(LIVE_DOCUMENTS + 1).keys()) await bench.put(`notes/n${n}`, n);
    bench.clear();
    return bench;
  }

  test('are loaded before they are written, while others are served', async () => {
    const bench = await benchWithOld();
    bench.loading.hold();
    const waits = bench.put('notes/n0', 100);
    const goesOn = bench.put('notes/n9', 109);
    await goesOn;
    assert.ok(isPending(waits));
    bench.loading.open();
    await waits;
    assert.deepEqual(await bench.read('notes/n0'), { n: 100 });
    assert.ok(bench.trace.includes('load notes/n0'));
  });

  test('that cannot be loaded fail the store', async () => {
    const bench = await benchWithOld();
    await bench.store.close();
    assert.deepEqual(await outcomesOf([bench.put('notes/n0', 100)]), ['STORE_FAILED']);
    assert.equal(bench.failures.length, 1);
  });

  test('everybody who waits for a load hears of its end', async () => {
    const bench = await benchWithOld();
    bench.loading.hold();
    const write = bench.put('notes/n0', 100);
    await bench.clock.settle();
    const waiters = [bench.runtime.idle(), bench.runtime.idle(), bench.runtime.idle()];
    await bench.clock.settle();
    assert.ok(waiters.every(isPending));
    bench.loading.open();
    await bench.clock.settle();
    assert.ok(waiters.every((waiter) => !isPending(waiter)));
    await write;
  });

  test('are brought up to date by whoever reads, not by the start, when their view lags', async () => {
    const old = await benchWithOld();
    await old.put('notes/n0', 100);
    const views = old.writes
      .flatMap((write) => write.views)
      .filter(({ key }) => key === 'notes/n0');
    const bench = new Bench({ views, stale: ['notes/n0'] }, old.store);
    await bench.runtime.idle();
    assert.equal(bench.trace.length, 0);
    await bench.read('notes/n0');
    await bench.read('notes/n0');
    assert.deepEqual(
      bench.trace.filter((what) => what.startsWith('load')),
      ['load notes/n0'],
    );
  });
});

describe('heartbeats held in memory', () => {
  test('are written when the timer of the core fires', async () => {
    const bench = new Bench();
    await bench.heartbeat('one');
    await bench.heartbeat('two');
    assert.deepEqual(bench.writes, []);
    await bench.clock.advanceSettled(DEFAULT_CORE_CONFIG.pulseFlushMs - 1);
    assert.deepEqual(bench.writes, []);
    await bench.clock.advanceSettled(1);
    assert.deepEqual(opCounts(bench.writes), [1]);
    assert.deepEqual(bench.trace.at(-1), 'send pulse 1');
  });

  test('are written by close, also when their document must be loaded first', async () => {
    const bench = new Bench();
    await bench.heartbeat('one');
    await bench.clock.advanceSettled(1000);
    for (const n of Array(LIVE_DOCUMENTS).keys()) await bench.put(`notes/n${n}`, n);
    await bench.heartbeat('two');
    bench.clear();
    await bench.runtime.close();
    assert.equal(bench.trace[0], 'load platforms/north');
    assert.equal(bench.trace.at(-1), 'send pulse 2');
    assert.equal(bench.writes.at(-1)?.views[0]?.value?.status, 'two');
  });
});

describe('close', () => {
  test('answers what came before, refuses what comes after, and leaves no timer', async () => {
    const bench = new Bench();
    await bench.heartbeat('up');
    bench.writing.hold();
    const before = bench.put('notes/a', 1);
    await bench.clock.settle();
    const queued = bench.put('notes/b', 2);
    const closed = bench.runtime.close();
    const twice = bench.runtime.close();
    const after = bench.put('notes/c', 3);
    await assert.rejects(after, (error: HoldfastError) => {
      assert.equal(error.retryAfterMs, 1000);
      return refusal('STOPPING')(error);
    });
    await assert.rejects(bench.runtime.deliver([]), refusal('STOPPING'));
    bench.writing.open();
    await Promise.all([before, queued, closed, twice]);
    assert.equal(bench.clock.pending, 0);
    await bench.runtime.close();
  });

  test('ends also when its last write fails', async () => {
    const bench = new Bench();
    await bench.heartbeat('up');
    bench.store.failWrites(full);
    await bench.runtime.close();
    assert.equal(bench.failures.length, 1);
    assert.deepEqual(await outcomesOf([bench.put('notes/a', 1)]), ['STORE_FAILED']);
  });
});

describe('replay', () => {
  /** The commits of a node as a store gives them back, two at a time. */
  async function* batchesOf(node: TestNode): AsyncIterable<ReplayedCommit[]> {
    const commits = node.stored.map(({ commit, ops }) => ({ ...commit, ops }));
    for (let i = 0; i < commits.length; i += 2) yield commits.slice(i, i + 2);
  }

  test('shows the documents again and stores their views, but no commit twice', async () => {
    const before = new TestNode('south');
    for (const n of Array(5).keys()) before.put(`notes/n${n}`, { n });
    const bench = new Bench();
    await bench.runtime.replay(batchesOf(before));
    assert.deepEqual(opCounts(bench.writes), [0, 0, 0]);
    const summary = await bench.runtime.request('summary', ADMIN, {});
    assert.equal(summary.stateHash, before.stateHash);
  });

  test('leaves out what meant nothing when it came', async () => {
    const [op] = opsOf('notes/a');
    const author = new Author('south', new TestNode('south').incarnation);
    author.append(payloadOf([op, { ...op, key: 'leases/a' }, { ...op, key: 'no key' }]));
    const bench = new Bench();
    await bench.runtime.deliver([author.run()]);
    const before = await bench.runtime.request('summary', ADMIN, {});
    assert.equal(before.documents, 1);
    const again = new Bench();
    await again.runtime.replay(bench.commits.replay());
    const after = await again.runtime.request('summary', ADMIN, {});
    assert.equal(after.documents, 1);
    assert.equal(after.stateHash, before.stateHash);
  });

  test('says so when the store fails', async () => {
    const before = new TestNode('south');
    before.put('notes/a', { n: 1 });
    const bench = new Bench();
    bench.store.failWrites(full);
    await assert.rejects(bench.runtime.replay(batchesOf(before)), refusal('STORE_FAILED'));
    assert.equal(bench.failures.length, 1);
  });
});
