// Hashes and signatures by libsodium, the only implementation whose verification we trust.
import { hash } from 'node:crypto';
import sodium from 'sodium-native';
import {
  type Crypto,
  type SealedBox,
  type Secret,
  type SecretBox,
  type Signer,
  utf8,
} from '../core/index.ts';

const HASH_BYTES = 32;
const SEED_BYTES = 32;
const PUBLIC_KEY_BYTES = 32;
/** Ed25519 as libsodium keeps it: the seed and the public key. */
const SECRET_KEY_BYTES = 64;
const SIGNATURE_BYTES = 64;
const BOX_KEY_BYTES = 32;
const BOX_NONCE_BYTES = 24;
const BOX_TAG_BYTES = 16;
const KIB = 1024;

/** A key pair in libsodium's form. */
export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Of Ed25519 64 bytes, the seed and the public key; of X25519 32. */
  readonly secretKey: Uint8Array;
}

export const sodiumCrypto: Crypto = {
  blake2b(data) {
    const output = new Uint8Array(HASH_BYTES);
    sodium.crypto_generichash(output, data);
    return output;
  },

  keyedBlake2b(key, data) {
    const output = new Uint8Array(HASH_BYTES);
    sodium.crypto_generichash(output, data, key);
    return output;
  },

  sha256(data) {
    const digest = hash('sha256', data, 'buffer');
    return new Uint8Array(digest.buffer, digest.byteOffset, digest.byteLength);
  },

  // What is checked comes from strangers, so wrong lengths are an answer here, not an exception.
  verify(signature, message, publicKey) {
    if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_KEY_BYTES) return false;
    return sodium.crypto_sign_verify_detached(signature, message, publicKey);
  },
};

export const sodiumSecretBox: SecretBox = {
  seal(key, nonce, plain, context) {
    const sealed = new Uint8Array(plain.length + BOX_TAG_BYTES);
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, plain, context, null, nonce, key);
    return sealed;
  },

  open(key, nonce, sealed, context) {
    if (sealed.length < BOX_TAG_BYTES || nonce.length !== BOX_NONCE_BYTES) return undefined;
    const plain = new Uint8Array(sealed.length - BOX_TAG_BYTES);
    try {
      sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(plain, null, sealed, context, nonce, key);
      return plain;
    } catch {
      return undefined;
    }
  },
};

export const sodiumSealedBox: SealedBox = {
  seal(reader, plain) {
    const sealed = new Uint8Array(plain.length + sodium.crypto_box_SEALBYTES);
    sodium.crypto_box_seal(sealed, plain, reader);
    return sealed;
  },

  open({ publicKey, secretKey }, sealed) {
    if (sealed.length < sodium.crypto_box_SEALBYTES) return undefined;
    const plain = new Uint8Array(sealed.length - sodium.crypto_box_SEALBYTES);
    return sodium.crypto_box_seal_open(plain, sealed, publicKey, secretKey) ? plain : undefined;
  },
};

/** A key of 32 bytes for a passphrase, by argon2id. Takes as long as its cost says; throws when the memory is not to be had. */
export function stretchPassphrase(
  passphrase: Secret<string>,
  cost: { readonly salt: Uint8Array; readonly passes: number; readonly memoryKib: number },
): Uint8Array {
  const key = new Uint8Array(BOX_KEY_BYTES);
  sodium.crypto_pwhash(
    key,
    // Two keyboards may write one letter in two ways.
    utf8(passphrase.reveal().normalize('NFC')),
    cost.salt,
    cost.passes,
    cost.memoryKib * KIB,
    sodium.crypto_pwhash_ALG_ARGON2ID13,
  );
  return key;
}

/** The key pair of a 32-byte seed, always the same. */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  if (seed.length !== SEED_BYTES) {
    throw new RangeError(`a seed has ${SEED_BYTES} bytes, this one ${seed.length}`);
  }
  const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
  const secretKey = new Uint8Array(SECRET_KEY_BYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
  return { publicKey, secretKey };
}

/** The X25519 key pair of a 32-byte seed, always the same: what is sealed to it only its holder opens. */
export function sealingPairFromSeed(seed: Uint8Array): KeyPair {
  const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
  const secretKey = new Uint8Array(BOX_KEY_BYTES);
  sodium.crypto_box_seed_keypair(publicKey, secretKey, seed);
  return { publicKey, secretKey };
}

/** Signs with the key of a 32-byte seed. The secret stays in the closure, out of reach of anything that prints objects. */
export function createSigner(seed: Uint8Array): Signer {
  const { publicKey, secretKey } = keyPairFromSeed(seed);
  return {
    publicKey,
    sign(message) {
      const signature = new Uint8Array(SIGNATURE_BYTES);
      sodium.crypto_sign_detached(signature, message, secretKey);
      return signature;
    },
  };
}
