// A node of a fleet with certificates: whose commits it takes, and what is left of somebody who was put out.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FeedPosition, feedKey, type Run, toHex } from '../../src/core/index.ts';
import type { Cut, Statement } from '../../src/core/trust/index.ts';
import { ALWAYS_DUE, TestNode } from '../support/test-node.ts';
import { actor, StatedFleet } from './trust/support/fleet.ts';

const fleet = new StatedFleet();
const [hub, edge, reader, stranger] = ['hub', 'edge', 'reader', 'stranger'].map(actor) as [
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
  ReturnType<typeof actor>,
];
const CERTIFICATES = [
  fleet.certify(hub, ['hub', 'issuer'], fleet.root),
  fleet.certify(edge, ['agent'], hub),
  fleet.certify(reader, ['agent'], hub),
];

function member(name: string, ...more: readonly Statement[]): TestNode {
  return new TestNode(name, undefined, undefined, { trust: fleet.set(...CERTIFICATES, ...more) });
}

function state(node: TestNode, statements: readonly Statement[]) {
  const event = {
    type: 'statements-received',
    deliveryId: 7,
    statements: statements.map(({ bytes }) => bytes),
  } as const;
  const taken = node.turn(event).find(({ type }) => type === 'statements-taken');
  assert.ok(taken?.type === 'statements-taken');
  return taken;
}

/** Three commits of edge, one a document. */
function written(): TestNode {
  const author = member('edge');
  for (const n of [1, 2, 3]) author.put(`deployments/edge:d${n}`, { n });
  return author;
}

function cutAt(author: TestNode, seq: number): Cut {
  const { commit } = author.stored.find((one) => one.commit.seq === seq) ?? assert.fail();
  const { incarnation, lane } = commit.feed;
  return { incarnation, lane, seq, hash: toHex(commit.hash) };
}

function documentsOf(node: TestNode): unknown[] {
  return [1, 2, 3].map((n) => node.read(`deployments/edge:d${n}`)?.n);
}

function positionOf(node: TestNode, { feed }: Pick<FeedPosition, 'feed'>): number | undefined {
  return node.node.positions().find((one) => feedKey(one.feed) === feedKey(feed))?.seq;
}

describe('commits', () => {
  it('of members are taken; those of others wait for a certificate', () => {
    const node = member('reader');
    assert.equal(node.receive(written().runs()), undefined);
    assert.deepEqual(documentsOf(node), [1, 2, 3]);
    // To itself it is a member: nobody else has heard of it.
    const outsider = member('stranger', fleet.certify(stranger, ['agent'], hub));
    outsider.put('deployments/stranger:x', { n: 1 });
    const runs = outsider.runs();
    assert.equal(node.receive(runs), 'its author has no certificate that is known here');
    assert.equal(node.read('deployments/stranger:x'), undefined);
    assert.deepEqual(state(node, [fleet.certify(stranger, ['agent'], hub)]).fault, undefined);
    assert.equal(node.receive(runs), undefined);
    assert.deepEqual(node.read('deployments/stranger:x'), { n: 1 });
  });
});

describe('statements of a peer', () => {
  it('are stored before anybody is told, and told to all', () => {
    const node = new TestNode('reader', undefined, undefined, { trust: fleet.set() });
    const { held, fault } = state(node, CERTIFICATES);
    assert.deepEqual([held, fault], [CERTIFICATES.map(({ id }) => id), undefined]);
    const kinds = node.effects.map(({ type }) => type);
    assert.ok(kinds.indexOf('persist') < kinds.indexOf('statements-taken'));
    assert.ok(kinds.includes('stated'));
    const persist = node.effects.find((effect) => effect.type === 'persist');
    assert.ok(persist?.type === 'persist' && persist.sync);
    assert.deepEqual(persist.statements, CERTIFICATES);
  });

  it('that are known, or come too early, blame nobody; a forged one does', () => {
    const node = new TestNode('reader', undefined, undefined, { trust: fleet.set() });
    const [ofHub, ofEdge] = CERTIFICATES as [Statement, Statement];
    assert.deepEqual(state(node, [ofEdge]), {
      ...{ type: 'statements-taken', deliveryId: 7, held: [], fault: undefined },
    });
    assert.deepEqual(state(node, [ofHub, ofEdge, ofHub]).held, [ofHub.id, ofEdge.id, ofHub.id]);
    const forged = { ...ofHub, bytes: Uint8Array.from(ofHub.bytes).fill(1, 40, 50) };
    assert.match(state(node, [forged]).fault ?? '', /a statement that is none/);
  });
});

describe('a member that is put out', () => {
  it('leaves what it wrote up to the cut, whether the ejection or its commits come first', () => {
    const author = written();
    const ejection = fleet.eject(edge, hub, [cutAt(author, 2)]);
    const before = member('reader');
    before.receive(author.runs());
    state(before, [ejection]);
    const after = member('reader', ejection);
    assert.equal(after.receive(author.runs()), undefined);
    for (const node of [before, after]) {
      assert.deepEqual(documentsOf(node), [1, 2, undefined]);
      const [run] = author.runs() as [Run];
      assert.equal(positionOf(node, run), 2);
      assert.equal(node.receive(author.runs()), undefined, 'what comes again is nothing new');
      assert.deepEqual(documentsOf(node), [1, 2, undefined]);
    }
    assert.equal(before.stateHash, after.stateHash);
  });

  it('without a cut leaves nothing', () => {
    const author = written();
    const node = member('reader');
    node.receive(author.runs());
    state(node, [fleet.eject(edge, hub)]);
    assert.deepEqual(documentsOf(node), [undefined, undefined, undefined]);
    assert.deepEqual(node.node.positions(), []);
    node.receive(author.runs());
    assert.deepEqual(node.node.positions(), []);
  });

  it('twice is cut at the earlier place', () => {
    const author = written();
    const node = member('reader', fleet.eject(edge, hub, [cutAt(author, 2)]));
    node.receive(author.runs());
    state(node, [fleet.eject(edge, fleet.root, [cutAt(author, 1)])]);
    assert.deepEqual(documentsOf(node), [1, undefined, undefined]);
  });

  it('is reported once, with who and why', () => {
    const node = member('reader');
    const ejection = fleet.eject(edge, hub, [], 'stolen from the truck');
    const reports = () =>
      node.effects.flatMap((effect) => (effect.type === 'report' ? [effect.detail] : []));
    state(node, [ejection]);
    assert.deepEqual(reports(), [`edge (${edge.key}) was put out: stolen from the truck`]);
    state(node, [ejection, fleet.eject(edge, fleet.root)]);
    assert.deepEqual(reports(), []);
  });
});

describe('a shared document in which somebody began a new edition beyond its cut', () => {
  const policy = fleet.policy(
    1,
    [{ collection: 'notes', class: 'shared', writers: new Set(['agent', 'hub'] as const) }],
    fleet.root,
  );
  const forgetting = { refoundSharedAfter: 2 };

  function writer(name: string): TestNode {
    const trust = fleet.set(...CERTIFICATES, policy);
    return new TestNode(name, undefined, undefined, { trust, forgetting });
  }

  /** Edge has written to it, the third time in a new edition, and then the reader has. */
  function rewritten(times = 3): { author: TestNode; node: TestNode } {
    const [author, node] = [writer('edge'), writer('reader')];
    for (let theirs = 1; theirs <= times; theirs++) author.put('notes/x', { theirs });
    const isNew = author.stored.some(({ ops }) => ops.some(({ kind }) => kind === 'refound'));
    assert.equal(isNew, times > 2);
    node.receive(author.runs());
    node.put('notes/x', { theirs: times, ours: 1 });
    return { author, node };
  }

  it('goes on from the edition before, with what others wrote to it (invariant 2)', () => {
    const { author, node } = rewritten();
    state(node, [fleet.eject(edge, hub, [cutAt(author, 2)])]);
    assert.deepEqual(node.read('notes/x'), { theirs: 2, ours: 1 });
  });

  it('has what was written on top of it alone where nothing before counts', () => {
    const { node } = rewritten();
    state(node, [fleet.eject(edge, hub)]);
    assert.deepEqual(node.read('notes/x'), { ours: 1 });
  });

  it('can be written while it waits', () => {
    // Of two changes in one place that with the lower hash would win: some of these would.
    for (const now of [1, 2, 3, 4, 5, 6]) {
      const { author, node } = rewritten(1);
      const [early, cut] = [author.runs(), cutAt(author, 1)];
      author.due = ALWAYS_DUE;
      author.look();
      node.receive(author.runs());
      state(node, [fleet.eject(edge, hub, [cut])]);
      node.put('notes/x', { now });
      node.receive(early);
      node.nowMs += 61_000;
      node.look();
      const other = writer('hub');
      other.receive(node.runs());
      for (const one of [node, other]) assert.deepEqual(one.read('notes/x'), { now, ours: 1 });
    }
  });

  it('waits for what is dropped with a checkpoint and asked for, and not for ever (invariant 2)', () => {
    for (const comes of [true, false]) {
      const { author, node } = rewritten();
      const [early, cut] = [author.runs(), cutAt(author, 2)];
      author.due = ALWAYS_DUE;
      author.look();
      assert.ok(author.runs().every(({ firstSeq }) => firstSeq > 3));
      node.receive(author.runs());
      state(node, [fleet.eject(edge, hub, [cut])]);
      assert.equal(node.read('notes/x'), undefined);
      if (comes) node.receive(early);
      node.nowMs += 61_000;
      node.look();
      const expected = comes ? { theirs: 2, ours: 1 } : { ours: 1 };
      assert.deepEqual(node.read('notes/x'), expected, `comes: ${comes}`);
    }
  });
});
