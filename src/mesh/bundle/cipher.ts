// The port of a bundle's encryption: libsodium's secretstream, sections one after the other, none of which can be left out,
// moved or altered unnoticed.

export interface SealingStream {
  /** 24 bytes that the opening side needs. */
  readonly header: Uint8Array;
  /** Ciphertext of one section, SEAL_BYTES longer than the plaintext. The last one of a stream is `final`. */
  seal(plain: Uint8Array, additional: Uint8Array, final: boolean): Uint8Array;
}

export interface OpeningStream {
  /** Plaintext of the next section; undefined when it is not what was sealed at this place. */
  open(
    sealed: Uint8Array,
    additional: Uint8Array,
  ): { readonly plain: Uint8Array; readonly final: boolean } | undefined;
}

export interface BundleCipher {
  /** `key`: 32 bytes. */
  sealing(key: Uint8Array): SealingStream;
  opening(key: Uint8Array, header: Uint8Array): OpeningStream;
}

/** What sealing adds to a section: the tag of its kind and the authenticator. */
export const SEAL_BYTES = 17;
export const STREAM_HEADER_BYTES = 24;
