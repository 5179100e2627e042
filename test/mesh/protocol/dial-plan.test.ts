// What one look at all contacts and links decides: nothing twice, nothing that is paused, nothing in vain, and it is asked again in time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Contact,
  ContactBook,
  type ContactSource,
  type Neighbour,
  planDials,
} from '../../../src/mesh/protocol/index.ts';

const SELF = '00'.repeat(32);
const NODES = ['a1', 'b2', 'c3', 'd4'].map((byte) => byte.repeat(32));
const NOW_MS = 1_000_000;

interface Drawn {
  readonly source: ContactSource;
  readonly node: number | undefined;
  readonly isDht: boolean;
  /** `fresh`: due at once. `failed`: due later. `busy`: being tried. */
  readonly state: 'fresh' | 'failed' | 'busy' | 'self';
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  source: fc.constantFrom<ContactSource>('configured', 'added', 'multicast', 'exchange', 'dht'),
  node: fc.option(fc.integer({ min: 0, max: NODES.length - 1 }), { nil: undefined }),
  isDht: fc.boolean(),
  state: fc.constantFrom('fresh', 'failed', 'busy', 'self'),
});

const links = fc.uniqueArray(
  fc.record({
    node: fc.integer({ min: 0, max: NODES.length - 1 }),
    pathRank: fc.integer({ min: 0, max: 2 }),
    isOwnDial: fc.boolean(),
    unwantedSinceMs: fc.option(fc.integer({ min: 0, max: NOW_MS }), { nil: undefined }),
  }),
  { selector: ({ node }) => node },
);

function contactsOf(all: readonly Drawn[]): readonly Contact[] {
  const book = new ContactBook(() => 0.5);
  for (const [i, { source, node, isDht, state }] of all.entries()) {
    const address = `${isDht ? 'dht:' : ''}x${i}:1`;
    const nodeId = node === undefined ? undefined : NODES[node];
    book.offer({ address, source, nodeId }, state === 'failed' ? NOW_MS : 0);
    const contact = book.get(address);
    if (contact === undefined) continue;
    if (state === 'failed') book.failed(contact, 'no', NOW_MS);
    else if (state === 'busy') book.began(contact);
    else if (state === 'self') book.ledToSelf(contact);
  }
  return book.contacts();
}

test('a plan dials whom it may, one way a member, eight strangers at most, and never forgets to look again', () => {
  const nodes = fc.subarray(NODES);
  fc.assert(
    fc.property(
      fc.array(drawn, { maxLength: 60 }),
      links,
      nodes,
      nodes,
      nodes,
      nodes,
      (all, linked, wanted, paused, quiet, ejected) => {
        const contacts = contactsOf(all);
        const neighbours = new Map<string, Neighbour>(
          linked.map(({ node, ...neighbour }) => [NODES[node] as string, neighbour]),
        );
        const isPaused = ({ nodeId }: Contact): boolean =>
          nodeId !== undefined && paused.includes(nodeId);
        const isQuiet = ({ nodeId }: Contact): boolean =>
          nodeId !== undefined && quiet.includes(nodeId);
        const isEjected = (nodeId: string): boolean => ejected.includes(nodeId);
        const scene = {
          ...{ self: SELF, nowMs: NOW_MS, contacts, neighbours },
          ...{ isPaused, isQuiet, isEjected },
        };
        const plan = planDials(scene, () => new Set(wanted));
        const busy = contacts.filter(({ isUnderWay }) => isUnderWay);
        const members = [...plan.dial, ...busy.filter(({ nodeId }) => nodeId !== undefined)];
        for (const contact of plan.dial) {
          const { nodeId, isKept, isSelf, isUnderWay, nextAtMs, pathRank } = contact;
          assert.ok(
            !isSelf &&
              !isUnderWay &&
              !isPaused(contact) &&
              !isQuiet(contact) &&
              nextAtMs <= NOW_MS + 1,
          );
          if (nodeId === undefined) continue;
          if (isEjected(nodeId)) assert.ok(isKept, 'nobody else may be there');
          assert.equal(
            members.filter((one) => one.nodeId === nodeId).length,
            1,
            'one way at a time',
          );
          const link = neighbours.get(nodeId);
          const isDoubted = contact.attempts >= 3;
          if (link === undefined) assert.ok(isKept || isDoubted || wanted.includes(nodeId));
          else assert.ok(pathRank === 0 && link.pathRank > 0, 'only a better way');
        }
        const strangers = plan.dial.filter(({ nodeId, isKept }) => nodeId === undefined && !isKept);
        assert.ok(strangers.length <= 8);
        for (const contact of contacts) {
          if (
            contact.isKept &&
            contact.nodeId === undefined &&
            !contact.isSelf &&
            !contact.isUnderWay
          ) {
            const isPlanned =
              plan.dial.includes(contact) || (plan.againAtMs ?? Infinity) <= contact.nextAtMs;
            assert.ok(isPlanned, 'what an operator named is dialled now or when it is due');
          }
        }
        const isComplete = wanted.every((nodeId) => neighbours.has(nodeId));
        for (const nodeId of plan.surplus) {
          const link = neighbours.get(nodeId);
          assert.ok(isComplete && link?.isOwnDial === true && !wanted.includes(nodeId));
          assert.ok((link.unwantedSinceMs ?? NOW_MS) <= NOW_MS - 59_999);
          assert.ok(!contacts.some((one) => one.nodeId === nodeId && one.isKept));
        }
      },
    ),
  );
});

test('of two ways to one member the better one is dialled first', () => {
  const both: Drawn[] = [true, false].map((isDht) => ({
    ...{ source: 'dht', node: 0, isDht, state: 'fresh' },
  }));
  const contacts = contactsOf(both);
  const scene = {
    self: SELF,
    nowMs: NOW_MS,
    contacts,
    neighbours: new Map(),
    isPaused: () => false,
    isQuiet: () => false,
    isEjected: () => false,
  };
  assert.deepEqual(
    planDials(scene).dial.map(({ address }) => address),
    ['x1:1'],
  );
});

test('members that cannot be dialled are no candidates, so that others take their places', () => {
  const book = new ContactBook(() => 0);
  for (const [i, nodeId] of NODES.entries()) {
    book.offer({ address: `x${i}:1`, source: 'exchange', nodeId }, 0);
  }
  const [first] = book.contacts();
  if (first !== undefined) for (let i = 0; i < 3; i++) book.failed(first, 'no', 0);
  let candidates: readonly string[] = [];
  const scene = {
    ...{ self: SELF, nowMs: NOW_MS, contacts: book.contacts(), neighbours: new Map() },
    isPaused: ({ nodeId }: Contact) => nodeId === NODES[1],
    isQuiet: () => false,
    isEjected: () => false,
  };
  planDials(scene, (_self, given) => {
    candidates = given;
    return new Set(given);
  });
  assert.deepEqual(candidates, [NODES[2], NODES[3]], 'nor those that are paused');
});

test('a member that failed is dialled again when it is due, also while nobody wants it as a neighbour', () => {
  const book = new ContactBook(() => 0);
  book.offer({ address: 'x:1', source: 'exchange', nodeId: NODES[0] }, 0);
  const [contact] = book.contacts();
  if (contact === undefined) assert.fail('it is known');
  const plan = (nowMs: number) =>
    planDials({
      ...{ self: SELF, nowMs, contacts: book.contacts(), neighbours: new Map() },
      ...{ isPaused: () => false, isQuiet: () => false, isEjected: () => false },
    });
  for (let failures = 1; failures < 12; failures++) {
    book.failed(contact, 'no', contact.nextAtMs);
    const waiting = plan(contact.nextAtMs - 100);
    assert.deepEqual([waiting.dial, waiting.againAtMs], [[], contact.nextAtMs], `${failures}`);
    assert.deepEqual(plan(contact.nextAtMs).dial, [contact], `after ${failures} failures`);
  }
});

test('a link that was one too many leaves its member as good as one that never failed', () => {
  const book = new ContactBook(() => 0);
  const nodeId = NODES[0] ?? assert.fail();
  book.offer({ address: 'x:1', source: 'exchange', nodeId }, 0);
  const [contact] = book.contacts();
  if (contact === undefined) assert.fail('it is known');
  for (let i = 0; i < 3; i++) book.failed(contact, 'no', 0);
  book.began(contact);
  book.met(contact, nodeId, 0, 0);
  book.linkLost(nodeId, contact, 'blameless', 'one too many', 60_000);
  assert.equal(contact.attempts, 0);
  const scene = {
    ...{ self: SELF, nowMs: 600_000, contacts: book.contacts(), neighbours: new Map() },
    ...{ isPaused: () => false, isQuiet: () => false, isEjected: () => false },
  };
  assert.deepEqual(planDials(scene, () => new Set()).dial, []);
});

test('who was put out is not dialled, but where an operator says that somebody is, and that seldom', () => {
  const book = new ContactBook(() => 0);
  const [out = '', other = ''] = NODES;
  book.offer({ address: 'found:1', source: 'multicast', nodeId: out }, 0);
  book.offer({ address: 'pinned:1', source: 'configured', nodeId: out }, 0);
  book.offer({ address: 'other:1', source: 'configured', nodeId: other }, 0);
  book.offer({ address: 'named:1', source: 'configured' }, 0);
  const named = book.get('named:1') ?? assert.fail();
  book.began(named);
  book.met(named, out, 0, 0);
  book.linkLost(out, named, 'young', 'it was put out', 1000);
  const dialledAt = (nowMs: number): readonly string[] => {
    const scene = {
      ...{ self: SELF, nowMs, contacts: book.contacts(), neighbours: new Map() },
      ...{ isPaused: () => false, isQuiet: () => false },
      isEjected: (nodeId: string) => nodeId === out,
    };
    const plan = planDials(scene);
    if (!plan.dial.includes(named)) assert.equal(plan.againAtMs, 601_000);
    return plan.dial.map(({ address }) => address);
  };
  assert.deepEqual(dialledAt(2000), ['other:1']);
  assert.deepEqual(dialledAt(600_000), ['other:1']);
  assert.deepEqual(dialledAt(601_000).toSorted(), ['named:1', 'other:1']);
});
