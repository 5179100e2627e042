// The encryption of bundles by libsodium.
import sodium from 'sodium-native';
import type { BundleCipher } from '../../mesh/index.ts';

const {
  crypto_secretstream_xchacha20poly1305_STATEBYTES: STATE_BYTES,
  crypto_secretstream_xchacha20poly1305_HEADERBYTES: HEADER_BYTES,
  crypto_secretstream_xchacha20poly1305_ABYTES: ADDED_BYTES,
  crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: TAG_MESSAGE,
  crypto_secretstream_xchacha20poly1305_TAG_FINAL: TAG_FINAL,
} = sodium;

export const sodiumBundleCipher: BundleCipher = {
  sealing(key) {
    const state = Buffer.alloc(STATE_BYTES);
    const header = new Uint8Array(HEADER_BYTES);
    sodium.crypto_secretstream_xchacha20poly1305_init_push(state, header, key);
    return {
      header,
      seal(plain, additional, final) {
        const sealed = new Uint8Array(plain.length + ADDED_BYTES);
        const tag = final ? TAG_FINAL : TAG_MESSAGE;
        sodium.crypto_secretstream_xchacha20poly1305_push(state, sealed, plain, additional, tag);
        return sealed;
      },
    };
  },

  opening(key, header) {
    const state = Buffer.alloc(STATE_BYTES);
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(state, header, key);
    return {
      open(sealed, additional) {
        if (sealed.length < ADDED_BYTES) return undefined;
        const plain = new Uint8Array(sealed.length - ADDED_BYTES);
        const tag = new Uint8Array(1);
        try {
          sodium.crypto_secretstream_xchacha20poly1305_pull(state, plain, tag, sealed, additional);
        } catch {
          return undefined;
        }
        return { plain, final: tag[0] === TAG_FINAL };
      },
    };
  },
};
