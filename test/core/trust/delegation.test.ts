// Delegations: what one says, who may sign it, what it covers, how it ends; and a model of when a command may be issued.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type DelegatedCommand,
  type Delegation,
  doubtDelegated,
  doubtDelegation,
  doubtDelegator,
  doubtRevoker,
  doubtWriter,
  type LabelledAgent,
  MAX_DELEGATION_MS,
  markedId,
  type Statement,
  TrustSet,
} from '../../../src/core/trust/index.ts';
import { MAX_STATEMENTS_WITHOUT_RANK } from '../../../src/core/trust/limits.ts';
import { toHex } from '../../../src/core/values/bytes.ts';
import { matchesSelector, parseSelector } from '../../../src/core/values/label-selector.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { MANUAL_CLOCK_START_MS } from '../../../src/testing/manual-clock.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const NOW = MANUAL_CLOCK_START_MS;
const HOUR = 3_600_000;
const fleet = new StatedFleet();
const [issuer, hub, hub2, delegate, other] = ['issuer', 'hub', 'hub-2', 'delegate', 'other'].map(
  actor,
) as [Actor, Actor, Actor, Actor, Actor];
const CERTIFICATES = [
  fleet.certify(issuer, ['issuer'], fleet.root),
  fleet.certify(hub, ['hub'], issuer),
  fleet.certify(hub2, ['hub'], issuer),
  fleet.certify(delegate, ['agent'], issuer),
  fleet.certify(other, ['agent'], issuer),
];
const PUMP: LabelledAgent = { name: 'pump', labels: { site: 'north' } };
const ID = 'a'.repeat(26);

const matches = (selector: string, labels: Readonly<Record<string, string>>): boolean =>
  matchesSelector(parseSelector(selector), labels);

function ask(
  set: TrustSet,
  what: {
    readonly by?: Actor;
    readonly kind?: string;
    readonly target?: DelegatedCommand['target'];
    readonly agent?: LabelledAgent | undefined;
    readonly issuedAtMs?: number;
    readonly nowMs?: number;
  } = {},
): string | undefined {
  const { by = delegate, kind = 'restart', issuedAtMs = NOW, nowMs = NOW } = what;
  const { agent, target = { agent: 'pump' } } = 'agent' in what ? what : { ...what, agent: PUMP };
  return doubtDelegated(set.trust, by.key, { kind, target, issuedAtMs }, agent, nowMs, matches);
}

function lent(details: Partial<Delegation> = {}, ...more: readonly Statement[]): TrustSet {
  return fleet.set(...CERTIFICATES, fleet.delegate(delegate, hub, details), ...more);
}

describe('a delegation', () => {
  it('lets its holder issue what it names, and nobody else, and a hub needs none', () => {
    const set = lent();
    assert.equal(ask(set), undefined);
    assert.equal(ask(set, { by: hub2 }), undefined);
    assert.match(ask(set, { by: other }) ?? '', /other is no hub, and no hub gave it a delegation/);
  });

  it('covers the kinds that it names, exactly or by whole words', () => {
    const set = lent({ kinds: ['restart', 'backup.*', 'disk-*'] });
    for (const kind of ['restart', 'backup.full', 'backup.full.now', 'disk-check', 'disk-']) {
      assert.equal(ask(set, { kind }), undefined, kind);
    }
    for (const kind of ['restarts', 'restar', 'backup', 'backups.x', 'disk', 'exec']) {
      const doubt = ask(set, { kind }) ?? '';
      assert.match(doubt, new RegExp(`of the kind "${kind}"; they cover restart, backup`), kind);
    }
  });

  it('covers agents by name or by label, and at the door whom it cannot rule out', () => {
    const byName = lent({ agents: ['pump'] });
    const byLabel = lent({ agents: [], selector: 'site=north' });
    const either = lent({ agents: ['valve'], selector: 'site=north' });
    const valve = { name: 'valve', labels: { site: 'south' } };
    const at = (set: TrustSet, agent: LabelledAgent | undefined, target?: object) =>
      ask(set, { agent, target: target ?? { agent: agent?.name ?? 'valve' } });
    assert.match(at(byName, valve) ?? '', /"restart" reaches valve; they reach pump/);
    assert.match(at(byLabel, valve) ?? '', /reaches valve; they reach site=north/);
    assert.equal(at(byLabel, PUMP), undefined);
    assert.equal(at(either, valve), undefined);
    assert.equal(at(either, PUMP), undefined);
    // Nothing is known of the agent: names decide where there is nothing else.
    assert.match(at(byName, undefined) ?? '', /reaches valve/);
    assert.equal(at(byLabel, undefined), undefined);
    // A group is looked at again at each target.
    assert.equal(at(byName, undefined, { selector: 'site=north' }), undefined);
    assert.match(at(byName, valve, { selector: 'site=north' }) ?? '', /reaches valve/);
  });

  it('holds in its time, and nothing is begun afterwards whatever the command says', () => {
    const set = lent({ notBeforeMs: NOW, untilMs: NOW + HOUR });
    const ends = new Date(NOW + HOUR).toISOString();
    assert.equal(ask(set), undefined);
    assert.match(ask(set, { issuedAtMs: NOW - 1 }) ?? '', /delegation \w{12} begins at /);
    const last = NOW + HOUR - 1;
    assert.equal(ask(set, { issuedAtMs: last, nowMs: last }), undefined);
    for (const [issuedAtMs, nowMs] of [
      [NOW + HOUR, NOW + HOUR],
      [NOW + HOUR, NOW],
      // It backdates.
      [NOW, NOW + HOUR],
    ] as const) {
      assert.match(ask(set, { issuedAtMs, nowMs }) ?? '', new RegExp(`was over at ${ends}`));
    }
  });

  it('is as good as another that is no good any more', () => {
    const over = fleet.delegate(delegate, hub, { untilMs: NOW + 1 });
    assert.equal(ask(lent({}, over), { nowMs: NOW + HOUR, issuedAtMs: NOW }), undefined);
  });

  it('ends with the hub that signed it, and with the certificates that made it one', () => {
    const ejected = lent({}, fleet.eject(hub, fleet.root, [], 'captured'));
    assert.match(
      ask(ejected) ?? '',
      /the hub that signed delegation \w{12} was put out .*captured/,
    );
    const annulled = lent({}, fleet.annul(hub, fleet.root));
    assert.match(ask(annulled) ?? '', /no hub gave it a delegation/);
    const kept = fleet.delegate(delegate, hub);
    const keptOne = fleet.set(...CERTIFICATES, kept, fleet.annul(hub, fleet.root, [kept.id]));
    assert.equal(ask(keptOne), undefined);
    const ofDelegate = CERTIFICATES[3] as Statement;
    const noHub = lent({}, fleet.annul(issuer, fleet.root, [ofDelegate.id]));
    assert.match(ask(noHub) ?? '', /no hub gave it a delegation/);
  });
});

describe('who signs', () => {
  it('a delegation: hubs, of this fleet', () => {
    const set = fleet.set(...CERTIFICATES);
    const add = (statement: Statement) => set.add(statement.bytes).type;
    assert.equal(add(fleet.delegate(other, delegate)), 'early');
    assert.equal(add(fleet.delegate(delegate, delegate)), 'early');
    assert.equal(add(new StatedFleet('elsewhere').delegate(delegate, hub)), 'refused');
    // Whoever has a rank is heard, and an issuer or a root commands nobody all the same.
    assert.equal(add(fleet.delegate(delegate, issuer)), 'added');
    assert.equal(add(fleet.delegate(delegate, fleet.root)), 'added');
    assert.match(ask(set) ?? '', /no hub gave it a delegation/);
    assert.equal(add(fleet.delegate(delegate, hub)), 'added');
    assert.equal(ask(set), undefined);
    // A delegate lends nothing on.
    assert.equal(add(fleet.delegate(other, delegate)), 'early');
    for (const by of [fleet.root, issuer, hub, delegate]) {
      assert.equal(doubtDelegator(set.trust, by.key) === undefined, by === hub, by.name);
    }
  });

  it('a revocation: any hub, issuer or root, whatever comes first', () => {
    const given = fleet.delegate(delegate, hub);
    for (const by of [hub, hub2, issuer, fleet.root]) {
      const taken = fleet.revoke(given, by, 'the van is gone');
      for (const order of [
        [given, taken],
        [taken, given],
      ]) {
        const set = fleet.set(...CERTIFICATES, ...order);
        assert.match(ask(set) ?? '', /delegation \w{12} was revoked: the van is gone/);
        assert.equal(doubtRevoker(set.trust, by.key), undefined);
      }
    }
    const set = fleet.set(...CERTIFICATES, given);
    for (const by of [delegate, other]) {
      assert.equal(set.add(fleet.revoke(given, by).bytes).type, 'early');
      assert.ok(doubtRevoker(set.trust, by.key));
    }
    assert.equal(ask(set), undefined);
  });

  it('what is given again in the same words stays revoked', () => {
    const given = fleet.delegate(delegate, hub);
    const set = fleet.set(...CERTIFICATES, given, fleet.revoke(given, hub));
    assert.equal(set.add(fleet.delegate(delegate, hub).bytes).type, 'known');
    assert.ok(ask(set));
    set.add(fleet.delegate(delegate, hub, { madeAtMs: NOW + 1 }).bytes);
    assert.equal(ask(set), undefined, 'another one is another');
  });
});

describe('documents of a delegate', () => {
  const doubt = (set: TrustSet, collection: string, id: string, by = delegate) =>
    doubtWriter(set.trust, by.key, { collection, id });
  const own = `pump/${markedId(ID, delegate.key)}`;

  it('are commands and requests to cancel, under ids with its mark and no others', () => {
    const set = lent();
    assert.equal(doubt(set, 'commands', own), undefined);
    assert.match(doubt(set, 'commands', `pump/${ID}`) ?? '', /lets it write "commands"/);
    // Neither in the place of a hub's command nor of another delegate's.
    assert.ok(doubt(set, 'commands', `pump/${markedId(ID, hub.key)}`));
    assert.ok(doubt(set, 'commands', own, other));
    assert.ok(doubt(set, 'platforms', own));
    assert.ok(doubt(fleet.set(...CERTIFICATES), 'commands', own));
    assert.equal(markedId(ID, delegate.key).length, ID.length);
    assert.match(own, /^pump\/a{13}[a-z2-7]{13}$/);
  });

  it('stay when the delegation was revoked: what was begun goes on', () => {
    const given = fleet.delegate(delegate, hub);
    const set = fleet.set(...CERTIFICATES, given, fleet.revoke(given, hub));
    assert.equal(doubt(set, 'commands', own), undefined);
  });

  it('are void where its certificate names other collections', () => {
    const narrow = fleet.certify(other, ['agent'], issuer, {
      ...{ generation: 2, collections: ['notes'] },
    });
    const [first, second, third, ofDelegate] = CERTIFICATES as [
      Statement,
      Statement,
      Statement,
      Statement,
    ];
    const set = fleet.set(
      ...[first, second, third, ofDelegate, narrow],
      fleet.delegate(other, hub),
    );
    assert.ok(doubt(set, 'commands', `pump/${markedId(ID, other.key)}`, other));
  });
});

describe('limits', () => {
  const good = {
    ...{ kinds: ['restart'], agents: ['pump'], selector: '' },
    ...{ notBeforeMs: 0, untilMs: NOW + HOUR, madeAtMs: NOW },
  };

  it('of what one says are checked at the door, and again by whoever reads it', () => {
    assert.equal(doubtDelegation(good), undefined);
    const many = (count: number) => Array.from({ length: count }, (_, n) => `k${n}`);
    const bad: readonly (readonly [string, Partial<typeof good>])[] = [
      ['kinds', { kinds: [] }],
      ['kinds', { kinds: many(33) }],
      ['kinds', { kinds: ['*'] }],
      ['kinds', { kinds: ['re*'] }],
      ['kinds', { kinds: ['re*start'] }],
      ['kinds', { kinds: ['.*'] }],
      ['kinds', { kinds: ['Restart'] }],
      ['kinds', { kinds: [''] }],
      ['kinds', { kinds: ['k'.repeat(64)] }],
      ['agents', { agents: [] }],
      ['agents', { agents: many(65) }],
      ['agents', { agents: ['../x'] }],
      ['selector', { selector: `site=${'x'.repeat(300)}` }],
      ['selector', { selector: 'a b' }],
      ['until', { untilMs: NOW }],
      ['until', { notBeforeMs: NOW + HOUR }],
      ['until', { untilMs: NOW + MAX_DELEGATION_MS + 1 }],
      ['until', { madeAtMs: 9e15, untilMs: 9e15 + 1 }],
    ];
    const set = fleet.set(...CERTIFICATES);
    for (const [field, details] of bad) {
      const shown = JSON.stringify(details).slice(0, 60);
      assert.equal(doubtDelegation({ ...good, ...details })?.field, field, shown);
      const admission = set.add(fleet.delegate(delegate, hub, { ...good, ...details }).bytes);
      assert.equal(admission.type, 'refused', shown);
    }
    const most = {
      ...{ kinds: many(32), agents: many(64), selector: 'k'.padEnd(1024) },
      untilMs: NOW + MAX_DELEGATION_MS,
    };
    assert.equal(doubtDelegation({ ...good, ...most }), undefined);
    assert.equal(set.add(fleet.delegate(delegate, hub, most).bytes).type, 'added');
  });

  it('eight of a hub for a member are kept, those that end last, whatever the order', () => {
    const all = Array.from({ length: 20 }, (_, n) =>
      fleet.delegate(delegate, hub, { untilMs: NOW + (n + 1) * HOUR }),
    );
    fc.assert(
      fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (shuffled) => {
        const set = fleet.set(...CERTIFICATES, ...shuffled, ...shuffled);
        const kept = set.trust.delegations.get(delegate.key)?.map(({ untilMs }) => untilMs);
        const last = [20, 19, 18, 17, 16, 15, 14, 13].map((n) => NOW + n * HOUR);
        assert.deepEqual(kept, last);
      }),
      { numRuns: 20 },
    );
    const set = fleet.set(...CERTIFICATES, ...all);
    assert.equal(set.add((all[0] as Statement).bytes).type, 'known', 'it is as good as held');
    assert.equal(set.add(fleet.delegate(delegate, hub2).bytes).type, 'added');
    assert.equal(set.add(fleet.delegate(other, hub).bytes).type, 'added');
  });

  it('of a hub without a rank some thousand statements are kept, and it cannot push out others', () => {
    const set = TrustSet.found(fleet.genesis.bytes, { ...sodiumCrypto, verify: () => true });
    assert.ok(typeof set !== 'string');
    for (const { bytes } of CERTIFICATES) set.add(bytes);
    const honest = fleet.delegate(delegate, hub2);
    assert.equal(set.add(honest.bytes).type, 'added');
    const signer = { publicKey: hub.signer.publicKey, sign: () => new Uint8Array(64) };
    const captured = { ...hub, signer };
    for (let n = 0; n < MAX_STATEMENTS_WITHOUT_RANK; n++) {
      const key = n.toString(16).padStart(64, '0');
      const to = { ...delegate, key };
      assert.equal(set.add(fleet.delegate(to, captured).bytes).type, 'added', `${n}`);
    }
    assert.equal(set.add(fleet.delegate(delegate, captured).bytes).type, 'refused');
    assert.equal(set.trust.delegations.get(delegate.key)?.[0]?.id, honest.id);
    assert.equal(set.add(fleet.revoke(honest, hub2).bytes).type, 'added');
  });

  it('certificates of a hub are all kept: what it lent rests on them', () => {
    const given = fleet.delegate(delegate, hub);
    const renewals = Array.from({ length: 9 }, (_, n) =>
      fleet.certify(hub, ['agent'], issuer, { generation: n + 2 }),
    );
    const early = fleet.set(...CERTIFICATES, given, ...renewals);
    const late = fleet.set(...CERTIFICATES, ...renewals, given);
    assert.equal(toHex(early.digest()), toHex(late.digest()));
    assert.deepEqual([ask(early), ask(late)], [undefined, undefined]);
  });
});

/** What was stated, in the order in which it is told to a set. */
interface Told {
  readonly kind: string;
  readonly agent: string;
  readonly fromHours: number;
  readonly hours: number;
  readonly by: Actor;
  readonly revokedBy: Actor | undefined;
}

const rarely = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Actor[]>([]) },
  fc.subarray([hub, hub2]),
);

const drawn = fc.record({
  all: fc.array(
    fc.record({
      kind: fc.constantFrom('restart', 'exec', 'backup.*'),
      agent: fc.constantFrom('pump', 'pump', 'valve'),
      fromHours: fc.integer({ min: 0, max: 3 }),
      hours: fc.integer({ min: 1, max: 4 }),
      by: fc.constantFrom(hub, hub2, delegate, issuer, fleet.root),
      revokedBy: fc.option(fc.constantFrom(hub, hub2, delegate, issuer, fleet.root), {
        ...{ nil: undefined, freq: 2 },
      }),
    }),
    { maxLength: 6 },
  ),
  ejected: rarely,
  annulled: rarely,
  command: fc.record({
    kind: fc.constantFrom('restart', 'exec', 'backup.full', 'format', 'restart'),
    agent: fc.constantFrom('pump', 'pump', 'valve', 'gate'),
    atHours: fc.integer({ min: 0, max: 5 }),
    laterHours: fc.integer({ min: 0, max: 2 }),
  }),
});

/** By the words of the decision record. */
function model({
  all,
  ejected,
  annulled,
  command,
}: typeof drawn extends fc.Arbitrary<infer T> ? T : never) {
  return all.some(({ kind, agent, fromHours, hours, by, revokedBy }) => {
    if (by !== hub && by !== hub2) return false;
    if (ejected.includes(by) || annulled.includes(by)) return false;
    const isRevoked =
      revokedBy !== undefined && revokedBy !== delegate && !annulled.includes(revokedBy);
    if (isRevoked || agent !== command.agent) return false;
    const isKind = kind === 'backup.*' ? command.kind === 'backup.full' : command.kind === kind;
    const end = fromHours + hours;
    const isIn = command.atHours >= fromHours && command.atHours + command.laterHours < end;
    return isKind && isIn;
  });
}

describe('whether a command may be begun', () => {
  it('depends on the set alone, not on its order, and is what a model says', () => {
    const given = ({ kind, agent, fromHours, hours, by }: Told, n: number): Statement =>
      fleet.delegate(delegate, by, {
        ...{ kinds: [kind], agents: [agent], madeAtMs: NOW - n },
        notBeforeMs: NOW + fromHours * HOUR,
        untilMs: NOW + (fromHours + hours) * HOUR,
      });
    const scenes = drawn.chain((scene) => {
      const said = scene.all.map(given);
      const statements = [
        ...said,
        ...said.flatMap((one, n) => {
          const by = scene.all[n]?.revokedBy;
          return by === undefined ? [] : [fleet.revoke(one, by, `${n}`)];
        }),
        ...scene.ejected.map((one) => fleet.eject(one, fleet.root)),
        ...scene.annulled.map((one) => fleet.annul(one, fleet.root)),
      ];
      const order = fc.shuffledSubarray(statements, { minLength: statements.length });
      return fc.tuple(fc.constant(scene), order, order);
    });
    let allowed = 0;
    fc.assert(
      fc.property(scenes, ([scene, one, another]) => {
        const { kind, agent, atHours, laterHours } = scene.command;
        const answers = [one, another].map((order) =>
          ask(fleet.set(...CERTIFICATES, ...order), {
            ...{ kind, agent: { name: agent, labels: {} }, target: { agent } },
            issuedAtMs: NOW + atHours * HOUR,
            nowMs: NOW + (atHours + laterHours) * HOUR,
          }),
        );
        assert.equal(answers[0], answers[1]);
        assert.equal(answers[0] === undefined, model(scene), answers[0]);
        if (answers[0] === undefined) allowed++;
      }),
      { numRuns: 1_000 },
    );
    assert.ok(allowed > 10, `${allowed} were allowed`);
  });
});
