// Documents that belong to a node: its sidecar writes them, nobody else can, and every receiver sees to that.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeOps } from '../../src/core/feeds/commit.ts';
import type { Caller, JsonObject, Op } from '../../src/core/index.ts';
import { Author } from '../sidecar/support/author.ts';
import { claimOf, issueOf } from '../support/command-requests.ts';
import { ADMIN, ALWAYS_DUE, agent, refusal, START_MS, TestNode } from '../support/test-node.ts';

const SIDECAR: Caller = { scope: 'sidecar' };
const VALUE: JsonObject = { addresses: ['192.0.2.7:7677'] };

function state(node: TestNode, value: JsonObject, id = node.nodeId) {
  const items = [{ collection: 'addresses', id, value }];
  return node.request('put', { items, ack: 'local', batch: false }, SIDECAR);
}

function statementOf(node: TestNode, reader = node): JsonObject | undefined {
  return reader.read(`addresses/${node.nodeId}`);
}

describe('a document of the node', () => {
  test('is written by the sidecar itself and read everywhere', () => {
    const [north, south] = [new TestNode('north'), new TestNode('south')];
    state(north, VALUE);
    assert.equal(south.receive(north.runs()), undefined);
    assert.deepEqual(statementOf(north, south), VALUE);
    const { origin, presence } = south.request('get', {
      collection: 'addresses',
      id: north.nodeId,
    }).freshness;
    assert.equal(origin, north.nodeId);
    assert.equal(presence, undefined, 'it is no agent');
    assert.equal(south.stateHash, north.stateHash);
  });

  test('that is written again as it was becomes younger, and its revision stays', () => {
    const [north, south] = [new TestNode('north'), new TestNode('south')];
    const [first] = state(north, VALUE).results;
    north.nowMs = START_MS + 86_400_000;
    const [second] = state(north, VALUE).results;
    assert.deepEqual([first?.changed, second?.changed], [true, false]);
    assert.equal(second?.revision, first?.revision);
    south.nowMs = north.nowMs;
    south.receive(north.runs());
    const row = south.request('get', { collection: 'addresses', id: north.nodeId });
    assert.equal(row.freshness.observedAtMs, north.nowMs);
    assert.equal(row.freshness.revision, first?.revision);
    assert.equal(row.freshness.ageMs, 0);
  });

  test('stays short however often it changes, and survives checkpoints', () => {
    const north = new TestNode('north', undefined, undefined, { checkpointDue: ALWAYS_DUE });
    for (let n = 1; n <= 100; n++) state(north, { addresses: [`192.0.2.7:${n}`] });
    north.look();
    assert.ok(north.stored.length < 10, `${north.stored.length} commits are kept`);
    const south = new TestNode('south');
    assert.equal(south.receive(north.runs()), undefined);
    assert.deepEqual(statementOf(north, south), { addresses: ['192.0.2.7:100'] });
  });
});

describe('at the door', () => {
  const north = new TestNode('north');
  const key = { collection: 'addresses', id: north.nodeId };
  for (const caller of [ADMIN, agent('north')]) {
    test(`a token of scope ${caller.scope} writes none, whatever the method`, () => {
      const refused = refusal('COLLECTION_RESERVED', 'collection');
      const items = [{ ...key, value: VALUE }];
      const put = { items, ack: 'local', batch: false } as const;
      assert.throws(() => north.request('put', put, caller), refused);
      const patch = { ...key, patch: VALUE, ack: 'local' } as const;
      assert.throws(() => north.request('patch', patch, caller), refused);
      assert.throws(() => north.request('delete', key, caller), refused);
      assert.deepEqual(north.stored, []);
    });
  }

  test('the sidecar itself writes no other node’s, and nothing else', () => {
    const south = new TestNode('south');
    assert.throws(() => state(north, VALUE, south.nodeId), refusal('NOT_OWNER', 'id'));
    for (const [collection, id, reason] of [
      ['notes', 'a', 'SCOPE_MISSING'],
      ['deployments', 'north:nginx', 'SCOPE_MISSING'],
      ['platforms', 'north', 'COLLECTION_RESERVED'],
    ] as const) {
      const items = [{ collection, id, value: {} }];
      const put = { items, ack: 'local', batch: false } as const;
      assert.throws(() => north.request('put', put, SIDECAR), refusal(reason), collection);
    }
    const issue = issueOf({ agent: 'north', kind: 'reboot' });
    assert.throws(() => north.request('issueCommand', issue, SIDECAR), refusal('SCOPE_MISSING'));
    const claim = claimOf('x');
    assert.throws(
      () => north.request('acknowledgeCommand', claim, SIDECAR),
      refusal('SCOPE_MISSING'),
    );
    assert.deepEqual(north.stored, []);
  });
});

describe('what another node writes about a node is void (invariant 8)', () => {
  /** Ops of mallory's on a document of his own, made to be about north, and signed as he would. */
  function forge(north: TestNode): { mallory: TestNode; author: Author; ops: Op[] } {
    const mallory = new TestNode('mallory');
    const about = `addresses/${north.nodeId}`;
    mallory.put('notes/a', { addresses: ['203.0.113.66:7677'] });
    const change = mallory.stored[0]?.ops[0];
    assert.ok(change?.kind === 'change');
    const bytes = new Uint8Array();
    const ops: Op[] = [
      { ...change, key: about },
      // A life further on, it would win over whatever north says.
      { ...change, key: about, generation: 2 ** 33 },
      { key: about, kind: 'beat', generation: 0, bytes },
      { key: about, kind: 'delete', generation: 2 ** 32 - 1, bytes },
      { ...change, key: about, clock: 1n },
    ];
    return { mallory, author: new Author('mallory', mallory.incarnation), ops };
  }

  test('everywhere, in every order, and is passed on', () => {
    const north = new TestNode('north');
    state(north, VALUE);
    const { author, ops } = forge(north);
    author.append(encodeOps(ops));
    const orders = [
      [author.run(), ...north.runs()],
      [...north.runs(), author.run()],
    ];
    const hashes = orders.map((runs, index) => {
      const reader = new TestNode(`reader-${index}`);
      for (const run of runs) assert.equal(reader.receive([run]), undefined);
      assert.deepEqual(statementOf(north, reader), VALUE);
      assert.equal(reader.request('summary', {}).voidOps, ops.length);
      assert.equal(reader.request('summary', {}).commits, 2, 'the forged commit is kept');
      return reader.stateHash;
    });
    assert.deepEqual(hashes, [north.stateHash, north.stateHash]);
    assert.equal(north.receive([author.run()]), undefined);
    assert.deepEqual(statementOf(north), VALUE);
  });

  test('also where the node has said nothing yet', () => {
    const north = new TestNode('north');
    const { author, ops } = forge(north);
    author.append(encodeOps(ops));
    const reader = new TestNode('reader');
    assert.equal(reader.receive([author.run()]), undefined);
    assert.equal(statementOf(north, reader), undefined);
    assert.equal(reader.request('summary', {}).documents, 0);
  });

  test('and so is a document whose id is no node’s', () => {
    const { author, ops } = forge(new TestNode('north'));
    author.append(encodeOps([{ ...ops[0], key: 'addresses/all' } as Op]));
    const reader = new TestNode('reader');
    assert.equal(reader.receive([author.run()]), undefined);
    assert.equal(reader.read('addresses/all'), undefined);
  });

  test('while what mallory says of himself counts', () => {
    const { mallory, author, ops } = forge(new TestNode('north'));
    author.append(encodeOps([{ ...ops[0], key: `addresses/${mallory.nodeId}` } as Op]));
    const reader = new TestNode('reader');
    assert.equal(reader.receive([author.run()]), undefined);
    assert.deepEqual(statementOf(mallory, reader), { addresses: ['203.0.113.66:7677'] });
  });
});
