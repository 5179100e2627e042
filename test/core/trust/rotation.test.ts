// Another key for a node: who may have one, what its certificate says, and who retires the old one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Cut,
  certificateOf,
  decideRotation,
  decodeCertificate,
  decodeFollowedCuts,
  doubtRotation,
  encodeCertificate,
  encodeFollowedCuts,
  heirsOf,
  keyToRetire,
  mayRetire,
  nextCertificate,
  type RotationWish,
  type TrustSet,
  wishRotation,
} from '../../../src/core/trust/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const NOW_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const fleet = new StatedFleet();
const [hub, edge, next, other] = ['hub', 'edge', 'next', 'other'].map(actor) as [
  Actor,
  Actor,
  Actor,
  Actor,
];
const ofHub = fleet.certify(hub, ['hub', 'issuer'], fleet.root);
const ofEdge = fleet.certify(edge, ['agent', 'relay'], hub, {
  ...{ agents: ['edge', 'pump'], collections: ['notes'], generation: 7 },
});
const OTHER_KEYS = { noiseKey: '11'.repeat(32), sealingKey: '22'.repeat(32) };

function wishOf(by: Actor, old: Actor, signedBy = by, fleetId = fleet.fleetId): RotationWish {
  const keys = { key: by.key, ...OTHER_KEYS };
  return wishRotation(keys, old.key, { signer: signedBy.signer, fleetId });
}

function decide(set: TrustSet, wish: RotationWish, nowMs = NOW_MS, old = edge) {
  return decideRotation(set, old.key, wish, { nowMs, verifier: sodiumCrypto });
}

/** What the hub grants to the next key, as a statement. */
function granted(set: TrustSet, by = next, old = edge, nowMs = NOW_MS) {
  const decision = decide(set, wishOf(by, old), nowMs, old);
  assert.equal(decision.type, 'grant', JSON.stringify(decision));
  return fleet.sign('certificate', encodeCertificate(decision.certificate), hub);
}

describe('a wish for another key', () => {
  it('is granted with the name and the grants of the present certificate, and names the old key', () => {
    const set = fleet.set(ofHub, ofEdge);
    const decision = decide(set, wishOf(next, edge));
    assert.equal(decision.type, 'grant');
    const [current] = set.trust.members.get(edge.key)?.certificates ?? [];
    assert.ok(current);
    const { certificate } = decision;
    assert.deepEqual(certificate, {
      ...{ ...current, ...OTHER_KEYS, key: next.key, predecessor: edge.key, generation: 1 },
      ...{ notBeforeMs: NOW_MS, expiresMs: NOW_MS + 90 * DAY_MS },
    });
    assert.deepEqual(decodeCertificate(encodeCertificate(certificate)), certificate);
    const renewed = nextCertificate(certificate, NOW_MS);
    assert.equal(renewed.predecessor, edge.key);
  });

  it('is granted once, and afterwards to nobody else', () => {
    const set = fleet.set(ofHub, ofEdge);
    set.add(granted(set).bytes);
    assert.deepEqual(
      heirsOf(set.trust, edge.key).map(({ key }) => key),
      [next.key],
    );
    assert.equal(decide(set, wishOf(next, edge)).type, 'granted');
    const second = decide(set, wishOf(other, edge));
    assert.match(JSON.stringify(second), /refused.*another key was certified in its place/);
    // Unless that one was put out.
    set.add(fleet.eject(next, hub).bytes);
    assert.equal(decide(set, wishOf(other, edge)).type, 'grant');
    assert.match(JSON.stringify(decide(set, wishOf(next, edge))), /the new key is known already/);
  });

  it('is refused without proof of the new key for this fleet, this old key and these keys', () => {
    const set = fleet.set(ofHub, ofEdge);
    for (const wish of [
      { ...wishOf(next, edge, other) },
      wishOf(next, other),
      wishOf(next, edge, next, new Uint8Array(32)),
      { ...wishOf(next, edge), noiseKey: '33'.repeat(32) },
      { ...wishOf(next, edge), sealingKey: '33'.repeat(32) },
      { ...wishOf(next, edge), proof: new Uint8Array(64) },
    ]) {
      assert.match(JSON.stringify(decide(set, wish)), /refused.*the new key did not sign/);
    }
  });

  it('is refused for keys that are known already', () => {
    const set = fleet.set(ofHub, ofEdge, fleet.eject(other, fleet.root));
    for (const one of [edge, hub, fleet.root, other]) {
      assert.match(JSON.stringify(decide(set, wishOf(one, edge))), /refused.*is known already/);
    }
  });

  it('is refused for whoever is out, expired, no member, or has a rank', () => {
    const certified = fleet.set(ofHub, ofEdge);
    const expired = certified.trust.members.get(edge.key)?.certificates[0]?.expiresMs ?? 0;
    assert.equal(doubtRotation(certified.trust, edge.key, expired - 1), undefined);
    assert.match(String(doubtRotation(certified.trust, edge.key, expired)), /is over/);
    assert.match(String(doubtRotation(certified.trust, other.key, NOW_MS)), /no certificate/);
    assert.match(String(doubtRotation(certified.trust, hub.key, NOW_MS)), /the root key alone/);
    certified.add(fleet.eject(edge, hub).bytes);
    assert.match(String(doubtRotation(certified.trust, edge.key, NOW_MS)), /was put out/);
    assert.match(JSON.stringify(decide(certified, wishOf(next, edge))), /was put out/);
  });

  it('of a key that came by a rotation is refused for a day, whatever it was given since', () => {
    const set = fleet.set(ofHub, ofEdge);
    const first = granted(set);
    set.add(first.bytes);
    const late = NOW_MS + DAY_MS - 1;
    assert.match(String(doubtRotation(set.trust, next.key, late)), /less than a day/);
    assert.equal(doubtRotation(set.trust, next.key, late + 1), undefined);
    const renewed = nextCertificate(decodeCertificate(first.payload), NOW_MS + 40 * DAY_MS);
    set.add(fleet.sign('certificate', encodeCertificate(renewed), hub).bytes);
    assert.equal(doubtRotation(set.trust, next.key, NOW_MS + 40 * DAY_MS), undefined);
    assert.match(String(doubtRotation(set.trust, next.key, late)), /less than a day/);
  });
});

describe('the key that was replaced', () => {
  it('is retired by an issuer at the word of its heir alone, once', () => {
    const set = fleet.set(ofHub, ofEdge, fleet.certify(other, ['agent'], hub));
    assert.equal(keyToRetire(set.trust, next.key), undefined);
    set.add(granted(set).bytes);
    assert.equal(keyToRetire(set.trust, next.key), edge.key);
    const pair = { heir: next.key, old: edge.key };
    assert.ok(mayRetire(set.trust, hub.key, pair));
    assert.ok(!mayRetire(set.trust, other.key, pair), 'by no issuer');
    assert.ok(!mayRetire(set.trust, hub.key, { heir: other.key, old: edge.key }), 'no heir');
    assert.ok(!mayRetire(set.trust, hub.key, { heir: next.key, old: other.key }), 'of another');
    set.add(fleet.eject(edge, hub).bytes);
    assert.ok(!mayRetire(set.trust, hub.key, pair), 'is out already');
    assert.equal(keyToRetire(set.trust, next.key), undefined);
  });

  it('is not retired at the word of one that was put out itself', () => {
    const set = fleet.set(ofHub, ofEdge);
    set.add(granted(set).bytes);
    set.add(fleet.eject(next, hub).bytes);
    assert.ok(!mayRetire(set.trust, hub.key, { heir: next.key, old: edge.key }));
  });
});

describe('where its feeds end', () => {
  const cut = (index: number): Cut => ({
    incarnation: index.toString(16).padStart(32, '0'),
    ...{ lane: 'state', seq: index + 1, hash: 'ab'.repeat(32) },
  });
  const cuts = (count: number) => Array.from({ length: count }, (_, index) => cut(index));

  it('is written in a few bytes, for as many feeds as fit a document', () => {
    for (const count of [0, 1, 512]) {
      const bytes = encodeFollowedCuts(cuts(count));
      assert.ok(bytes);
      assert.deepEqual(decodeFollowedCuts(bytes), cuts(count));
      assert.ok(bytes.length * (4 / 3) < 40_000, `${bytes.length} bytes`);
    }
    assert.equal(encodeFollowedCuts(cuts(513)), undefined);
  });

  it('is not read where bytes are missing or too many', () => {
    const bytes = encodeFollowedCuts(cuts(2)) ?? new Uint8Array(0);
    assert.throws(() => decodeFollowedCuts(bytes.subarray(0, -1)), { name: 'MalformedBytesError' });
    const longer = new Uint8Array([...bytes, 0]);
    assert.throws(() => decodeFollowedCuts(longer), { name: 'MalformedBytesError' });
  });
});

describe('a certificate', () => {
  it('without a predecessor has the bytes it always had, and one of a later version is read', () => {
    const plain = certificateOf(
      { key: edge.key, ...OTHER_KEYS },
      { name: 'edge', roles: new Set(['agent']), agents: ['edge'], collections: [] },
      { nowMs: NOW_MS, generation: 1, tokenId: new Uint8Array(0) },
    );
    const bytes = encodeCertificate(plain);
    assert.deepEqual(decodeCertificate(bytes), plain);
    assert.deepEqual(decodeCertificate(new Uint8Array([...bytes, 0, 9, 9])), plain);
    const wrong = new Uint8Array([...bytes, 3, 1, 2, 3]);
    assert.throws(() => decodeCertificate(wrong), { name: 'MalformedBytesError' });
  });
});
