// What TrustService is given: members, ejections, policies and statements of a member that runs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError, toHex } from '../../../src/core/index.ts';
import type { Statement } from '../../../src/core/trust/index.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createTrustControl } from '../../../src/sidecar/trust/control.ts';
import { MANUAL_CLOCK_START_MS } from '../../../src/testing/manual-clock.ts';
import { type Actor, StatedFleet } from '../../core/trust/support/fleet.ts';
import { type RunningMember, TestFleet } from '../support/test-fleet.ts';

const stated = new StatedFleet();
const [hub, hub2, edge, edgeNew, ship] = ['hub', 'hub-2', 'edge', 'edge-new', 'ship'].map(
  (name): Actor => {
    const { signer } = deriveNodeKey(sodiumCrypto.blake2b(new TextEncoder().encode(name)));
    return { name, signer, key: toHex(signer.publicKey) };
  },
) as [Actor, Actor, Actor, Actor, Actor];
const ofHub = stated.certify(hub, ['hub', 'issuer'], stated.root);
const CERTIFICATES = [
  ofHub,
  stated.certify(hub2, ['hub', 'issuer'], stated.root),
  stated.certify(edge, ['agent'], hub),
  stated.certify(ship, ['agent'], hub),
];
const AFTER = MANUAL_CLOCK_START_MS + 90 * 86_400_000;

function founded(...statements: readonly Statement[]): Uint8Array[] {
  return [stated.genesis, ...statements].map(({ bytes }) => bytes);
}

function controlOf({ member }: RunningMember, by: Actor, nowMs = MANUAL_CLOCK_START_MS) {
  const told: string[] = [];
  const control = createTrustControl({
    supervisor: {
      member,
      nodeId: by.key,
      peers: () => member.peers(),
      duplicates: [],
      change: (change) => change(member),
    },
    signer: by.signer,
    clock: { now: () => ({ wallMs: nowMs, monotonicMs: 0 }) },
    crypto: sodiumCrypto,
    onStated: (what) => told.push(what),
  });
  return { control, told };
}

async function hubAndEdge() {
  const fleet = new TestFleet();
  const h = await fleet.start('hub', { founded: founded(...CERTIFICATES) });
  const e = await fleet.start('edge', { founded: founded(...CERTIFICATES), peers: ['hub'] });
  await fleet.quiet();
  return { fleet, h, e };
}

function refusal(reason: string, words: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.reason, reason);
    assert.match(error.message, words);
    return true;
  };
}

const EJECT = { reason: 'stolen', dryRun: false, signer: undefined };

describe('members', () => {
  it('are listed with what their certificates say, and by the clock here', async () => {
    const { h, e } = await hubAndEdge();
    const [first, second, third] = controlOf(h, hub).control.members();
    assert.deepEqual(
      [first?.name, first?.state, first?.issuer, first?.isSelf],
      ['edge', 'member', 'hub', false],
    );
    assert.ok((first?.lastContactMs ?? 0) > 0, 'it is linked');
    assert.deepEqual(
      [second?.name, second?.issuer, second?.isSelf, [...(second?.roles ?? [])].sort()],
      ['hub', 'root', true, ['hub', 'issuer']],
    );
    assert.equal(third?.lastContactMs, undefined);
    assert.deepEqual(
      controlOf(e, edge, AFTER)
        .control.members()
        .map(({ state }) => state),
      ['expired', 'expired', 'expired', 'expired'],
    );
  });

  it('of an open fleet are none', async () => {
    const fleet = new TestFleet();
    const { control } = controlOf(await fleet.start('hub'), hub);
    assert.throws(() => control.members(), refusal('FLEET_OPEN', /holdfast init --fleet/));
    assert.deepEqual(control.warnings(), []);
  });
});

describe('an ejection', () => {
  it('that is only tried does nothing and says what it would', async () => {
    const { fleet, h, e } = await hubAndEdge();
    await e.heartbeat('ok', 'local');
    await fleet.quiet();
    const { control, told } = controlOf(h, hub);
    const plan = await control.eject({ member: 'edge', ...EJECT, dryRun: true });
    assert.deepEqual([plan.done, plan.statements, told], [false, [], []]);
    const [one] = plan.ejections;
    assert.equal(one?.member.key, edge.key);
    assert.deepEqual(
      one?.cuts.map(({ lane, seq, lostCommits }) => [lane, seq, lostCommits]),
      [['pulse', 1, 0]],
    );
    assert.equal(control.members()[0]?.state, 'member');
  });

  it('keeps what is held, ends the link, and is told to whom it puts out', async () => {
    const { fleet, h, e } = await hubAndEdge();
    await e.heartbeat('ok', 'local');
    await fleet.quiet();
    const { control, told } = controlOf(h, hub);
    const { done, statements } = await control.eject({ member: 'edge', ...EJECT });
    assert.deepEqual([done, statements.length, told], [true, 1, ['eject edge: stolen']]);
    await fleet.quiet();
    assert.ok(await h.read('platforms/edge'));
    const row = control.members().find(({ name }) => name === 'edge');
    assert.deepEqual([row?.state, row?.reasons, row?.ejectedBy], ['ejected', ['stolen'], ['hub']]);
    assert.equal(h.member.peers().filter(({ state }) => state === 'connected').length, 0);
    await assert.rejects(e.heartbeat('ok'), refusal('EJECTED', /stolen/));
    const own = controlOf(e, edge).control;
    assert.match(own.warnings().join(), /this sidecar was put out of its fleet: stolen/);
    assert.ok(await e.read('platforms/edge'), 'it can be read still');
    const again = await control.eject({ member: 'edge', ...EJECT });
    assert.deepEqual(again.ejections, []);
  });

  it('goes downwards only', async () => {
    const { h, e } = await hubAndEdge();
    const by = (who: RunningMember, actor: Actor, member: string) =>
      controlOf(who, actor).control.eject({ member, ...EJECT });
    await assert.rejects(by(h, hub, 'hub-2'), refusal('RANK_MISSING', /only the root key may/));
    await assert.rejects(by(h, hub, 'hub'), refusal('RANK_MISSING', /nobody puts itself out/));
    await assert.rejects(by(e, edge, 'ship'), refusal('RANK_MISSING', /takes the role issuer/));
    await assert.rejects(by(h, hub, 'nobody'), refusal('NOT_FOUND', /trust members/));
    assert.equal(h.member.trust?.set.trust.cuts.size, 0);
  });

  it('by another signer is only prepared', async () => {
    const { h } = await hubAndEdge();
    const ask = { member: 'hub-2', ...EJECT, signer: stated.root.key };
    const { done, ejections } = await controlOf(h, hub).control.eject(ask);
    assert.deepEqual([done, ejections.length], [false, 1]);
    assert.equal(h.member.trust?.set.trust.cuts.size, 0);
  });

  it('of one key leaves the name to another: the newest that is in speaks', async () => {
    const { fleet, h, e } = await hubAndEdge();
    await e.heartbeat('old', 'local');
    await fleet.quiet();
    const { control } = controlOf(h, hub);
    const nodeId = control.members().find(({ name }) => name === 'edge')?.nodeId ?? '';
    await assert.rejects(
      control.eject({ member: nodeId.slice(0, 7), ...EJECT }),
      refusal('NOT_FOUND', /8 characters of one are enough/),
    );
    await control.eject({ member: nodeId.slice(0, 8), ...EJECT });
    const later = stated.certify(edgeNew, ['agent'], hub, { name: 'edge', agents: ['edge'] });
    const n = await fleet.start('edge-new', {
      founded: founded(ofHub, later),
      peers: ['hub'],
      agents: ['edge'],
    });
    await fleet.quiet();
    await n.heartbeatOf('edge', 'new');
    await fleet.quiet();
    assert.equal((await h.read('platforms/edge'))?.status, 'new');
    const rows = control.members().filter(({ name }) => name === 'edge');
    assert.deepEqual(
      rows.map(({ key, state }) => [key, state]),
      [
        [edgeNew.key, 'member'],
        [edge.key, 'ejected'],
      ],
    );
    const once = await control.eject({ member: 'edge', ...EJECT });
    assert.deepEqual(
      once.ejections.map(({ member }) => member.key),
      [edgeNew.key],
    );
  });
});

describe('a policy', () => {
  const NOTES = { collection: 'notes', class: 'shared', writers: ['hub', 'agent'] };
  const NOW = { dryRun: false, signer: undefined };

  it('is numbered, in force at once, and told to everybody', async () => {
    const { fleet, h, e } = await hubAndEdge();
    const { control, told } = controlOf(h, hub);
    assert.deepEqual(control.policy(), { generation: 0, declarations: [] });
    const first = await control.setPolicy([NOTES], NOW);
    assert.deepEqual(first, {
      ...{ generation: 1, added: ['notes'], changed: [], removed: [], done: true },
    });
    await fleet.quiet();
    await e.put('notes/a', { n: 1 });
    const second = await control.setPolicy(
      [
        { ...NOTES, writers: ['hub'] },
        { ...NOTES, collection: 'more' },
      ],
      NOW,
    );
    assert.deepEqual([second.generation, second.added, second.changed], [2, ['more'], ['notes']]);
    const third = await control.setPolicy([], { ...NOW, dryRun: true });
    assert.deepEqual([third.removed, third.done], [['notes', 'more'], false]);
    assert.equal(control.policy().generation, 2);
    assert.deepEqual(told, ['set policy 1', 'set policy 2']);
  });

  it('that cannot be is refused with the field and the reason', async () => {
    const { h, e } = await hubAndEdge();
    const { control } = controlOf(h, hub);
    await control.setPolicy([NOTES], NOW);
    const wrong: [object, string, RegExp][] = [
      [{ class: 'owned' }, 'declarations[0].class', /declared as shared by an earlier policy/],
      [{ class: 'loud' }, 'declarations[0].class', /is no class: owned, immutable, shared are/],
      [{ writers: ['king'] }, 'declarations[0].writers[0]', /is no role/],
      [{ writers: [] }, 'declarations[0].writers', /nobody could write/],
      [{ collection: 'platforms' }, 'declarations[0].collection', /by itself/],
      [{ collection: 'leases' }, 'declarations[0].collection', /reserved/],
      [{ collection: 'No' }, 'declarations[0].collection', /not a collection name/],
    ];
    for (const [change, field, words] of wrong) {
      await assert.rejects(control.setPolicy([{ ...NOTES, ...change }], NOW), (error) => {
        assert.ok(error instanceof HoldfastError);
        assert.equal(error.field, field);
        return refusal('INVALID_FIELD', words)(error);
      });
    }
    await assert.rejects(control.setPolicy([NOTES, NOTES], NOW), /declared twice/);
    const byEdge = controlOf(e, edge).control.setPolicy([NOTES], NOW);
    await assert.rejects(byEdge, refusal('RANK_MISSING', /takes the role issuer/));
    assert.equal(control.policy().generation, 1);
  });
});

describe('statements that are handed over', () => {
  it('are taken in any order, and counted', async () => {
    const fleet = new TestFleet();
    const h = await fleet.start('hub', { founded: founded(ofHub) });
    const { control } = controlOf(h, hub);
    const more = [
      stated.eject(ship, hub2),
      stated.certify(ship, ['agent'], hub2),
      stated.certify(hub2, ['hub', 'issuer'], stated.root),
      ofHub,
      stated.certify(edge, ['agent'], ship),
      stated.genesis,
    ];
    const bytes = more.map((statement) => statement.bytes);
    assert.deepEqual(await control.take(bytes), { added: 3, known: 2, early: 1 });
    assert.equal(control.members().find(({ name }) => name === 'ship')?.state, 'ejected');
    assert.deepEqual(await control.take(bytes), { added: 0, known: 5, early: 1 });
  });

  it('of another fleet are refused with all that came with them', async () => {
    const { h } = await hubAndEdge();
    const { control } = controlOf(h, hub);
    const other = new StatedFleet('other');
    const statements = [stated.eject(edge, hub), other.eject(edge, other.root)];
    await assert.rejects(
      control.take(statements.map(({ bytes }) => bytes)),
      refusal('STATEMENT_REFUSED', /statements\[1\].*signature.*Nothing was taken/),
    );
    assert.equal(h.member.trust?.set.trust.cuts.size, 0);
    await assert.rejects(control.take([other.genesis.bytes]), /founds another fleet/);
  });
});

describe('a bundle', () => {
  it('carries an ejection first, to a member without a link', async () => {
    const fleet = new TestFleet();
    const h = await fleet.start('hub', { founded: founded(...CERTIFICATES) });
    const far = await fleet.start('ship', { founded: founded(...CERTIFICATES) });
    const e = await fleet.start('edge', { founded: founded(...CERTIFICATES), peers: ['ship'] });
    await fleet.quiet();
    await e.heartbeat('ok', 'local');
    await fleet.quiet();
    assert.ok(await far.read('platforms/edge'));
    await controlOf(h, hub).control.eject({ member: 'edge', ...EJECT });
    const pieces: Uint8Array[] = [];
    let carried = 0;
    for await (const step of h.member.bundles.export(undefined, Infinity)) {
      pieces.push(step.data);
      carried = step.report?.statements ?? carried;
    }
    assert.equal(carried, 2, 'the ejection, and the certificate of who signed it');
    const data = Buffer.concat(pieces);
    const piece = { uploadId: 'courier-1', offset: 0, last: true, dryRun: false, abandon: false };
    const { fault } = await far.member.bundles.take({ ...piece, data });
    assert.equal(fault, undefined);
    await fleet.quiet();
    assert.equal(await far.read('platforms/edge'), undefined, 'the hub held nothing of it');
    assert.equal(far.member.peers().filter(({ state }) => state === 'connected').length, 0);
    await assert.rejects(e.heartbeat('ok'), refusal('EJECTED', /stolen/));
  });
});
