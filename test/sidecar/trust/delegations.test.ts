// What DelegationService is given: hubs of running members sign, list and revoke delegations.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HoldfastError, toHex } from '../../../src/core/index.ts';
import type { DelegationAsk } from '../../../src/sidecar/api/controls/delegation-control.ts';
import { deriveNodeKey } from '../../../src/sidecar/identity/node-key.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createTrustControl } from '../../../src/sidecar/trust/control.ts';
import { createDelegationControl } from '../../../src/sidecar/trust/delegations.ts';
import { MANUAL_CLOCK_START_MS } from '../../../src/testing/manual-clock.ts';
import { type Actor, StatedFleet } from '../../core/trust/support/fleet.ts';
import { type RunningMember, TestFleet } from '../support/test-fleet.ts';

const HOUR = 3_600_000;
const stated = new StatedFleet();
const [hub, edge, issuer] = ['hub', 'edge', 'issuer'].map((name): Actor => {
  const { signer } = deriveNodeKey(sodiumCrypto.blake2b(new TextEncoder().encode(name)));
  return { name, signer, key: toHex(signer.publicKey) };
}) as [Actor, Actor, Actor];
const FOUNDED = [
  stated.genesis,
  stated.certify(issuer, ['issuer'], stated.root),
  stated.certify(hub, ['hub'], issuer),
  stated.certify(edge, ['agent'], issuer),
].map(({ bytes }) => bytes);
const ASK: DelegationAsk = {
  ...{ member: 'edge', kinds: ['restart'], agents: ['pump'], selector: 'site=north' },
  ...{ notBeforeMs: undefined, untilMs: undefined, lastsMs: 12 * HOUR },
};

function controlOf({ member }: RunningMember, by: Actor) {
  const told: string[] = [];
  const parts = {
    supervisor: {
      member,
      nodeId: by.key,
      peers: () => member.peers(),
      duplicates: [],
      change: <T>(change: (running: typeof member) => Promise<T>) => change(member),
    },
    signer: by.signer,
    clock: { now: () => ({ wallMs: MANUAL_CLOCK_START_MS, monotonicMs: 0 }) },
    crypto: sodiumCrypto,
    onStated: (what: string) => told.push(what),
  };
  const trust = createTrustControl(parts);
  return { told, control: createDelegationControl({ ...parts, members: () => trust.members() }) };
}

async function hubAndEdge() {
  const fleet = new TestFleet();
  const h = await fleet.start('hub', { founded: FOUNDED });
  const e = await fleet.start('edge', { founded: FOUNDED, peers: ['hub'] });
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

describe('a delegation', () => {
  it('is signed by a hub, reaches its member, and is taken back everywhere', async () => {
    const { fleet, h, e } = await hubAndEdge();
    const { control, told } = controlOf(h, hub);
    const made = await control.create(ASK);
    assert.deepEqual(
      [made.delegate, made.by, made.kinds, made.agents, made.selector, made.state],
      ['edge', 'hub', ['restart'], ['pump'], 'site=north', 'active'],
    );
    assert.equal(made.untilMs - made.madeAtMs, 12 * HOUR);
    assert.ok(made.notBeforeMs < made.madeAtMs, 'a clock that is a little slow does no harm');
    await fleet.quiet();
    const there = controlOf(e, edge).control;
    assert.deepEqual(there.list(), [made]);
    const revoked = await control.revoke(made.id.slice(0, 8), 'the van is gone');
    assert.deepEqual(
      [revoked.state, revoked.revokedBy, revoked.reasons],
      ['revoked', ['hub'], ['the van is gone']],
    );
    await fleet.quiet();
    assert.deepEqual(there.list(), [revoked]);
    assert.deepEqual(told, [
      'delegate restart to edge',
      `revoke delegation ${made.id}: the van is gone`,
    ]);
    // Twice does no harm, and says nothing new.
    const again = await control.revoke(made.id, 'once more');
    assert.deepEqual([again.reasons, told.length], [['the van is gone'], 2]);
  });

  it('is refused where it would count for nothing, or says what it cannot', async () => {
    const { h, e } = await hubAndEdge();
    const { control, told } = controlOf(h, hub);
    const byEdge = controlOf(e, edge).control;
    await assert.rejects(byEdge.create(ASK), refusal('RANK_MISSING', /takes the role hub/));
    const bad: readonly (readonly [Partial<DelegationAsk>, string, RegExp])[] = [
      [{ kinds: ['*'] }, 'INVALID_FIELD', /kinds: "\*" is neither a kind/],
      [{ agents: [], selector: '' }, 'INVALID_FIELD', /agents: it names no agents/],
      [{ selector: 'a b' }, 'INVALID_FIELD', /selector: at character 3/],
      [{ lastsMs: 31 * 24 * HOUR }, 'INVALID_FIELD', /until: a delegation lasts 30 days/],
      [{ lastsMs: 0 }, 'INVALID_FIELD', /until: it would be over before/],
      [{ lastsMs: undefined }, 'INVALID_FIELD', /until: say either/],
      [{ untilMs: MANUAL_CLOCK_START_MS + HOUR }, 'INVALID_FIELD', /until: say either/],
      [{ member: 'hub' }, 'INVALID_FIELD', /member: hub is a hub/],
      [{ member: 'nobody' }, 'NOT_FOUND', /There is no member "nobody"/],
    ];
    for (const [change, reason, words] of bad) {
      await assert.rejects(control.create({ ...ASK, ...change }), refusal(reason, words));
    }
    await assert.rejects(control.revoke('abcdef01', 'x'), refusal('NOT_FOUND', /no delegation/));
    assert.deepEqual([control.list(), told], [[], []]);
  });

  it('is one of eight at most that a hub gives a member at a time', async () => {
    const { h } = await hubAndEdge();
    const { control } = controlOf(h, hub);
    for (let n = 1; n <= 8; n++) await control.create({ ...ASK, lastsMs: n * HOUR });
    const [last] = control.list();
    await assert.rejects(control.create(ASK), refusal('LIMIT_REACHED', /edge has 8 delegations/));
    assert.equal(control.list().length, 8);
    assert.equal(last?.untilMs, (last?.madeAtMs ?? 0) + 8 * HOUR);
  });
});
