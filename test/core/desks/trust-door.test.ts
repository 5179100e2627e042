// What the local API of a founded fleet refuses before anything is written, and whose commands are not begun.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Caller, Method, RequestOf } from '../../../src/core/index.ts';
import type { Statement } from '../../../src/core/trust/index.ts';
import { claimOf, issueOf, reportOf } from '../../support/command-requests.ts';
import { ADMIN, agent, refusal, TestNode } from '../../support/test-node.ts';
import { actor, StatedFleet } from '../trust/support/fleet.ts';

const fleet = new StatedFleet();
const [hub, edge] = [actor('hub'), actor('edge')];
const POLICY = fleet.policy(
  1,
  [
    { collection: 'notes', class: 'shared', writers: new Set(['hub', 'agent']) },
    { collection: 'orders', class: 'shared', writers: new Set(['hub']) },
    { collection: 'readings', class: 'owned', writers: new Set(['agent']) },
    { collection: 'receipts', class: 'immutable', writers: new Set(['agent']) },
  ],
  hub,
);
const CERTIFICATES = [
  fleet.certify(hub, ['hub', 'issuer'], fleet.root),
  fleet.certify(edge, ['agent'], hub),
  POLICY,
];

function member(name: string, ...more: readonly Statement[]): TestNode {
  return new TestNode(name, undefined, undefined, { trust: fleet.set(...CERTIFICATES, ...more) });
}

function state(node: TestNode, ...statements: readonly Statement[]): void {
  const bytes = statements.map((statement) => statement.bytes);
  node.turn({ type: 'statements-received', deliveryId: 1, statements: bytes });
}

/** Asserts that the call is refused for that reason, and that nothing came of it. */
function refused<M extends Method>(
  node: TestNode,
  reason: string,
  method: M,
  body: RequestOf<M>,
  caller: Caller = ADMIN,
): Error {
  const before = [node.stored.length, node.stateHash];
  let thrown: unknown;
  assert.throws(
    () => node.request(method, body, caller),
    (error: unknown) => {
      thrown = error;
      return refusal(reason as Parameters<typeof refusal>[0])(error);
    },
  );
  assert.deepEqual([node.stored.length, node.stateHash], before, 'nothing is written');
  return thrown as Error;
}

function putOf(...keys: readonly string[]): RequestOf<'put'> {
  const items = keys.map((key) => {
    const [collection = '', id = ''] = key.split('/');
    return { collection, id, value: { n: 1 } };
  });
  return { items, ack: 'local', batch: keys.length > 1 };
}

describe('a write that nobody would count', () => {
  it('is refused with the collection and what to do', () => {
    const node = member('edge');
    const undeclared = refused(node, 'NOT_GRANTED', 'put', putOf('secrets/x'));
    assert.match(undeclared.message, /no policy declares "secrets".*`holdfast policy set`/);
    const foreign = refused(node, 'NOT_GRANTED', 'put', putOf('orders/x'));
    assert.match(foreign.message, /lets it write "orders".*have an issuer certify this sidecar/);
    refused(node, 'NOT_GRANTED', 'put', putOf('notes/a', 'orders/x'));
    refused(node, 'NOT_GRANTED', 'patch', {
      ...{ collection: 'orders', id: 'x', patch: {}, ack: 'local' },
    });
    node.put('notes/a', { n: 1 });
    assert.deepEqual(node.read('notes/a'), { n: 1 });
  });

  it('is refused where a certificate does not grant the agent, or the command', () => {
    const without = fleet.certify(edge, ['agent'], hub, { agents: ['other'] });
    const set = fleet.set(CERTIFICATES[0] as Statement, without, POLICY);
    const node = new TestNode('edge', undefined, undefined, { trust: set });
    refused(node, 'NOT_GRANTED', 'put', putOf('deployments/edge:x'), agent('edge'));
    const beat = { agent: 'edge', ack: 'memory' } as const;
    refused(node, 'NOT_GRANTED', 'heartbeat', beat, agent('edge'));
    refused(node, 'NOT_GRANTED', 'issueCommand', issueOf({ agent: 'edge' }));
  });

  it('is free in an open fleet', () => {
    const node = new TestNode('edge');
    node.put('secrets/x', { n: 1 });
    assert.deepEqual(node.read('secrets/x'), { n: 1 });
  });
});

describe('a declared collection', () => {
  it('that is owned takes from an agent what is its own', () => {
    const node = member('edge');
    node.request('put', putOf('readings/edge:1'), agent('edge'));
    refused(node, 'NOT_GRANTED', 'put', putOf('readings/other:1'), agent('edge'));
    refused(node, 'AGENT_MISMATCH', 'put', putOf('readings/edge:2'), agent('other'));
  });

  it('that is immutable is written once and not deleted', () => {
    const node = member('edge');
    node.request('put', putOf('receipts/a'));
    refused(node, 'IMMUTABLE', 'put', putOf('receipts/a'));
    refused(node, 'IMMUTABLE', 'delete', { collection: 'receipts', id: 'a' });
    node.request('put', putOf('receipts/b'));
  });
});

describe('a sidecar that was put out', () => {
  it('refuses writes with the reason and can be read', () => {
    const node = member('edge');
    node.put('notes/a', { n: 1 });
    state(node, fleet.eject(edge, hub, [], 'stolen'));
    const { message } = refused(node, 'EJECTED', 'put', putOf('notes/b'));
    assert.match(message, /put out of its fleet \(stolen\).*join again with a new key/);
    refused(node, 'EJECTED', 'heartbeat', { agent: 'edge', ack: 'memory' }, agent('edge'));
    assert.deepEqual(node.read('notes/a'), { n: 1 });
  });
});

describe('commands of a hub that was put out', () => {
  const ISSUE = issueOf({
    agent: 'edge',
    kind: 'do',
    args: {},
    ttlMs: 3_600_000,
    idempotencyKey: '',
  });

  function issued() {
    const author = member('hub');
    const ids = [1, 2].map(() => author.request('issueCommand', ISSUE).command.id);
    const target = member('edge');
    assert.equal(target.receive(author.runs()), undefined);
    const [begun = '', waiting = ''] = ids;
    const claim = claimOf(begun);
    assert.equal(target.request('acknowledgeCommand', claim, agent('edge')).claimed, true);
    return { author, target, begun, waiting };
  }

  it('are not begun although they lie below the cut; what was begun goes to its end', () => {
    const { author, target, begun, waiting } = issued();
    const beat = () =>
      target.request('heartbeat', { agent: 'edge', ack: 'memory' }, agent('edge')).pendingCommands;
    assert.equal(beat(), 1);
    state(target, fleet.eject(hub, fleet.root, author.node.cutsOf(hub.key), 'captured'));
    assert.ok(target.read(`commands/edge/${waiting}`), 'its document stands');
    assert.equal(beat(), 0);
    const claim = claimOf(waiting);
    const answer = target.request('acknowledgeCommand', claim, agent('edge'));
    assert.equal(answer.claimed, false);
    assert.deepEqual(
      [answer.command.state, answer.command.withheld],
      ['pending', 'who issued it was put out of the fleet: captured'],
    );
    const report = reportOf(begun, 'succeeded', { result: { ok: true } });
    assert.equal(target.request('reportCommand', report, agent('edge')).command.state, 'succeeded');
  });

  it('are begun where the hub was not put out', () => {
    const { target, waiting } = issued();
    const claim = claimOf(waiting);
    assert.equal(target.request('acknowledgeCommand', claim, agent('edge')).claimed, true);
  });
});

describe('what counts for nobody', () => {
  it('is told by author and reason, and does not wedge the feed', () => {
    const set = fleet.set(
      ...[CERTIFICATES[0] as Statement, fleet.certify(edge, ['agent', 'hub'], hub), POLICY],
    );
    const author = new TestNode('edge', undefined, undefined, { trust: set });
    author.put('orders/x', { n: 1 });
    author.put('orders/y', { n: 1 });
    author.put('notes/after', { n: 2 });
    const reader = member('hub');
    assert.equal(reader.receive(author.runs()), undefined);
    assert.equal(reader.read('orders/x'), undefined);
    assert.deepEqual(reader.read('notes/after'), { n: 2 });
    assert.deepEqual(reader.node.voids(), [
      {
        author: edge.key,
        reason: 'no certificate of its author lets it write "orders"',
        ops: 2,
        lastKey: 'orders/y',
      },
    ]);
    assert.equal(reader.request('summary', {}).voidOps, 2);
  });
});

describe('where feeds end that are cut now', () => {
  it('names every lane that is held, with the hash of the last commit', () => {
    const author = member('edge');
    author.put('notes/a', { n: 1 });
    author.put('notes/b', { n: 1 });
    author.request('heartbeat', { agent: 'edge', ack: 'local' }, agent('edge'));
    const reader = member('hub');
    reader.receive(author.runs());
    const cuts = reader.node.cutsOf(edge.key);
    assert.deepEqual(cuts, author.node.cutsOf(edge.key));
    assert.deepEqual(
      new Map(cuts.map(({ lane, seq }) => [lane, seq])),
      new Map([
        ['state', 2],
        ['pulse', 1],
      ]),
    );
    assert.deepEqual(reader.node.cutsOf(hub.key), []);
    const before = reader.stateHash;
    state(reader, fleet.eject(edge, hub, cuts));
    assert.equal(reader.stateHash, before, 'nothing of what is held is lost');
  });
});
