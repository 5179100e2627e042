// Who may read an announcement: members of the fleet, under the name it was made for, and nobody else.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  announcementKey,
  INSTANCE_TAG_BYTES,
  NONCE_BYTES,
  openIdentity,
  SEALED_BYTES,
  sealIdentity,
} from '../../../src/mesh/discovery/announcement/sealed-identity.ts';
import { sodiumCrypto, sodiumSecretBox } from '../../../src/sidecar/sodium-crypto.ts';

const LABEL = '0123456789abcdef';
const keyOf = (byte: number) => announcementKey(new Uint8Array(32).fill(byte), sodiumCrypto);
const identity = {
  nodeId: '5a'.repeat(32),
  port: 40_001,
  instanceTag: new Uint8Array(INSTANCE_TAG_BYTES).fill(3),
};
const sealWith = (nonceByte: number) =>
  sealIdentity(
    sodiumSecretBox,
    keyOf(1),
    new Uint8Array(NONCE_BYTES).fill(nonceByte),
    LABEL,
    identity,
  );
const openWith = (keyByte: number, label: string, sealed: Uint8Array) =>
  openIdentity(sodiumSecretBox, keyOf(keyByte), label, sealed);

describe('a sealed identity', () => {
  it('is opened by a member', () => {
    const sealed = sealWith(9);
    assert.equal(sealed.length, SEALED_BYTES);
    assert.deepEqual(openWith(1, LABEL, sealed), identity);
  });

  it('is not opened with another fleet’s key, under another name, or after any change', () => {
    const sealed = sealWith(9);
    assert.equal(openWith(2, LABEL, sealed), undefined);
    assert.equal(openWith(1, '0123456789abcdee', sealed), undefined);
    fc.assert(
      fc.property(fc.nat(SEALED_BYTES - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const altered = sealed.map((byte, index) => (index === at ? byte ^ flip : byte));
        assert.equal(openWith(1, LABEL, altered), undefined);
      }),
    );
  });

  it('of any other bytes is none, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        assert.equal(openWith(1, LABEL, bytes), undefined);
      }),
    );
  });

  it('is what the vectors of the protocol say', () => {
    const text = readFileSync('docs/PROTOCOL.md', 'utf8');
    const block = (name: string) =>
      JSON.parse(new RegExp(`^\`\`\`json ${name}\\n([^\`]*)\`\`\`$`, 'm').exec(text)?.[1] ?? '{}');
    const { fleetSecret, nodeId } = block('vectors');
    const vectors = block('lan-vectors');
    const bytes = (hex: unknown) => new Uint8Array(Buffer.from(String(hex), 'hex'));
    const key = announcementKey(bytes(fleetSecret), sodiumCrypto);
    const sealed = sealIdentity(sodiumSecretBox, key, bytes(vectors.nonce), vectors.label, {
      ...{ nodeId, port: vectors.port, instanceTag: bytes(vectors.instanceTag) },
    });
    const hex = (value: Uint8Array) => Buffer.from(value).toString('hex');
    assert.deepEqual(vectors, { ...vectors, key: hex(key), sealed: hex(sealed) });
  });

  it('has nothing in common with the next one but its length', () => {
    const [one, other] = [sealWith(1), sealWith(2)];
    const equal = one.filter((byte, at) => byte === other[at]).length;
    assert.ok(equal < 8, `${equal} bytes are the same`);
    const hex = Buffer.from(one).toString('hex');
    assert.ok(!hex.includes('5a5a') && !hex.includes('9c41'), 'neither node id nor port is seen');
  });
});
