// What a set of statements means does not depend on the order in which it came: drawn fleets, drawn orders.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  doubtDelegated,
  doubtWriter,
  markedId,
  ROLES,
  type Statement,
  type TrustSet,
} from '../../../src/core/trust/index.ts';
import { MANUAL_CLOCK_START_MS } from '../../../src/testing/manual-clock.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const fleet = new StatedFleet();
const ACTORS = [fleet.root, ...['r2', 'r3', 'h1', 'h2', 'e1', 'e2', 'm'].map(actor)];
const LENT_TO = actor('m');
/** Known before anything is drawn, so that they may be revoked by what is drawn. */
const LENT = ACTORS.flatMap((by) =>
  [1, 2].map((hours) =>
    fleet.delegate(LENT_TO, by, { untilMs: MANUAL_CLOCK_START_MS + hours * 3_600_000 }),
  ),
);
const INCARNATION = '00'.repeat(16);
const KEYS = [
  { collection: 'platforms', id: 'e1' },
  { collection: 'commands', id: 'e1/c' },
  { collection: 'notes', id: 'x' },
  { collection: 'commands', id: `e1/${markedId('a'.repeat(26), LENT_TO.key)}` },
];

const RESTART = {
  kind: 'restart',
  target: { agent: 'pump' },
  issuedAtMs: MANUAL_CLOCK_START_MS,
};

const someone = fc.constantFrom(...ACTORS);
const roles = fc.subarray([...ROLES]);
/** Mostly by those who may. */
const signer = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ACTORS.slice(0, 4)) }, someone);
const seq = fc.integer({ min: 0, max: 3 });
const hash = fc.constantFrom('11'.repeat(32), '22'.repeat(32));

const drawnStatement: fc.Arbitrary<Statement> = fc.oneof(
  fc
    .tuple(someone, roles, signer, fc.integer({ min: 1, max: 3 }))
    .map(([whom, some, by, generation]) => fleet.certify(whom, some, by, { generation })),
  fc
    .tuple(someone, signer, fc.array(fc.tuple(seq, hash), { maxLength: 1 }))
    .map(([whom, by, cuts]) =>
      fleet.eject(
        whom,
        by,
        cuts.map(([at, of]) => ({ incarnation: INCARNATION, lane: 'state', seq: at, hash: of })),
      ),
    ),
  fc
    .tuple(someone, signer, fc.integer({ min: 1, max: 2 }))
    .map(([to, by, generation]) => fleet.changeRoot(to, by, generation)),
  fc
    .tuple(signer, fc.integer({ min: 1, max: 3 }), fc.constantFrom('shared', 'owned'), roles)
    .map(([by, generation, kind, some]) =>
      fleet.policy(
        generation,
        [{ collection: 'notes', class: kind as 'shared' | 'owned', writers: new Set(some) }],
        by,
      ),
    ),
  fc.constantFrom(...LENT),
  fc.tuple(fc.constantFrom(...LENT), signer).map(([one, by]) => fleet.revoke(one, by)),
);

/** Also annulments, which name what they keep. */
const drawnStatements = fc
  .array(drawnStatement, { minLength: 1, maxLength: 14 })
  .chain((all) =>
    fc
      .array(fc.tuple(someone, signer, fc.subarray(all.map(({ id }) => id))), { maxLength: 2 })
      .map((annulments) => [
        ...all,
        ...annulments.map(([whom, by, kept]) => fleet.annul(whom, by, kept)),
      ]),
  );

/** Offers what is early again until nothing more is taken in, as links do. */
function takeIn(statements: readonly Statement[]): TrustSet {
  const set = fleet.set();
  let waiting = [...statements];
  for (let left = Infinity; waiting.length < left; ) {
    left = waiting.length;
    waiting = waiting.filter(({ bytes }) => set.add(bytes).type === 'early');
  }
  return set;
}

function meaningOf(set: TrustSet): unknown {
  const { trust } = set;
  return {
    ...trust,
    members: [...trust.members]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => ({
        ...{ key, ejected: member.ejected, roles: [...member.roles].sort() },
        certificates: member.certificates.map(({ name, generation }) => [name, generation]),
        names: [...member.names].sort(),
      })),
    cuts: [...trust.cuts].sort(([a], [b]) => (a < b ? -1 : 1)),
    delegations: [...trust.delegations],
    lent: doubtDelegated(
      ...([trust, LENT_TO.key, RESTART, undefined, MANUAL_CLOCK_START_MS] as const),
      () => false,
    ),
    digest: set.digest(),
    writers: ACTORS.flatMap(({ key }) => KEYS.map((one) => doubtWriter(trust, key, one))),
  };
}

test('the same statements mean the same in every order, and the set is the same', () => {
  fc.assert(
    fc.property(
      drawnStatements.chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
      ),
      ([all, shuffled]) => {
        const [a, b] = [takeIn(all), takeIn(shuffled)];
        assert.deepEqual(meaningOf(a), meaningOf(b));
        // Whoever is told in the order in which it was taken in needs no second look.
        const told = fleet.set(...a.statements());
        assert.deepEqual(told.digest(), a.digest());
      },
    ),
    { numRuns: 300 },
  );
});

test('a certificate by a key that became a root later gives its rank also where the root change came last', () => {
  const [r2, h1, e1] = ['r2', 'h1', 'e1'].map(actor) as [Actor, Actor, Actor];
  const asIssuer = fleet.certify(r2, ['issuer'], fleet.root);
  const ranks = fleet.certify(h1, ['issuer'], r2);
  const change = fleet.changeRoot(r2, fleet.root, 1);
  const certified = fleet.certify(e1, ['agent'], h1);
  const late = fleet.set(asIssuer, ranks, change, certified);
  assert.deepEqual(meaningOf(late), meaningOf(fleet.set(change, ranks, certified, asIssuer)));
  assert.equal(late.doubtMember(e1.key), undefined);
});

test('nobody without a rank changes anything by what it signs', () => {
  const [mallory] = ACTORS.slice(-1) as [(typeof ACTORS)[number]];
  const honest = [
    fleet.certify(actor('h1'), ['hub', 'issuer'], fleet.root),
    fleet.certify(actor('e1'), ['agent'], actor('h1')),
    fleet.certify(mallory, ['agent'], actor('h1')),
  ];
  const before = meaningOf(takeIn(honest));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(someone, roles), { maxLength: 6 }),
      fc.array(someone, { maxLength: 3 }),
      (certified, ejected) => {
        const forged = [
          ...certified.map(([whom, some]) => fleet.certify(whom, some, mallory)),
          ...ejected.map((whom) => fleet.eject(whom, mallory)),
          ...ejected.map((whom) => fleet.annul(whom, mallory)),
          fleet.changeRoot(mallory, mallory, 1),
          fleet.policy(9, [], mallory),
          fleet.delegate(mallory, mallory),
          ...LENT.map((one) => fleet.revoke(one, mallory)),
        ];
        assert.deepEqual(meaningOf(takeIn([...honest, ...forged])), before);
      },
    ),
    { numRuns: 100 },
  );
});
