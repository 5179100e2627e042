// Statements of a later version: an old node keeps and passes on what it does not understand, and nothing follows from it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodePolicy } from '../../../src/core/trust/index.ts';
import { MAX_STATEMENT_PAYLOAD_BYTES } from '../../../src/core/trust/limits.ts';
import { ByteWriter, concatBytes, utf8 } from '../../../src/core/values/bytes.ts';
import { type Actor, actor, StatedFleet } from './support/fleet.ts';

const fleet = new StatedFleet();
const [hub, edge] = [actor('hub'), actor('edge')];
const certificates = [
  fleet.certify(hub, ['hub', 'issuer'], fleet.root),
  fleet.certify(edge, ['agent'], hub),
];
const LATER_KIND = 77;

/** As docs/PROTOCOL.md lays a statement out, written once more. */
function stateKind(kind: number, payload: Uint8Array, by: Actor, fleetId = fleet.fleetId) {
  const domain = utf8('holdfast statement 1');
  const { publicKey } = by.signer;
  const signed = concatBytes(domain, fleetId, Uint8Array.of(kind), publicKey, payload);
  return new ByteWriter()
    .byte(kind)
    .raw(publicKey)
    .chunk(payload)
    .raw(by.signer.sign(signed))
    .finish();
}

describe('a statement of a kind that this version does not know', () => {
  it('is held like any other and told in its place, and changes nothing', () => {
    const set = fleet.set(...certificates);
    const before = { trust: set.trust, digest: set.digest() };
    const bytes = stateKind(LATER_KIND, utf8('what nobody here reads'), hub);
    const admission = set.add(bytes);
    assert.equal(admission.type, 'added');
    assert.deepEqual(set.trust, before.trust);
    assert.notDeepEqual(set.digest(), before.digest);
    assert.deepEqual(set.statements().at(-1)?.bytes, bytes);
    assert.equal(set.add(bytes).type, 'known');
    const other = fleet.set(...set.statements());
    assert.deepEqual(other.digest(), set.digest());
  });

  it('needs the signature of somebody with a rank, for this fleet, and the size of a statement', () => {
    const set = fleet.set(...certificates);
    const payload = utf8('x');
    assert.equal(set.add(stateKind(LATER_KIND, payload, edge)).type, 'early');
    const otherFleet = new Uint8Array(32).fill(3);
    assert.equal(set.add(stateKind(LATER_KIND, payload, hub, otherFleet)).type, 'refused');
    const otherKind = stateKind(LATER_KIND, payload, hub);
    otherKind[0] = LATER_KIND + 1;
    assert.equal(set.add(otherKind).type, 'refused');
    const large = new Uint8Array(MAX_STATEMENT_PAYLOAD_BYTES + 1);
    assert.equal(set.add(stateKind(LATER_KIND, large, hub)).type, 'refused');
  });
});

describe('a known kind whose payload says more than this version can read', () => {
  const policy = encodePolicy({
    generation: 1,
    declarations: [{ collection: 'notes', class: 'shared', writers: new Set(['agent']) }],
    madeAtMs: 0,
  });
  const unreadable = policy.map((byte, at) => (at === 0 ? 2 : byte === 3 ? 99 : byte));

  it('is held without a meaning when a later version wrote it, and refused when this one did', () => {
    const set = fleet.set(...certificates);
    assert.equal(set.add(stateKind(5, unreadable, hub)).type, 'added');
    assert.equal(set.trust.policyGeneration, 0);
    const malformed = unreadable.map((byte, at) => (at === 0 ? 1 : byte));
    assert.equal(set.add(stateKind(5, malformed, hub)).type, 'refused');
  });
});
