// What is sealed for the holder of a key, by libsodium.
import sodium from 'sodium-native';
import type { SealedBox } from '../core/index.ts';

const SEAL_BYTES = 48;

export const sodiumSealedBox: SealedBox = {
  seal(publicKey, plain) {
    const sealed = new Uint8Array(plain.length + SEAL_BYTES);
    sodium.crypto_box_seal(sealed, plain, publicKey);
    return sealed;
  },

  open({ publicKey, secretKey }, sealed) {
    if (sealed.length < SEAL_BYTES) return undefined;
    const plain = new Uint8Array(sealed.length - SEAL_BYTES);
    return sodium.crypto_box_seal_open(plain, sealed, publicKey, secretKey) ? plain : undefined;
  },
};
