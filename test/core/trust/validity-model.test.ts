// What counts is a function of the set of statements and commits: drawn histories in two drawn orders, with restarts, to two real
// nodes, which are compared with each other and with a small model that knows neither feeds nor stores.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Commit, type JsonObject, type Run, toHex } from '../../../src/core/index.ts';
import type { Cut, Statement } from '../../../src/core/trust/index.ts';
import { TestDisk } from '../../support/test-disk.ts';
import { TestNode } from '../../support/test-node.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const fleet = new StatedFleet();
const hub = actor('hub');
const WRITERS = ['w1', 'w2', 'w3'].map(actor);
const ofHub = fleet.certify(hub, ['hub', 'issuer'], fleet.root);
/** Every writer has a document of its own, and one in a collection that a policy may declare. */
const keysOf = (name: string): string[] => [`deployments/${name}:a`, `notes/${name}`];

/** A commit of one writer: the only thing the model knows is who wrote what, where in its feed. */
interface Written {
  readonly author: Actor;
  readonly commit: Commit;
  readonly key: string;
  readonly value: JsonObject;
}

/** Writers know all that may ever be allowed: what they write may be void to others. */
function write(author: Actor, values: readonly number[]): Written[] {
  const policy = declare(1, ['agent']);
  const certificate = fleet.certify(author, ['agent'], hub);
  const trust = fleet.set(ofHub, certificate, policy);
  const node = new TestNode(author.name, undefined, undefined, { trust });
  return values.map((n, at) => {
    const key = keysOf(author.name)[at % 2] as string;
    node.put(key, { n });
    const { commit } = node.stored.at(-1) ?? assert.fail();
    return { author, commit, key, value: { n } };
  });
}

function declare(generation: number, roles: readonly ('agent' | 'hub')[]): Statement {
  const writers = new Set(roles);
  return fleet.policy(generation, [{ collection: 'notes', class: 'shared', writers }], fleet.root);
}

function runOf({ commit }: Written): Run {
  const { feed, seq, previous } = commit;
  return { feed, firstSeq: seq, ...(seq > 1 ? { previous } : {}), commits: [commit] };
}

interface Ejected {
  readonly whom: Actor;
  readonly byHub: boolean;
  /** The last commit that counts; 0 for none. */
  readonly through: number;
}

interface History {
  readonly written: readonly Written[];
  readonly certified: readonly Actor[];
  /** Generations of policies: who writes `notes` is another by each. */
  readonly policies: readonly number[];
  readonly ejected: readonly Ejected[];
  /** The root took back what the hub signed but for certificates. */
  readonly isAnnulled: boolean;
}

const WRITERS_OF_NOTES: Readonly<Record<number, readonly ('agent' | 'hub')[]>> = {
  1: ['agent'],
  2: ['hub'],
  3: ['agent', 'hub'],
};

const drawnHistory: fc.Arbitrary<History> = fc.record({
  written: fc
    .tuple(
      ...WRITERS.map((author) =>
        fc.array(fc.nat(99), { maxLength: 5 }).map((values) => write(author, values)),
      ),
    )
    .map((each) => each.flat()),
  certified: fc.subarray(WRITERS),
  policies: fc.subarray([1, 2, 3]),
  ejected: fc.array(
    fc.record({
      whom: fc.constantFrom(...WRITERS),
      byHub: fc.boolean(),
      through: fc.nat(5),
    }),
    { maxLength: 3 },
  ),
  isAnnulled: fc.boolean(),
});

function statementsOf({ written, certified, policies, ejected, isAnnulled }: History): Statement[] {
  const certificates = certified.map((author) => fleet.certify(author, ['agent'], hub));
  const ejections = ejected.map(({ whom, byHub, through }) => {
    const last = written.find(({ author, commit }) => author === whom && commit.seq === through);
    const by = byHub ? hub : fleet.root;
    return fleet.eject(whom, by, last === undefined ? [] : [cutAt(last)], `up to ${through}`);
  });
  const kept = certificates.map(({ id }) => id);
  return [
    ofHub,
    ...certificates,
    ...policies.map((generation) => declare(generation, WRITERS_OF_NOTES[generation] ?? [])),
    ...ejections,
    ...(isAnnulled ? [fleet.annul(hub, fleet.root, kept)] : []),
  ];
}

function cutAt({ commit: { feed, seq, hash } }: Written): Cut {
  return { incarnation: feed.incarnation, lane: feed.lane, seq, hash: toHex(hash) };
}

type Delivery =
  | { readonly run: Run }
  | { readonly statement: Statement }
  | { readonly restart: true };

/** Everything at least once, in any order, some of it twice, with restarts in between. Half of the time each feed comes in order. */
function orderOf(history: History): fc.Arbitrary<Delivery[]> {
  const runs = history.written.map((one) => ({ run: runOf(one) }));
  const all: Delivery[] = [...runs, ...statementsOf(history).map((statement) => ({ statement }))];
  return fc.tuple(fc.subarray(all), fc.nat(2), fc.boolean()).chain(([twice, restarts, sorted]) => {
    const starts = Array.from({ length: restarts }, () => ({ restart: true }) as const);
    const items = [...all, ...twice, ...starts];
    const drawn = fc.shuffledSubarray(items, { minLength: items.length });
    return sorted ? drawn.map(inFeedOrder) : drawn;
  });
}

function inFeedOrder(deliveries: readonly Delivery[]): Delivery[] {
  const runs = deliveries
    .filter((one) => 'run' in one)
    .toSorted((a, b) => a.run.firstSeq - b.run.firstSeq);
  return deliveries.map((one) => ('run' in one ? (runs.shift() ?? one) : one));
}

/** A reader that was given all of that in that order, and then as often again as it takes until nothing changes, as peers do. */
function read(name: string, deliveries: readonly Delivery[]): TestNode {
  const disk = new TestDisk();
  const known: Statement[] = [];
  const trust = () => {
    const set = fleet.set();
    for (let before = -1; before < set.statements().length; ) {
      before = set.statements().length;
      for (const { bytes } of known) set.add(bytes);
    }
    return set;
  };
  const start = () => new TestNode(name, undefined, undefined, { disk, trust: trust() });
  let node = start();
  const deliver = (one: Delivery): void => {
    if ('restart' in one) node = start();
    else if ('run' in one) node.receive([one.run]);
    else {
      const bytes = one.statement.bytes;
      const effects = node.turn({
        type: 'statements-received',
        deliveryId: 1,
        statements: [bytes],
      });
      const taken = effects.find(({ type }) => type === 'statements-taken');
      if (taken?.type === 'statements-taken' && taken.held.length > 0) known.push(one.statement);
    }
  };
  for (const one of deliveries) deliver(one);
  const again = deliveries.filter((one) => !('restart' in one));
  // Each round may let in what the one before was too early for; a feed grows by one commit a round at least.
  for (let round = 0; round < 12; round++) for (const one of again) deliver(one);
  return node;
}

/** By the words of the decision record: nothing of feeds, stores, orders. */
function model({
  written,
  certified,
  policies,
  ejected,
  isAnnulled,
}: History): Map<string, JsonObject> {
  const shown = new Map<string, JsonObject>();
  const notes = WRITERS_OF_NOTES[Math.max(0, ...policies)] ?? [];
  for (const { author, commit, key, value } of written) {
    if (!certified.includes(author)) continue;
    if (key.startsWith('notes/') && !notes.includes('agent')) continue;
    const cuts = ejected.filter(({ whom, byHub }) => whom === author && !(byHub && isAnnulled));
    // A cut at a place where nothing was written is none, and nothing counts.
    const isCut = cuts.some(({ through }) => {
      const isWritten = written.some((one) => one.author === author && one.commit.seq === through);
      return commit.seq > (isWritten ? through : 0);
    });
    if (!isCut) shown.set(key, value);
  }
  return shown;
}

test('what counts does not depend on the order, the batches or the restarts, and is what a model says', () => {
  fc.assert(
    fc.property(
      drawnHistory.chain((history) =>
        fc.tuple(fc.constant(history), orderOf(history), orderOf(history)),
      ),
      ([history, one, other]) => {
        const [a, b] = [read('reader', one), read('reader', other)];
        const expected = model(history);
        for (const key of WRITERS.flatMap(({ name }) => keysOf(name))) {
          assert.deepEqual(a.read(key), b.read(key), key);
          assert.deepEqual(a.read(key), expected.get(key), `${key} by the model`);
        }
        assert.equal(a.stateHash, b.stateHash);
      },
    ),
    { numRuns: 150 },
  );
});
