// The few functions of sodium-native that we use; the package brings no types. All of them throw on wrong lengths.
declare module 'sodium-native' {
  interface Sodium {
    readonly crypto_generichash_KEYBYTES_MIN: number;
    crypto_generichash(output: Uint8Array, input: Uint8Array, key?: Uint8Array): void;
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
    crypto_box_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
    readonly crypto_box_SEALBYTES: number;
    crypto_box_seal(sealed: Uint8Array, plain: Uint8Array, publicKey: Uint8Array): void;
    /** False for what was not sealed for this key. */
    crypto_box_seal_open(
      plain: Uint8Array,
      sealed: Uint8Array,
      publicKey: Uint8Array,
      secretKey: Uint8Array,
    ): boolean;
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
    crypto_sign_verify_detached(
      signature: Uint8Array,
      message: Uint8Array,
      publicKey: Uint8Array,
    ): boolean;
    crypto_aead_xchacha20poly1305_ietf_encrypt(
      sealed: Uint8Array,
      plain: Uint8Array,
      context: Uint8Array,
      unused: null,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
    /** Throws also when the tag is wrong. */
    crypto_aead_xchacha20poly1305_ietf_decrypt(
      plain: Uint8Array,
      unused: null,
      sealed: Uint8Array,
      context: Uint8Array,
      nonce: Uint8Array,
      key: Uint8Array,
    ): number;
    readonly crypto_secretstream_xchacha20poly1305_STATEBYTES: number;
    readonly crypto_secretstream_xchacha20poly1305_ABYTES: number;
    readonly crypto_secretstream_xchacha20poly1305_HEADERBYTES: number;
    readonly crypto_secretstream_xchacha20poly1305_TAG_MESSAGE: number;
    readonly crypto_secretstream_xchacha20poly1305_TAG_FINAL: number;
    crypto_secretstream_xchacha20poly1305_init_push(
      state: Uint8Array,
      header: Uint8Array,
      key: Uint8Array,
    ): void;
    crypto_secretstream_xchacha20poly1305_init_pull(
      state: Uint8Array,
      header: Uint8Array,
      key: Uint8Array,
    ): void;
    crypto_secretstream_xchacha20poly1305_push(
      state: Uint8Array,
      sealed: Uint8Array,
      plain: Uint8Array,
      additional: Uint8Array,
      tag: number,
    ): number;
    /** Throws also where the bytes were not sealed at this place. */
    crypto_secretstream_xchacha20poly1305_pull(
      state: Uint8Array,
      plain: Uint8Array,
      tag: Uint8Array,
      sealed: Uint8Array,
      additional: Uint8Array,
    ): number;
    readonly crypto_pwhash_ALG_ARGON2ID13: number;
    /** Throws also when the memory is not to be had. */
    crypto_pwhash(
      key: Uint8Array,
      passphrase: Uint8Array,
      salt: Uint8Array,
      passes: number,
      memoryBytes: number,
      algorithm: number,
    ): void;
    randombytes_buf(buffer: Uint8Array): void;
  }

  const sodium: Sodium;
  export = sodium;
}
