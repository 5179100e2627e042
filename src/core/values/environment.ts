// What the core asks of the world besides storage and links: time, chance and cryptography, as types. Adapters live elsewhere.

/** One moment by both clocks. */
export interface Instant {
  /** Milliseconds since 1970 by the wall clock. May jump either way. */
  readonly wallMs: number;
  /** Milliseconds since an arbitrary start. Never goes back. */
  readonly monotonicMs: number;
}

export interface Clock {
  now(): Instant;
}

/** One-shot timers, for adapters only; the core returns timers as effects. */
export interface Timers {
  /** Calls `fire` once after `delayMs` milliseconds. The returned function cancels it; cancelling twice is harmless. */
  after(delayMs: number, fire: () => void): () => void;
}

export interface Random {
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1). For jitter, never for keys. */
  fraction(): number;
}

export interface Hash {
  /** BLAKE2b with 32 bytes of output. */
  blake2b(data: Uint8Array): Uint8Array;
  /** BLAKE2b with 32 bytes of output, keyed with 16 to 64 bytes. */
  keyedBlake2b(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** SHA-256, which names Automerge changes. */
  sha256(data: Uint8Array): Uint8Array;
}

export interface Signer {
  /** Ed25519 public key, 32 bytes: the node id. */
  readonly publicKey: Uint8Array;
  /** Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

export interface Verifier {
  verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Cryptography without keys, enough to check what others say. */
export interface Crypto extends Hash, Verifier {}

/** Authenticated encryption with a shared key: XChaCha20-Poly1305 as in libsodium, key of 32 bytes, nonce of 24, tag of 16. */
export interface SecretBox {
  /** The encrypted text and its tag: 16 bytes longer than `plain`. A nonce must never be used twice with one key. */
  seal(key: Uint8Array, nonce: Uint8Array, plain: Uint8Array, context: Uint8Array): Uint8Array;
  /** Undefined for what was not sealed with this key, nonce and context, whatever its length. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    sealed: Uint8Array,
    context: Uint8Array,
  ): Uint8Array | undefined;
}

/** Encryption for one reader by whoever knows its public key: `crypto_box_seal` of libsodium over X25519. It says nothing of who sealed. */
export interface SealedBox {
  /** 48 bytes longer than `plain`. `reader`: 32 bytes. */
  seal(reader: Uint8Array, plain: Uint8Array): Uint8Array;
  /** Undefined for what was not sealed for this key, whatever its length. */
  open(
    pair: { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array },
    sealed: Uint8Array,
  ): Uint8Array | undefined;
}

/** Everything an adapter may ask of the world. Only one file makes a real one. */
export interface Environment {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly crypto: Crypto;
}
