// Commits, views and their index in a store: what went in comes out, in runs a peer will take, and damage is named, never served.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type Commit,
  gateOps,
  MAX_COMMIT_BYTES,
  type ReplayedCommit,
  type Run,
  utf8,
} from '../../../src/core/index.ts';
import { MAX_FRAME_BYTES } from '../../../src/mesh/index.ts';
import { encodeFrame } from '../../../src/mesh/protocol/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { CommitStore, type PersistEffect } from '../../../src/sidecar/store/commit-store.ts';
import { StoreDamagedError } from '../../../src/sidecar/store/damage.ts';
import {
  commitKey,
  commitRange,
  headKey,
  metaKey,
  opKey,
  parseCommitKey,
  viewKey,
} from '../../../src/sidecar/store/keys.ts';
import { openLevelStore } from '../../../src/sidecar/store/level-store.ts';
import { createMemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { Store } from '../../../src/sidecar/store/store.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';
import { TestNode } from '../../support/test-node.ts';
import { Author, payloadOf } from '../support/author.ts';

/** Payload bytes at which a run is cut. */
const RUN_TARGET_BYTES = 128 * 1024;

const NOTHING: PersistEffect = {
  type: 'persist',
  commits: [],
  heads: [],
  views: [],
  stale: [],
  edits: [],
  sync: false,
};

interface OpenStore {
  readonly store: Store;
  dispose(): Promise<void>;
}

const STORES: Readonly<Record<string, () => Promise<OpenStore>>> = {
  MemoryStore: async () => {
    const store = createMemoryStore();
    return { store, dispose: () => store.close() };
  },
  LevelStore: async () => {
    const directory = await createTemporaryDirectory();
    const store = await openLevelStore(directory.path);
    const dispose = async () => {
      await store.close();
      await directory[Symbol.asyncDispose]();
    };
    return { store, dispose };
  },
};

function openCommits(store: Store): CommitStore {
  return new CommitStore(store, sodiumCrypto, { viewed: [], marked: [], heads: [] });
}

/** Runs the node and stores what it asks for. */
async function persistAll(commits: CommitStore, node: TestNode, writes: () => void): Promise<void> {
  const before = node.stored.length;
  writes();
  const effects = node.effects.filter((effect) => effect.type === 'persist');
  for (const effect of effects) await commits.persist(effect);
  const stored = effects.reduce((sum, effect) => sum + effect.commits.length, 0);
  assert.equal(stored, node.stored.length - before, 'one turn at a time');
}

/** Stores commits as received from a peer, without views. */
function persistRun(commits: CommitStore, author: Author, run: Run): Promise<void> {
  const received = run.commits.map((commit, i) => ({
    commit: { ...(author.commits[run.firstSeq - 1 + i] as Commit), signature: commit.signature },
    ops: gateOps(run.feed, commit.payload, sodiumCrypto).ops,
  }));
  return commits.persist({ ...NOTHING, commits: received });
}

/** A run as it is compared: without what only a commit has. */
function plain(run: Run | undefined): Run | undefined {
  return (
    run && {
      feed: run.feed,
      firstSeq: run.firstSeq,
      commits: run.commits.map(({ clock, payload, signature }) => ({ clock, payload, signature })),
    }
  );
}

function damagedAt(kind: string, key: Uint8Array): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof StoreDamagedError, String(error));
    assert.match(error.message, new RegExp(`^${kind} [0-9a-f]* `));
    assert.deepEqual(error.key, key);
    return true;
  };
}

for (const [name, open] of Object.entries(STORES)) {
  describe(`commits in a ${name}`, () => {
    let place: OpenStore;
    let commits: CommitStore;
    beforeEach(async () => {
      place = await open();
      commits = openCommits(place.store);
    });
    afterEach(() => place.dispose());

    it('come back as the run that was stored', async () => {
      const node = new TestNode('north');
      for (let n = 0; n < 5; n++) await persistAll(commits, node, () => node.put('notes/a', { n }));
      const [run] = node.runs();
      assert.ok(run);
      assert.deepEqual(plain(await commits.readRun(run.feed, 1)), plain(run));
      const rest = { ...run, firstSeq: 4, commits: run.commits.slice(3) };
      assert.deepEqual(plain(await commits.readRun(run.feed, 4)), plain(rest));
    });

    it('are absent behind the end, in another lane and of a stranger', async () => {
      const node = new TestNode('north');
      await persistAll(commits, node, () => node.put('notes/a', {}));
      const feed = node.stored[0]?.commit.feed;
      assert.ok(feed);
      assert.equal(await commits.readRun(feed, 2), undefined);
      assert.equal(await commits.readRun({ ...feed, lane: 'command' }, 1), undefined);
      assert.equal(await commits.readRun({ ...feed, incarnation: '00'.repeat(16) }, 1), undefined);
    });

    it('keep their order beyond every width of a number', async () => {
      const author = new Author('south');
      const commit = author.append(utf8('any'));
      const seqs = [1, 2, 9, 10, 255, 256, 65_536, 2 ** 31, 2 ** 32, 2 ** 53 - 1];
      const stored = seqs.toReversed().map((seq) => ({ commit: { ...commit, seq }, ops: [] }));
      await commits.persist({ ...NOTHING, commits: stored });
      for (const [index, seq] of seqs.entries()) {
        const entries = await Array.fromAsync(place.store.range(commitRange(author.feed, seq)));
        const found = entries.map(({ key }) => parseCommitKey(key));
        assert.deepEqual(
          found,
          seqs.slice(index).map((each) => ({ feed: author.feed, seq: each })),
        );
      }
    });

    it('give the changes of one document in one generation, and of no other', async () => {
      const node = new TestNode('north');
      const keys = ['notes/a', 'notes/a/b', 'notes/a-', 'notes/a0', 'notes/A'];
      for (const n of [1, 2]) {
        for (const key of keys) await persistAll(commits, node, () => node.put(key, { key, n }));
      }
      await persistAll(commits, node, () => {
        node.request('delete', { collection: 'notes', id: 'a' });
      });
      await persistAll(commits, node, () => node.put('notes/a', { key: 'again' }));
      const changes = (key: string, generation: number) =>
        node.stored
          .flatMap(({ ops }) => ops)
          .filter((op) => op.key === key && op.kind === 'change' && op.generation === generation)
          .map(({ bytes }) => bytes);
      for (const key of keys) {
        assert.deepEqual(await commits.loadChanges(key, 0), changes(key, 0));
        assert.equal(changes(key, 0).length, 2);
      }
      assert.deepEqual(await commits.loadChanges('notes/a', 1), changes('notes/a', 1));
      assert.deepEqual(await commits.loadChanges('notes/a', 2), []);
      assert.deepEqual(await commits.loadChanges('notes/none', 0), []);
    });

    it('are replayed whole, feed by feed, in order', async () => {
      const node = new TestNode('north');
      for (let n = 0; n < 4; n++) await persistAll(commits, node, () => node.put('notes/a', { n }));
      const author = new Author('south');
      for (let n = 0; n < 600; n++) author.append(utf8(`void ${n}`));
      await persistRun(commits, author, author.run());
      const batches = await Array.fromAsync(commits.replay());
      assert.deepEqual(
        batches.map((batch) => batch.length),
        [256, 256, 92],
      );
      const byAuthor = Map.groupBy(batches.flat(), ({ feed }) => feed.author);
      const own = byAuthor.get(node.stored[0]?.commit.feed.author ?? '');
      assert.deepEqual(own, node.stored.map(asReplayed));
      const theirs = byAuthor.get(author.feed.author);
      assert.deepEqual(
        theirs?.map(({ clock }) => clock),
        author.commits.map(({ clock }) => clock),
      );
      assert.ok(theirs?.every(({ ops }) => ops.length === 0));
    });

    it('keep small records by name', async () => {
      assert.equal(await commits.readMeta('peers'), undefined);
      await commits.writeMeta('peers', utf8('a'));
      await commits.writeMeta('peers', utf8('b'));
      assert.deepEqual(await commits.readMeta('peers'), utf8('b'));
    });
  });
}

function asReplayed({ commit, ops }: TestNode['stored'][number]): ReplayedCommit {
  return { feed: commit.feed, clock: commit.clock, ops };
}

describe('a run', () => {
  it('ends with its last signed commit', async () => {
    const commits = openCommits(createMemoryStore());
    const author = new Author('south');
    for (let n = 0; n < 8; n++) author.append(utf8(`${n}`));
    await persistRun(commits, author, author.run(3));
    assert.equal((await commits.readRun(author.feed, 1))?.commits.length, 6);
    assert.equal((await commits.readRun(author.feed, 4))?.commits.length, 3);
    assert.equal((await commits.readRun(author.feed, 5))?.commits.length, 2);
    assert.equal(await commits.readRun(author.feed, 7), undefined);
  });

  it('ends before a gap', async () => {
    const store = createMemoryStore();
    const commits = openCommits(store);
    const author = new Author('south');
    for (let n = 0; n < 5; n++) author.append(utf8(`${n}`));
    await persistRun(commits, author, author.run());
    await store.write([{ type: 'delete', key: commitKey(author.feed, 3) }], { sync: false });
    assert.equal((await commits.readRun(author.feed, 1))?.commits.length, 2);
    assert.equal(await commits.readRun(author.feed, 3), undefined);
  });

  it('is about 128 KiB, fits a frame, and the next one goes on where it ends', async () => {
    const sizes = fc.array(fc.oneof(fc.nat(3000), fc.nat(MAX_COMMIT_BYTES)), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(sizes, async (lengths) => {
        const commits = openCommits(createMemoryStore());
        const author = new Author('south');
        for (const length of lengths) author.append(new Uint8Array(length));
        await persistRun(commits, author, author.run());
        const found = await readAll(commits, author);
        for (const run of found) {
          const bytes = run.commits.map(({ payload }) => payload.length);
          assert.ok(sum(bytes.slice(0, -1)) < RUN_TARGET_BYTES);
          assert.ok(encodeFrame({ type: 'run', run }).length <= MAX_FRAME_BYTES);
        }
        assert.deepEqual(
          found.flatMap((run) => run.commits.map(({ payload }) => payload.length)),
          lengths,
        );
      }),
      { numRuns: 60 },
    );
  });

  it('fits a frame also when it was received with one signature for all and is passed on', async () => {
    const sizes = fc.array(fc.nat(MAX_COMMIT_BYTES), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(11), async (lengths, from) => {
        const author = new Author('south');
        for (const length of lengths) author.append(new Uint8Array(length));
        const origin = openCommits(createMemoryStore());
        await persistRun(origin, author, author.run());
        const relay = openCommits(createMemoryStore());
        for (const run of await readAll(origin, author)) {
          await persistRun(relay, author, { ...run, commits: signedAtTheEnd(run.commits) });
        }
        const found = await readAll(relay, author, 1 + (from % lengths.length));
        for (const run of found) {
          assert.ok(run.commits.at(-1)?.signature);
          assert.ok(encodeFrame({ type: 'run', run }).length <= MAX_FRAME_BYTES);
        }
        assert.equal(
          sum(found.map((run) => run.commits.length)),
          lengths.length - (from % lengths.length),
        );
      }),
      { numRuns: 60 },
    );
  });
});

/** All runs of the author from a sequence number on, as a session asks for them. */
async function readAll(commits: CommitStore, author: Author, firstSeq = 1): Promise<Run[]> {
  const runs: Run[] = [];
  for (let next = firstSeq; ; ) {
    const run = await commits.readRun(author.feed, next);
    if (run === undefined) return runs;
    assert.equal(run.firstSeq, next);
    runs.push(run);
    next += run.commits.length;
  }
}

function signedAtTheEnd(commits: Run['commits']): Run['commits'] {
  return commits.map((commit, i) =>
    i === commits.length - 1 ? commit : { ...commit, signature: undefined },
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

describe('ops of a later version in a commit', () => {
  it('do not shift the changes beside them', async () => {
    const commits = openCommits(createMemoryStore());
    const node = new TestNode('north');
    node.put('notes/a', { n: 1 });
    node.put('notes/a', { n: 2 });
    const [first, second] = node.stored.flatMap(({ ops }) => ops);
    assert.ok(first && second);
    const author = new Author('south', node.stored[0]?.commit.feed.incarnation);
    author.append(payloadOf(['of a later version', first, 'of a later version', second]));
    await persistRun(commits, author, author.run());
    assert.deepEqual(await commits.loadChanges('notes/a', 0), [first.bytes, second.bytes]);
  });
});

describe('damage', () => {
  const store = createMemoryStore();
  const commits = openCommits(store);
  const node = new TestNode('north');
  node.put('notes/a', { text: 'of some length, so that there is something to damage' });
  const { commit } = node.stored[0] as TestNode['stored'][number];

  beforeEach(writeAll);

  async function writeAll(): Promise<void> {
    const effect = node.effects.find((one) => one.type === 'persist');
    assert.ok(effect);
    await commits.persist(effect);
    await commits.writeMeta('peers', utf8('[]'));
  }

  async function alter(key: Uint8Array, change: (value: Uint8Array) => Uint8Array): Promise<void> {
    const value = await store.get(key);
    assert.ok(value, 'nothing is stored under the key');
    await store.write([{ type: 'put', key, value: change(value) }], { sync: false });
  }

  const anyChange = fc.oneof(
    fc
      .tuple(fc.nat(), fc.integer({ min: 1, max: 255 }))
      .map(([at, bits]) => (value: Uint8Array) => {
        const altered = value.slice();
        altered[at % value.length] = (altered[at % value.length] as number) ^ bits;
        return altered;
      }),
    fc.nat(500).map((length) => (value: Uint8Array) => value.slice(0, length % value.length)),
    fc
      .uint8Array({ minLength: 1 })
      .map((more) => (value: Uint8Array) => new Uint8Array([...value, ...more])),
    fc.uint8Array().map((other) => () => other),
  );

  const reads: Readonly<Record<string, [kind: string, key: Uint8Array, read: () => unknown]>> = {
    'readRun in a commit': [
      'commit',
      commitKey(commit.feed, 1),
      () => commits.readRun(commit.feed, 1),
    ],
    'loadChanges in a commit': [
      'commit',
      commitKey(commit.feed, 1),
      () => commits.loadChanges('notes/a', 0),
    ],
    'replay in a commit': [
      'commit',
      commitKey(commit.feed, 1),
      () => Array.fromAsync(commits.replay()),
    ],
    'loadChanges in the index': [
      'op index',
      opKey('notes/a', commit.feed, 1, 0),
      () => commits.loadChanges('notes/a', 0),
    ],
    'readMeta in a meta record': ['meta record', metaKey('peers'), () => commits.readMeta('peers')],
  };
  for (const [place, [kind, key, read]] of Object.entries(reads)) {
    it(`is found by ${place}, whatever it is, and named by its key`, async () => {
      await read();
      const damage = fc.asyncProperty(anyChange, async (change) => {
        await alter(key, change);
        await assert.rejects(async () => read(), damagedAt(kind, key));
      });
      await fc.assert(damage.beforeEach(writeAll));
    });
  }

  it('is a commit in the place of another', async () => {
    const other = await store.get(headKey(commit.feed));
    assert.ok(other);
    await alter(commitKey(commit.feed, 1), () => other);
    await assert.rejects(
      () => commits.readRun(commit.feed, 1),
      damagedAt('commit', commitKey(commit.feed, 1)),
    );
  });

  it('is a missing commit that the index of a document names', async () => {
    const key = commitKey(commit.feed, 1);
    await store.write([{ type: 'delete', key }], { sync: false });
    await assert.rejects(() => commits.loadChanges('notes/a', 0), damagedAt('commit', key));
  });

  it('of a view harms no commit', async () => {
    await alter(viewKey('notes/a'), () => utf8('nonsense'));
    assert.equal((await commits.loadChanges('notes/a', 0)).length, 1);
  });
});
