// Hashes and signatures: published test vectors, and inputs that strangers choose.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  createSigner,
  keyPairFromSeed,
  sodiumCrypto,
  sodiumSecretBox,
} from '../../src/sidecar/sodium-crypto.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('hashes', () => {
  it('BLAKE2b with 32 bytes, as another implementation computes it', () => {
    assert.equal(
      hex(sodiumCrypto.blake2b(text('abc'))),
      'bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319',
    );
    assert.equal(
      hex(sodiumCrypto.blake2b(text(''))),
      '0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8',
    );
  });

  it('keyed BLAKE2b, as another implementation computes it, with keys of 16 to 64 bytes', () => {
    assert.equal(hex(sodiumCrypto.keyedBlake2b(new Uint8Array(32).fill(7), text('abc'))), KEYED_32);
    assert.equal(hex(sodiumCrypto.keyedBlake2b(new Uint8Array(16).fill(7), text(''))), KEYED_16);
    assert.equal(hex(sodiumCrypto.keyedBlake2b(new Uint8Array(64).fill(7), text('abc'))), KEYED_64);
    assert.throws(() => sodiumCrypto.keyedBlake2b(new Uint8Array(15), text('abc')));
    assert.throws(() => sodiumCrypto.keyedBlake2b(new Uint8Array(65), text('abc')));
  });

  it('SHA-256 of FIPS 180-2', () => {
    assert.equal(
      hex(sodiumCrypto.sha256(text('abc'))),
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('give plain Uint8Arrays and read parts of larger buffers', () => {
    const part = text('xxabcxx').subarray(2, 5);
    for (const digest of [sodiumCrypto.blake2b, sodiumCrypto.sha256]) {
      assert.deepEqual(digest(part), digest(text('abc')));
      assert.equal(Object.getPrototypeOf(digest(part)), Uint8Array.prototype);
    }
  });
});

describe('signatures', () => {
  // RFC 8032, section 7.1, test 2.
  const seed = fromHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
  const publicKey = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
  const signature =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';

  it('are those of RFC 8032', () => {
    const signer = createSigner(seed);
    assert.equal(hex(signer.publicKey), publicKey);
    assert.equal(hex(signer.sign(Uint8Array.of(0x72))), signature);
    assert.ok(sodiumCrypto.verify(fromHex(signature), Uint8Array.of(0x72), fromHex(publicKey)));
  });

  it('are refused when a bit of signature, message or key is flipped', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1 }), fc.nat(), fc.nat(2), (message, place, part) => {
        const signer = createSigner(seed);
        const parts = [signer.sign(message), message.slice(), signer.publicKey.slice()] as const;
        const bytes = parts[part]!;
        const bit = place % (bytes.length * 8);
        bytes[bit >>> 3]! ^= 1 << (bit & 7);
        assert.equal(sodiumCrypto.verify(...parts), false);
      }),
    );
  });

  it('of wrong lengths are refused without an exception', () => {
    const message = Uint8Array.of(1);
    for (const length of [0, 1, 31, 33, 63, 65, 1000]) {
      assert.equal(sodiumCrypto.verify(new Uint8Array(length), message, fromHex(publicKey)), false);
      assert.equal(sodiumCrypto.verify(fromHex(signature), message, new Uint8Array(length)), false);
    }
  });

  it('by keys of small order, which would fit any message, are refused', () => {
    assert.equal(
      sodiumCrypto.verify(new Uint8Array(64), new Uint8Array(0), new Uint8Array(32)),
      false,
    );
  });

  it('need a seed of 32 bytes', () => {
    assert.throws(() => keyPairFromSeed(new Uint8Array(31)), RangeError);
  });

  it('a signer shows no secret when it is printed', () => {
    assert.deepEqual(Object.keys(createSigner(seed)).sort(), ['publicKey', 'sign']);
  });
});

const KEYED_32 = '62d8fe04aeb9b650b0dbdb3078da63b0d4c864854da1e7ff3aae7a2daee046ba';
const KEYED_16 = '3c23f23238900b20428269c7239fcae09767f5d99dfb191d7d8a91a6307ea841';
const KEYED_64 = 'a95c01f11f9939ed903f5491b3b4318f90fd7edddc68dd1d41c4b48a7d8f1f8d';

describe('secret boxes', () => {
  // draft-irtf-cfrg-xchacha-03, A.3.1.
  const key = fromHex('808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f');
  const nonce = fromHex('404142434445464748494a4b4c4d4e4f5051525354555657');
  const context = fromHex('50515253c0c1c2c3c4c5c6c7');
  const plain = text(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );

  it('are XChaCha20-Poly1305 as published', () => {
    const sealed = sodiumSecretBox.seal(key, nonce, plain, context);
    assert.equal(hex(sealed.subarray(0, 16)), 'bd6d179d3e83d43b9576579493c0e939');
    assert.equal(hex(sealed.subarray(-16)), 'c0875924c1c7987947deafd8780acf49');
    assert.deepEqual(sodiumSecretBox.open(key, nonce, sealed, context), plain);
  });

  it('of strangers are none, whatever their length', () => {
    const sealed = sodiumSecretBox.seal(key, nonce, plain, context);
    assert.equal(sodiumSecretBox.open(key, nonce, sealed, text('other')), undefined);
    assert.equal(sodiumSecretBox.open(key, nonce.subarray(1), sealed, context), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        assert.equal(sodiumSecretBox.open(key, nonce, bytes, context), undefined);
      }),
    );
  });
});
