// A hello proves membership on one handshake, in one direction, for exactly what it says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/core/index.ts';
import { createHello, doubtHello, type Hello } from '../../../src/mesh/protocol/index.ts';
import { membershipOf, OTHER_SECRET } from '../support/names.ts';

const HANDSHAKE = new Uint8Array(64).fill(5);
const VERSIONS = { versionMin: 1, versionMax: 3, capabilities: 6n };
const [alpha, beta] = [membershipOf('alpha'), membershipOf('beta')];

const WRONG_SECRET = 'it does not hold the secret of this fleet';
const WRONG_KEY = 'it does not own the node id it claims';

test('a member believes a member, in both directions', () => {
  for (const fromInitiator of [true, false]) {
    const hello = createHello(beta, VERSIONS, HANDSHAKE, fromInitiator);
    assert.equal(doubtHello(alpha, hello, HANDSHAKE, fromInitiator), undefined);
    assert.equal(doubtHello(alpha, hello, HANDSHAKE, !fromInitiator), WRONG_SECRET);
  }
});

test('a hello says what it was given and nothing secret', () => {
  const hello = createHello(beta, VERSIONS, HANDSHAKE, true);
  const { membershipProof, signature, ...claims } = hello;
  assert.deepEqual(claims, {
    type: 'hello',
    ...VERSIONS,
    nodeId: beta.nodeId,
    bootId: beta.bootId,
  });
  const secret = toHex(beta.fleetSecret);
  for (const bytes of [membershipProof, signature]) assert.ok(!toHex(bytes).includes(secret));
});

test('the same hello is said on the same handshake only, so every one of them is new', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), (handshake) => {
      const hello = createHello(beta, VERSIONS, HANDSHAKE, true);
      assert.equal(doubtHello(alpha, hello, handshake, true), WRONG_SECRET);
      const other = createHello(beta, VERSIONS, handshake, true);
      assert.notDeepEqual(other.membershipProof, hello.membershipProof);
      assert.equal(doubtHello(alpha, other, handshake, true), undefined);
    }),
  );
});

test('a changed claim is not believed', () => {
  const hello = createHello(beta, VERSIONS, HANDSHAKE, true);
  const changes: Partial<Hello>[] = [
    { versionMin: 0 },
    { versionMax: 4 },
    { capabilities: 7n },
    { bootId: alpha.bootId },
    { nodeId: alpha.nodeId },
  ];
  for (const change of changes) {
    assert.equal(doubtHello(alpha, { ...hello, ...change }, HANDSHAKE, true), WRONG_SECRET);
  }
});

test('a changed bit of the proof or the signature is not believed', () => {
  const hello = createHello(beta, VERSIONS, HANDSHAKE, true);
  const { membershipProof, signature } = hello;
  for (let bit = 0; bit < 8 * membershipProof.length; bit++) {
    const changed = { ...hello, membershipProof: withoutBit(membershipProof, bit) };
    assert.equal(doubtHello(alpha, changed, HANDSHAKE, true), WRONG_SECRET);
  }
  for (let bit = 0; bit < 8 * signature.length; bit++) {
    const changed = { ...hello, signature: withoutBit(signature, bit) };
    assert.equal(doubtHello(alpha, changed, HANDSHAKE, true), WRONG_KEY);
  }
});

test('the secret alone does not make somebody else of a member', () => {
  const thief = { ...membershipOf('mallory'), nodeId: beta.nodeId };
  const hello = createHello(thief, VERSIONS, HANDSHAKE, true);
  assert.equal(doubtHello(alpha, hello, HANDSHAKE, true), WRONG_KEY);
});

test('a key alone does not make a member', () => {
  const outsider = membershipOf('beta', OTHER_SECRET);
  const hello = createHello(outsider, VERSIONS, HANDSHAKE, true);
  assert.equal(doubtHello(alpha, hello, HANDSHAKE, true), WRONG_SECRET);
});

test('a node id that is no point of the curve is an answer, not an exception', () => {
  for (const nodeId of ['00'.repeat(32), 'ff'.repeat(32), `01${'00'.repeat(31)}`]) {
    const hello = createHello({ ...beta, nodeId }, VERSIONS, HANDSHAKE, true);
    assert.equal(doubtHello(alpha, hello, HANDSHAKE, true), WRONG_KEY);
  }
});

function withoutBit(bytes: Uint8Array, bit: number): Uint8Array {
  const at = bit >>> 3;
  return bytes.with(at, (bytes[at] as number) ^ (1 << (bit & 7)));
}
