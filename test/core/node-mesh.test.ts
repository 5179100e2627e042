// A node among others: runs in, documents out, whatever the order, and what cannot be read harms nothing else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeOps } from '../../src/core/feeds/commit.ts';
import { FeedTable } from '../../src/core/feeds/feed.ts';
import { createIncarnation, hlcOf, type Run, toHex } from '../../src/core/index.ts';
import { createSigner, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import { ADMIN, START_MS, TestNode } from '../support/test-node.ts';

/** Runs of a stranger's own making with that payload, signed as the protocol asks. */
function runWith(payload: Uint8Array): Run {
  const signer = createSigner(new Uint8Array(32).fill(200));
  const author = toHex(signer.publicKey);
  const feed = {
    author,
    incarnation: createIncarnation(author, START_MS, new Uint8Array(4), sodiumCrypto),
    lane: 'state' as const,
  };
  const feeds = new FeedTable({
    fleetId: new Uint8Array(32).fill(9),
    crypto: sodiumCrypto,
    signer,
    own: () => feed,
    heads: [],
  });
  return { feed, firstSeq: 1, commits: [feeds.append('state', hlcOf(START_MS), payload)] };
}

test('a run is stored before its sender hears that it is', () => {
  const north = new TestNode('north');
  const south = new TestNode('south');
  north.put('notes/a', { n: 1 });
  assert.equal(south.receive(north.runs()), undefined);
  const kinds = south.effects.map(({ type }) => type);
  assert.ok(kinds.indexOf('persist') < kinds.indexOf('delivered'));
  const persist = south.effects.find((effect) => effect.type === 'persist');
  assert.ok(
    persist?.type === 'persist' && !persist.sync,
    'what others hold too needs no fsync of its own',
  );
});

test('nodes that took the same runs in any order are equal (invariant 1)', () => {
  const authors = ['node-1', 'node-2', 'node-3'].map((name) => new TestNode(name));
  for (const [i, author] of authors.entries()) {
    author.put('notes/shared', { [`by${i}`]: i, both: i });
    author.put(`deployments/${author.name}:x`, { v: i });
    author.put('notes/gone', { i });
    if (i === 1) author.request('delete', { collection: 'notes', id: 'gone' });
  }
  const runs = authors.flatMap((author) => author.runs());
  fc.assert(
    fc.property(
      fc.shuffledSubarray(runs, { minLength: runs.length }),
      fc.boolean(),
      (order, oneByOne) => {
        const reader = new TestNode('reader');
        if (oneByOne) for (const run of order) assert.equal(reader.receive([run]), undefined);
        else assert.equal(reader.receive(order), undefined);
        const reference = new TestNode('other');
        reference.receive(runs);
        assert.equal(reader.stateHash, reference.stateHash);
        assert.deepEqual(Object.keys(reader.read('notes/shared') ?? {}).sort(), [
          'both',
          'by0',
          'by1',
          'by2',
        ]);
      },
    ),
    { numRuns: 30 },
  );
});

test('a payload that cannot be read is void: reported, stored, passed on, and the feed goes on', () => {
  const node = new TestNode('north');
  assert.equal(node.receive([runWith(new Uint8Array([7, 7, 7]))]), undefined);
  assert.ok(
    node.effects.some((effect) => effect.type === 'report' && effect.event === 'core.void_ops'),
  );
  assert.equal(node.stored.length, 1);
});

test('a change that fails inspection is void: reported, stored, passed on, and it opens no document', () => {
  const node = new TestNode('north');
  const ops = [
    { key: 'notes/bad', kind: 'change' as const, generation: 7, bytes: new Uint8Array([1, 2, 3]) },
    { key: 'Bad Name/x', kind: 'change' as const, generation: 0, bytes: new Uint8Array([1]) },
  ];
  assert.equal(node.receive([runWith(encodeOps(ops))]), undefined);
  const reports = node.effects.filter(({ type }) => type === 'report');
  assert.deepEqual(
    reports.map((effect) => effect.type === 'report' && effect.event),
    ['core.void_ops'],
  );
  assert.equal(node.stored.length, 1);
  assert.equal(node.read('notes/bad'), undefined);
  assert.match(node.put('notes/bad', { n: 1 }).results[0]?.revision ?? '', /^0-/);
  assert.deepEqual(node.read('notes/bad'), { n: 1 });
});

test('a run that is refused names why and leaves the node as it was', () => {
  const node = new TestNode('north');
  const run = runWith(encodeOps([]));
  const forged = { ...run, commits: run.commits.map((commit) => ({ ...commit, clock: 1n })) };
  assert.match(node.receive([forged]) ?? '', /signature/);
  assert.deepEqual(node.node.positions(), []);
});

test('a commit from the far future is held, with a time to ask again, until a clock is set right', () => {
  const [north, south] = [new TestNode('north'), new TestNode('south')];
  north.nowMs = START_MS + 365 * 86_400_000;
  north.put('notes/a', { n: 1 });
  assert.match(south.receive(north.runs()) ?? '', /ten minutes ahead/);
  const delivered = south.effects.find(({ type }) => type === 'delivered');
  assert.ok(delivered?.type === 'delivered' && delivered.outcome.type === 'held');
  assert.equal(delivered.outcome.position.seq, 0);
  assert.ok(delivered.outcome.retryAfterMs > 0);
  assert.deepEqual(south.stored, []);
  south.put('notes/b', { n: 1 });
  const { freshness } = south.request('get', { collection: 'notes', id: 'b' });
  assert.equal(freshness.observedAtMs, START_MS, 'it did not drag our clock along');
  south.nowMs = north.nowMs;
  assert.equal(south.receive(north.runs()), undefined);
  assert.deepEqual(south.read('notes/a'), { n: 1 });
});

test('lost views are rebuilt from commits and are as before', () => {
  const before = new TestNode('north');
  before.put('notes/a', { n: 1 });
  before.put('notes/b', { n: 1 });
  before.put('notes/a', { n: 2 });
  before.request('delete', { collection: 'notes', id: 'b' });
  const after = new TestNode('north', {
    feeds: [...before.disk.heads.values()],
  });
  after.turn({
    type: 'commits-replayed',
    commits: before.stored.map(({ commit, ops }) => ({
      feed: commit.feed,
      clock: commit.clock,
      ops,
    })),
  });
  assert.equal(after.stateHash, before.stateHash);
  assert.deepEqual(after.stored, [], 'nothing is stored twice');
  assert.deepEqual(
    after
      .request('list', { collection: 'notes', idPrefix: '', pageSize: 10, pageToken: '' }, ADMIN)
      .rows.map(({ id }) => id),
    ['a'],
  );
});
