// What the root key signs, and that it counts; and what is refused before anything is signed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Statement } from '../../../src/core/trust/index.ts';
import { StartupError } from '../../../src/sidecar/startup-error.ts';
import { RootDesk } from '../../../src/sidecar/trust/root-desk.ts';
import { type Actor, actor, STATED_MS, StatedFleet } from '../../core/trust/support/fleet.ts';

const stated = new StatedFleet();
const [hub, edge, next] = [actor('hub'), actor('edge'), actor('root-2')];
const NOW_MS = Date.UTC(2026, 5, 1);
const day = new Date(STATED_MS).toISOString().slice(0, 10);
const CERTIFICATES = [
  stated.certify(hub, ['hub', 'issuer'], stated.root),
  stated.certify(edge, ['agent'], hub),
];

function deskOf(root: Actor = stated.root, ...more: readonly Statement[]): RootDesk {
  const statements = [stated.genesis, ...CERTIFICATES, ...more].map(({ bytes }) => bytes);
  return new RootDesk({ statements, root: root.signer, nowMs: NOW_MS });
}

/** What follows when a statement is taken in. */
function after(...bytes: readonly Uint8Array[]) {
  const set = stated.set(...CERTIFICATES);
  for (const one of bytes) assert.equal(set.add(one).type, 'added');
  return set.trust;
}

describe('the root key', () => {
  it('puts anybody out, with the cuts that were shown', () => {
    const end = { incarnation: '00'.repeat(16), laneNumber: 3, seq: 4, hash: '11'.repeat(32) };
    const trust = after(deskOf().eject(hub.key, [end], 'captured'));
    assert.deepEqual(trust.members.get(hub.key)?.ejected?.reasons, ['captured']);
    const [cut] = trust.cuts.get(hub.key)?.values() ?? [];
    assert.deepEqual([cut?.lane, cut?.seq], ['state', 4]);
  });

  it('renews a certificate, good from now on, with more roles where they are given', () => {
    const { statement, certificate } = deskOf().certify(edge.key, {
      ...{ roles: ['ejector'], ejectsPrefix: 'truck-' },
    });
    const member = after(statement).members.get(edge.key);
    assert.equal(member?.certificates[0]?.generation, 2);
    assert.deepEqual([...(member?.roles ?? [])].sort(), ['agent', 'ejector']);
    assert.deepEqual(member?.ejectsPrefixes, ['truck-']);
    assert.deepEqual(certificate.agents, ['edge']);
    assert.equal(certificate.expiresMs - NOW_MS, 90 * 86_400_000);
  });

  it('gives way to another, and signs nothing more that counts', () => {
    const change = deskOf().changeRoot(next.signer);
    assert.deepEqual(after(change).roots, [stated.root.key, next.key]);
    const later = stated.changeRoot(next, stated.root, 1);
    assert.throws(() => deskOf(stated.root, later), /was replaced by a later one/);
    assert.throws(() => deskOf(next, later).changeRoot(next.signer), StartupError);
    assert.throws(() => deskOf(next, later).changeRoot(stated.root.signer), /was, a root/);
    assert.ok(deskOf(next, later));
  });

  it('of another fleet opens nothing', () => {
    assert.throws(() => deskOf(actor('other')), /is not that of the fleet lab/);
  });

  it('takes back what an issuer signed but for what is kept', () => {
    const more = stated.certify(actor('ghost'), ['agent'], hub);
    const desk = deskOf(stated.root, more);
    const signed = desk.signedBy(hub.key);
    assert.deepEqual(
      signed.map(({ what }) => what),
      [
        `certificate of edge (agent), generation 1, from ${day}`,
        `certificate of ghost (agent), generation 1, from ${day}`,
      ],
    );
    const [ofEdge] = signed;
    const trust = after(more.bytes, desk.annul(hub.key, [ofEdge?.id ?? ''], 'captured'));
    assert.ok(trust.members.has(edge.key));
    assert.ok(!trust.members.has(actor('ghost').key));
    assert.ok(trust.members.has(hub.key), 'it is a member still');
  });

  it('sets a policy', () => {
    const notes = {
      collection: 'notes',
      class: 'shared',
      writers: new Set(['hub'] as const),
    } as const;
    assert.equal(after(deskOf().policy(1, [notes])).collections.get('notes')?.class, 'shared');
  });
});
