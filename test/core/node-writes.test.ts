// Writes through a node: what is committed, in which order effects come, and that a refused request has none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORGETTING } from '../../src/core/feeds/forgetting.ts';
import { DEFAULT_CORE_CONFIG, HoldfastError, type JsonObject } from '../../src/core/index.ts';
import { ADMIN, agent, refusal, TestNode } from '../support/test-node.ts';

test('a put is persisted with sync before it is answered, then announced', () => {
  const node = new TestNode('north');
  node.put('notes/a', { text: 'hello' });
  assert.deepEqual(
    node.effects.map(({ type }) => type),
    ['persist', 'reply', 'feeds-advanced', 'documents-changed'],
  );
  const persist = node.effects[0];
  assert.ok(persist?.type === 'persist' && persist.sync);
  assert.deepEqual(
    persist.commits.map(({ commit, ops }) => [commit.feed.lane, commit.seq, ops.length]),
    [['state', 1, 1]],
  );
  assert.deepEqual(
    persist.views.map(({ key, value }) => [key, value]),
    [['notes/a', { text: 'hello' }]],
  );
});

test('an announcement names the collections in which something changed, whoever wrote it', () => {
  const [north, south] = [new TestNode('north'), new TestNode('south')];
  const announced = (node: TestNode): string[][] =>
    node.effects.flatMap((effect) =>
      effect.type === 'documents-changed' ? [[...effect.collections].sort()] : [],
    );
  south.put('notes/a', { n: 1 });
  assert.deepEqual(announced(south), [['notes']]);
  south.put('tasks/b', { n: 1 });
  assert.deepEqual(announced(south), [['tasks']]);
  north.receive(south.runs());
  assert.deepEqual(announced(north), [['notes', 'tasks']]);
  // Reading brings them up to date, which is told too.
  north.read('notes/a');
  assert.deepEqual(announced(north), [['notes']]);
});

test('a put that changes nothing writes nothing', () => {
  const node = new TestNode('north');
  const first = node.put('notes/a', { n: 1 }).results[0];
  const second = node.put('notes/a', { n: 1 }).results[0];
  assert.deepEqual(second, { revision: first?.revision, changed: false });
  assert.deepEqual(
    node.effects.map(({ type }) => type),
    ['reply'],
  );
});

test('all writes of one turn share one commit', () => {
  const node = new TestNode('north');
  const put = (requestId: number) => ({
    type: 'request' as const,
    requestId,
    request: {
      method: 'put' as const,
      caller: ADMIN,
      body: {
        items: [{ collection: 'notes', id: `n${requestId}`, value: {} }],
        ack: 'local' as const,
        batch: false,
      },
    },
  });
  node.turn(put(101), put(102), put(103));
  assert.deepEqual(
    node.stored.map(({ ops }) => ops.length),
    [3],
  );
  assert.equal(node.effects.filter(({ type }) => type === 'reply').length, 3);
});

test('large writes are cut into several commits of one turn', () => {
  const node = new TestNode('north');
  const items = Array.from({ length: 20 }, (_, i) => ({
    collection: 'notes',
    id: `n${i}`,
    value: { text: 'x'.repeat(20_000), i },
  }));
  node.request('put', { items, ack: 'local', batch: true });
  assert.ok(node.stored.length > 1);
  assert.ok(node.stored.every(({ commit }) => commit.payload.length < 100_000));
  assert.equal(node.effects.filter(({ type }) => type === 'persist').length, 1, 'one atomic write');
});

const BAD_PUTS: readonly [
  why: string,
  key: string,
  value: JsonObject,
  reason: string,
  field: string,
][] = [
  ['a collection name with capitals', 'Notes/a', {}, 'INVALID_FIELD', 'collection'],
  ['a reserved collection', 'leases/a', {}, 'UNKNOWN_COLLECTION', 'collection'],
  ['a collection of another service', 'commands/a', {}, 'COLLECTION_RESERVED', 'collection'],
  ['the heartbeats of an agent', 'platforms/north', {}, 'COLLECTION_RESERVED', 'collection'],
  ['an id with a blank', 'notes/a b', {}, 'INVALID_FIELD', 'id'],
  ['an id that climbs', 'notes/../a', {}, 'INVALID_FIELD', 'id'],
  ['an owned id without an agent', 'deployments/nginx', {}, 'INVALID_FIELD', 'id'],
  ['a document of an agent served elsewhere', 'deployments/south:nginx', {}, 'NOT_OWNER', 'id'],
  ['a value over 64 KiB', 'notes/a', { text: 'x'.repeat(65_536) }, 'DOCUMENT_TOO_LARGE', 'value'],
  ['a value deeper than 16 levels', 'notes/a', nest(17), 'DOCUMENT_TOO_DEEP', 'value'],
  [
    'a key that poisons objects',
    'notes/a',
    JSON.parse('{"a":{"__proto__":{"x":1}}}') as JsonObject,
    'INVALID_FIELD',
    'value',
  ],
];

function nest(levels: number): JsonObject {
  return levels === 1 ? {} : { deeper: nest(levels - 1) };
}

for (const [why, key, value, reason, field] of BAD_PUTS) {
  test(`a put of ${why} is refused with ${reason} and has no effect`, () => {
    const node = new TestNode('north');
    assert.throws(() => node.put(key, value), refusal(reason, field));
    assert.deepEqual(
      node.effects.map(({ type }) => type),
      ['reply'],
    );
    assert.deepEqual(node.stored, []);
  });
}

test('the deepest and largest allowed values are taken', () => {
  const node = new TestNode('north');
  node.put('notes/deep', nest(16));
  node.put('notes/large', { text: 'x'.repeat(65_536 - 11) });
  assert.equal(node.stored.length, 2);
});

test('a batch with one bad document writes none and names it', () => {
  const node = new TestNode('north');
  const items = [
    { collection: 'notes', id: 'good', value: {} },
    { collection: 'notes', id: 'bad id', value: {} },
  ];
  assert.throws(
    () => node.request('put', { items, ack: 'local', batch: true }),
    refusal('INVALID_FIELD', 'documents[1].id'),
  );
  const twice = [items[0], items[0]] as typeof items;
  assert.throws(
    () => node.request('put', { items: twice, ack: 'local', batch: true }),
    refusal('INVALID_FIELD', 'documents[1].id'),
  );
  assert.deepEqual(node.stored, []);
  assert.equal(node.read('notes/good'), undefined);
});

test('a batch that fails in the middle of writing is taken back whole', () => {
  const node = new TestNode('north');
  node.put('notes/a', { n: 1 });
  // Legal as JSON, but its change takes more than a change may: only the writing finds out.
  const wide = Object.fromEntries(Array.from({ length: 7000 }, (_, i) => [`k${i}`, 0]));
  const items = [
    { collection: 'notes', id: 'a', value: { n: 2 } },
    { collection: 'notes', id: 'new', value: { n: 1 } },
    { collection: 'notes', id: 'wide', value: wide },
  ];
  let refused: unknown;
  try {
    node.request('put', { items, ack: 'local', batch: true });
  } catch (error) {
    refused = error;
  }
  if (refused === undefined) return assert.equal(node.read('notes/wide')?.k0, 0);
  assert.ok(refused instanceof HoldfastError && refused.reason === 'DOCUMENT_TOO_LARGE');
  assert.deepEqual(node.read('notes/a'), { n: 1 });
  assert.equal(node.read('notes/new'), undefined);
  node.put('notes/a', { n: 3 });
  const other = new TestNode('south');
  assert.equal(other.receive(node.runs()), undefined);
  assert.deepEqual(other.read('notes/a'), { n: 3 });
  assert.equal(other.stateHash, node.stateHash);
});

test("an agent writes its own documents and shared ones, nobody else's", () => {
  const node = new TestNode('north');
  const put = (id: string, collection = 'deployments') =>
    node.request(
      'put',
      { items: [{ collection, id, value: {} }], ack: 'local', batch: false },
      agent('north'),
    );
  put('north:nginx');
  put('free', 'notes');
  assert.throws(() => put('south:nginx'), refusal('AGENT_MISMATCH', 'id'));
});

test('a write at a revision happens only at that revision', () => {
  const node = new TestNode('north');
  const put = (ifRevision: string, n: number) =>
    node.request('put', {
      items: [{ collection: 'notes', id: 'a', value: { n }, ifRevision }],
      ack: 'local',
      batch: false,
    });
  assert.throws(() => put('0-abc', 1), refusal('REVISION_MISMATCH', 'if_revision'));
  const created = put('', 1).results[0]?.revision ?? '';
  assert.throws(() => put('', 2), refusal('REVISION_MISMATCH', 'if_revision'));
  put(created, 3);
  assert.throws(() => put(created, 4), refusal('REVISION_MISMATCH', 'if_revision'));
  assert.deepEqual(node.read('notes/a'), { n: 3 });
});

test('a patch merges, removes with null, creates, and tells whether it changed anything', () => {
  const node = new TestNode('north');
  const patch = (value: JsonObject) =>
    node.request('patch', { collection: 'notes', id: 'a', patch: value, ack: 'local' });
  assert.deepEqual(patch({ a: { b: 1, c: 2 } }).row.value, { a: { b: 1, c: 2 } });
  assert.deepEqual(patch({ a: { b: null, d: 3 } }).row.value, { a: { c: 2, d: 3 } });
  assert.equal(patch({ a: { c: 2 } }).changed, false);
});

test('deleted stays deleted until it is created again, also against an edit that was under way (invariant 10)', () => {
  const north = new TestNode('north');
  const south = new TestNode('south');
  north.put('notes/a', { n: 1 });
  south.receive(north.runs());
  north.request('delete', { collection: 'notes', id: 'a' });
  south.put('notes/a', { n: 2 });
  south.receive(north.runs());
  north.receive(south.runs());
  assert.equal(north.read('notes/a'), undefined);
  assert.equal(south.read('notes/a'), undefined);
  assert.equal(north.stateHash, south.stateHash);
  south.put('notes/a', { n: 3 });
  north.receive(south.runs());
  assert.deepEqual(north.read('notes/a'), { n: 3 });
  assert.throws(
    () => north.request('delete', { collection: 'notes', id: 'b' }),
    refusal('NOT_FOUND'),
  );
});

test('documents that are not live are loaded before they are written, and requests wait meanwhile', () => {
  const node = new TestNode('north', {}, { ...DEFAULT_CORE_CONFIG, liveDocuments: 16 });
  for (let i = 0; i < 40; i++) node.put(`notes/n${i}`, { i, fraction: 0.1 });
  node.put('notes/n0', { i: 0, fraction: 0.2 });
  assert.ok(node.effects.some(({ type }) => type === 'load-document'));
  assert.deepEqual(node.read('notes/n0'), { i: 0, fraction: 0.2 });
  const other = new TestNode('south');
  other.receive(node.runs());
  assert.equal(other.stateHash, node.stateHash);
});

test('an owned document written often is founded anew, so that its history stays short', () => {
  const [north, south] = [new TestNode('north'), new TestNode('south')];
  const late = new TestNode('late');
  for (let n = 0; n < 50; n++) {
    north.put('deployments/north:app', { n, fixed: 'x'.repeat(200) });
    south.receive(north.runs());
  }
  late.receive(north.runs());
  const ops = north.stored.flatMap((commit) => commit.ops);
  const generations = ops.map((op) => op.generation);
  assert.deepEqual([...new Set(generations)], [0, 1, 2, 3]);
  for (const generation of [0, 1, 2]) {
    assert.equal(
      generations.filter((other) => other === generation).length,
      FORGETTING.refoundOwnedAfter,
    );
  }
  for (const node of [north, south, late]) {
    assert.equal(node.read('deployments/north:app')?.n, 49);
    assert.equal(node.stateHash, north.stateHash);
  }
});

test('what is deleted after it was founded anew stays deleted, and a put that changes nothing founds nothing', () => {
  const node = new TestNode('north');
  const put = (n: number) => node.put('deployments/north:app', { n });
  for (let n = 0; n <= FORGETTING.refoundOwnedAfter; n++) put(n);
  const stored = node.stored.length;
  assert.equal(put(FORGETTING.refoundOwnedAfter).results[0]?.changed, false);
  assert.equal(node.stored.length, stored);
  node.request('delete', { collection: 'deployments', id: 'north:app' });
  const other = new TestNode('south');
  other.receive(node.runs());
  assert.equal(other.read('deployments/north:app'), undefined);
  put(0);
  other.receive(node.runs());
  assert.deepEqual(other.read('deployments/north:app'), { n: 0 });
  assert.equal(other.stateHash, node.stateHash);
});

test('a shared document keeps its history: others may have changed it meanwhile', () => {
  const node = new TestNode('north');
  for (let n = 0; n < 3 * FORGETTING.refoundOwnedAfter; n++) node.put('notes/a', { n });
  assert.ok(node.stored.every(({ ops }) => ops.every((op) => op.generation === 0)));
});
