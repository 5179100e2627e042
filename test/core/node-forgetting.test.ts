// Checkpoints of a node: what they keep, what nobody notices of them, and when what is dead may go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LiveDocument } from '../../src/core/documents/document.ts';
import { checkpointOf, encodeOps } from '../../src/core/feeds/commit.ts';
import { FeedTable } from '../../src/core/feeds/feed.ts';
import {
  createIncarnation,
  DEFAULT_CORE_CONFIG,
  type Effect,
  type Event,
  hlcOf,
  type Op,
  toHex,
  type View,
} from '../../src/core/index.ts';
import { createSigner, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';
import {
  ADMIN,
  ALWAYS_DUE,
  agent,
  NEVER_DUE,
  START_MS,
  split,
  TestNode,
} from '../support/test-node.ts';

const DAY_MS = 86_400_000;
const EVERYTHING = { collections: [], idPrefix: '', limit: 1000 };

function start(name: string): TestNode {
  return new TestNode(name, {}, undefined, { checkpointDue: NEVER_DUE });
}

function restart(node: TestNode): TestNode {
  return new TestNode(node.name, {}, undefined, {
    ...{ checkpointDue: NEVER_DUE, disk: node.disk, nowMs: node.nowMs },
  });
}

/** Writes a checkpoint of every lane where there is something to forget. */
function checkpoint(node: TestNode): void {
  node.due = ALWAYS_DUE;
  node.look();
  node.due = NEVER_DUE;
}

function heartbeat(node: TestNode, status: string): void {
  const beat = { status, workloads: [], labels: {}, versions: {}, telemetry: {}, extra: {} };
  const body = { agent: node.name, beat, intervalMs: 10_000, ack: 'local' as const };
  node.request('heartbeat', body, agent(node.name));
}

function freshness(node: TestNode, key: string) {
  return node.request('get', split(key)).freshness;
}

function storedOps(node: TestNode): Op[] {
  return node.stored.flatMap(({ ops }) => ops);
}

test('a checkpoint changes no revision, and watchers of both sides see nothing of it', () => {
  const [north, south] = [start('north'), start('south')];
  for (const n of [1, 2, 3]) north.put('deployments/north:a', { n });
  for (const n of [1, 2, 3]) north.put('notes/a', { n });
  heartbeat(north, 'up');
  south.receive(north.runs());
  const nodes = [north, south];
  const cursors = nodes.map(
    (node) => node.request('changes', { ...EVERYTHING, cursor: '' }).cursor,
  );
  const hashes = nodes.map(({ stateHash }) => stateHash);
  const keys = ['deployments/north:a', 'notes/a', 'platforms/north'];
  const revisions = keys.map((key) => freshness(north, key).revision);
  checkpoint(north);
  south.receive(north.runs());
  assert.deepEqual(storedOps(north).filter(({ key }) => key === keys[0]).length, 1, 'written anew');
  for (const [index, node] of nodes.entries()) {
    const read = node.request('changes', { ...EVERYTHING, cursor: cursors[index] as string });
    assert.deepEqual([read.events, read.resync], [[], false], node.name);
    assert.equal(node.stateHash, hashes[index]);
    assert.deepEqual(
      keys.map((key) => freshness(node, key).revision),
      revisions,
    );
  }
});

test('what a checkpoint repeats is as old as it was, also for who hears of it first by the checkpoint (invariant 17)', () => {
  const north = start('north');
  north.put('notes/a', { n: 1 });
  north.put('deployments/north:a', { n: 1 });
  heartbeat(north, 'up');
  north.nowMs += 20_000;
  heartbeat(north, 'up');
  north.put('deployments/north:a', { n: 2 });
  north.nowMs += DAY_MS;
  checkpoint(north);
  checkpoint(north);
  const south = start('south');
  south.nowMs = north.nowMs;
  south.receive(north.runs());
  for (const node of [north, restart(north), south]) {
    assert.equal(freshness(node, 'notes/a').observedAtMs, START_MS, node.name);
    for (const key of ['deployments/north:a', 'platforms/north']) {
      assert.equal(freshness(node, key).observedAtMs, START_MS + 20_000, `${key} at ${node.name}`);
    }
    // Who has just begun to listen buries nobody yet.
    node.nowMs += 101_000;
    assert.equal(freshness(node, 'platforms/north').presence, 'unreachable');
  }
});

test('a repeated op that claims to be younger than its checkpoint is as old as that (invariant 17)', () => {
  const signer = createSigner(new Uint8Array(32).fill(200));
  const author = toHex(signer.publicKey);
  const incarnation = createIncarnation(author, START_MS, new Uint8Array(4), sodiumCrypto);
  const feed = { author, incarnation, lane: 'state' as const };
  const fleetId = new Uint8Array(32).fill(9);
  const feeds = new FeedTable({
    fleetId,
    crypto: sodiumCrypto,
    signer,
    own: () => feed,
    heads: [],
  });
  const bytes = new LiveDocument(incarnation, sodiumCrypto).found({ n: 1 });
  const clock = hlcOf(START_MS + DAY_MS);
  const payload = encodeOps([{ key: 'notes/a', kind: 'change', generation: 0, bytes, clock }]);
  const south = start('south');
  south.receive([
    { feed, firstSeq: 1, commits: [feeds.append('state', hlcOf(START_MS), payload)] },
  ]);
  assert.equal(freshness(south, 'notes/a').observedAtMs, START_MS);
});

test('a tombstone of a document of our own goes when nothing is left that it deletes (invariant 10)', () => {
  const [north, south] = [start('north'), start('south')];
  north.put('deployments/north:a', { n: 1 });
  south.receive(north.runs());
  north.request('delete', split('deployments/north:a'));
  checkpoint(north);
  assert.deepEqual(storedOps(north), []);
  assert.equal(north.disk.views.size, 0, 'and its view with it');
  south.receive(north.runs());
  assert.equal(south.read('deployments/north:a'), undefined);
  assert.deepEqual(storedOps(south), []);
  assert.equal(south.disk.views.size, 0);
});

test('a tombstone stays as long as somebody else holds what it deletes, however old it is (invariant 10)', () => {
  const [north, south] = [start('north'), start('south')];
  north.put('notes/a', { n: 1 });
  south.receive(north.runs());
  south.request('delete', split('notes/a'));
  south.nowMs += 30 * DAY_MS;
  checkpoint(south);
  assert.deepEqual(
    storedOps(south)
      .map(({ kind }) => kind)
      .sort(),
    ['change', 'delete'],
  );
  const late = start('late');
  late.nowMs = south.nowMs;
  for (const run of [...north.runs(), ...south.runs()]) late.receive([run]);
  assert.equal(late.read('notes/a'), undefined);
  // North hears of it and repeats its change no more; then the tombstone has nothing left to delete.
  north.nowMs = south.nowMs;
  north.receive(south.runs());
  checkpoint(north);
  south.receive(north.runs());
  south.put('notes/b', { n: 1 });
  checkpoint(south);
  assert.deepEqual(
    storedOps(south).map(({ key }) => key),
    ['notes/b'],
  );
  assert.equal(south.read('notes/a'), undefined);
});

test('a tombstone of a shared document stays for a week, for those who have not heard of it (invariant 10)', () => {
  const north = start('north');
  north.put('notes/a', { n: 1 });
  north.request('delete', split('notes/a'));
  checkpoint(north);
  assert.deepEqual(
    storedOps(north).map(({ kind }) => kind),
    ['delete'],
  );
  north.nowMs += 6 * DAY_MS;
  north.put('notes/b', { n: 1 });
  checkpoint(north);
  assert.equal(storedOps(north).filter(({ kind }) => kind === 'delete').length, 1);
  north.nowMs += 2 * DAY_MS;
  north.put('notes/b', { n: 2 });
  checkpoint(north);
  assert.deepEqual(
    storedOps(north).filter(({ kind }) => kind === 'delete'),
    [],
  );
});

test('a cursor from before a view of nothing went starts over after a restart, and a later one goes on', () => {
  const north = start('north');
  north.put('deployments/north:a', { n: 1 });
  const early = north.request('changes', { ...EVERYTHING, cursor: '' }).cursor;
  north.request('delete', split('deployments/north:a'));
  checkpoint(north);
  const told = north.request('changes', { ...EVERYTHING, cursor: early });
  assert.deepEqual([told.resync, told.events.map(({ type }) => type)], [false, ['delete']]);
  const again = restart(north);
  assert.equal(again.request('changes', { ...EVERYTHING, cursor: early }).resync, true);
  const { resync, events } = again.request('changes', { ...EVERYTHING, cursor: told.cursor });
  assert.deepEqual([resync, events], [false, []]);
});

test('what is written while a checkpoint is gathered is in it, and what a turn writes beside it too', () => {
  const north = start('north');
  north.put('notes/a', { n: 1 });
  north.put('deployments/north:a', { n: 1 });
  north.due = ALWAYS_DUE;
  const now = { wallMs: START_MS, monotonicMs: 0 };
  north.node.handle({ type: 'timer', name: 'checkpoint-look' }, now);
  const asked = north.node.handle({ type: 'turn-ended' }, now);
  const gather = asked.find((effect) => effect.type === 'gather-live');
  assert.ok(gather?.type === 'gather-live');
  const ops = north.disk.gather(gather);
  north.due = NEVER_DUE;
  north.put('notes/b', { n: 1 });
  const items = ['notes/c', 'deployments/north:a'].map((key) => ({
    ...split(key),
    value: { n: 2 },
  }));
  const body = { items, ack: 'local' as const, batch: false };
  north.turn(
    { type: 'request', requestId: 77, request: { method: 'put', caller: ADMIN, body } },
    // Twice, as when the store still holds what a checkpoint before repeats.
    { type: 'live-gathered', lane: 'state', ops: [...ops, ...ops] },
  );
  assert.deepEqual(
    storedOps(north)
      .map(({ key }) => key)
      .sort(),
    ['deployments/north:a', 'notes/a', 'notes/b', 'notes/c'],
  );
  const south = start('south');
  south.receive(north.runs());
  assert.equal(south.stateHash, north.stateHash);
});

test('a load under way while commits are dropped begins again', () => {
  const [north, west] = [start('north'), start('west')];
  north.put('notes/a', { north: 1 });
  west.put('notes/a', { west: 1 });
  const reader = new TestNode('reader', {}, { ...DEFAULT_CORE_CONFIG, liveDocuments: 0 });
  reader.receive([...north.runs(), ...west.runs()]);
  const key = 'notes/a';
  const { generation } = reader.disk.views.get(key) as View;
  const before = reader.disk.changes(key, generation);
  const now = { wallMs: START_MS, monotonicMs: 0 };
  const turn = (event: Event): Effect[] => {
    reader.node.handle(event, now);
    return reader.node.handle({ type: 'turn-ended' }, now);
  };
  const request = { method: 'get', caller: ADMIN, body: split(key) } as const;
  const loads = (effects: readonly Effect[]) =>
    effects.filter(({ type }) => type === 'load-document').length;
  assert.equal(loads(turn({ type: 'request', requestId: 5, request })), 1);
  const feed = west.stored[0]?.commit.feed;
  assert.ok(feed);
  const documents = reader.disk.prune([{ feed, from: 1, through: 1 }], []);
  turn({ type: 'documents-reduced', documents });
  assert.equal(loads(turn({ type: 'document-loaded', key, generation, changes: before })), 1);
  const changes = reader.disk.changes(key, generation);
  const reply = turn({ type: 'document-loaded', key, generation, changes }).find(
    ({ type }) => type === 'reply',
  );
  assert.ok(reply?.type === 'reply' && reply.outcome.ok);
  assert.deepEqual('value' in reply.outcome.response && reply.outcome.response.value, { north: 1 });
});

test('a lane where a later version wrote is left as it is', () => {
  const north = start('north');
  north.put('notes/a', { n: 1 });
  north.put('notes/a', { n: 2 });
  const before = north.stored.length;
  north.due = ALWAYS_DUE;
  const now = { wallMs: START_MS, monotonicMs: 0 };
  north.node.handle({ type: 'timer', name: 'checkpoint-look' }, now);
  const asked = north.node.handle({ type: 'turn-ended' }, now);
  const gather = asked.find((effect) => effect.type === 'gather-live');
  assert.ok(gather?.type === 'gather-live');
  north.turn({ type: 'live-gathered', lane: 'state', ops: undefined });
  assert.equal(north.stored.length, before);
  assert.deepEqual(
    north.look().filter(({ type }) => type === 'gather-live'),
    [],
    'not at once again',
  );
});

test('a checkpoint covers earlier runs of the node, and is not written again for a copy that started later', () => {
  let north = start('north');
  north.put('notes/a', { n: 1 });
  const first = north.stored[0]?.commit.feed.incarnation;
  north = restart(north);
  north.put('notes/b', { n: 1 });
  const ours = north.stored.at(-1)?.commit.feed.incarnation;
  checkpoint(north);
  const begun = north.stored.flatMap(({ commit }) => checkpointOf(commit.payload) ?? []);
  assert.deepEqual(
    begun.map(({ covers }) => covers),
    [[{ incarnation: first, seq: 1 }]],
  );
  assert.ok(north.stored.every(({ commit }) => commit.feed.incarnation === ours));
  assert.equal(gathers(north.look()), 0, 'nothing is left to cover');
  // A copy of the disk that ran later elsewhere.
  const copy = new TestNode('north', {}, undefined, {
    checkpointDue: NEVER_DUE,
    nowMs: START_MS + DAY_MS,
  });
  copy.put('notes/c', { n: 1 });
  north.nowMs += DAY_MS;
  assert.equal(north.receive(copy.runs()), undefined);
  assert.equal(gathers(north.look()), 0, 'a later one is not ours to cover');
});

function gathers(effects: readonly Effect[]): number {
  return effects.filter(({ type }) => type === 'gather-live').length;
}

test('what is stored is bounded by what is alive, whatever was written and deleted before (invariant 13)', () => {
  const step = fc.record({
    do: fc.constantFrom('put', 'put', 'delete', 'beat', 'restart', 'checkpoint'),
    document: fc.nat({ max: 5 }),
    n: fc.nat({ max: 100 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      let north = start('north');
      const south = start('south');
      for (const { do: what, document, n } of steps) {
        north.nowMs += 1000;
        const key = `deployments/north:d${document}`;
        if (what === 'put') north.put(key, { n });
        else if (what === 'delete' && north.read(key) !== undefined)
          north.request('delete', split(key));
        else if (what === 'beat') heartbeat(north, `${n % 2}`);
        else if (what === 'restart') north = restart(north);
        else if (what === 'checkpoint') checkpoint(north);
      }
      north = restart(north);
      checkpoint(north);
      south.nowMs = north.nowMs;
      south.receive(north.runs());
      const { documents, stateHash } = north.request('summary', {});
      assert.equal(south.stateHash, stateHash);
      for (const node of [north, south]) {
        // A change and perhaps a beat for each live document; one commit a lane, as they are few.
        assert.ok(storedOps(node).length <= 2 * documents, `${storedOps(node).length} ops`);
        assert.ok(node.stored.length <= 2, `${node.stored.length} commits`);
        assert.equal(node.disk.views.size, documents, 'a view of each and of nothing else');
        const bytes = node.stored.reduce((sum, { commit }) => sum + commit.payload.length, 0);
        const named = node.stored.flatMap(
          ({ commit }) => checkpointOf(commit.payload)?.covers ?? [],
        );
        assert.ok(bytes <= 100 + 400 * documents + 32 * named.length, `${bytes} bytes`);
      }
    }),
    { numRuns: Number(process.env.MODEL_RUNS ?? 40) },
  );
});
