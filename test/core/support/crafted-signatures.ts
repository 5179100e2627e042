// Signatures that nobody with a secret made as it is to be made: each is taken by some library, or was.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { concatBytes, fromHex, toHex, utf8 } from '../../../src/core/index.ts';
import { createSigner, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

/** Arithmetic of points: the sidecar needs none, so its declarations of sodium-native have none. */
interface Points {
  /** Throws for what is no point. */
  crypto_core_ed25519_add(sum: Uint8Array, a: Uint8Array, b: Uint8Array): void;
  /** The base point so many times; the scalar is 32 bytes, little endian. */
  crypto_scalarmult_ed25519_base_noclamp(point: Uint8Array, scalar: Uint8Array): void;
}

const points: Points = createRequire(import.meta.url)('sodium-native');
const SEED = sodiumCrypto.blake2b(utf8('signer'));
export const signer = createSigner(SEED);
/** The order of the base point, little endian. */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const FIELD = fromHex('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f');
/** The points of small order, canonical and not: of every key or nonce of these a signature can be made without a secret. */
const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
].map(fromHex);
const ZERO = new Uint8Array(32);

export interface Crafted {
  readonly what: string;
  /** A signature of nobody: of this key, over whatever it is asked for. */
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes.toReversed())}`);
}

function scalarOf(value: bigint): Uint8Array {
  return fromHex((value % numberOf(ORDER)).toString(16).padStart(64, '0')).toReversed();
}

function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(
    createHash('sha512')
      .update(concatBytes(...parts))
      .digest(),
  );
}

function plus(a: Uint8Array, b: Uint8Array): Uint8Array {
  const point = new Uint8Array(32);
  points.crypto_core_ed25519_add(point, a, b);
  return point;
}

/** A point of order eight: what is added to a nonce or a key, equations with a cofactor do not see. */
const TORSION = SMALL_ORDER[4] as Uint8Array;

/** The secret scalar behind the seed. */
function secretScalar(): bigint {
  const half = sha512(SEED).slice(0, 32);
  half[0] = (half[0] as number) & 0xf8;
  half[31] = ((half[31] as number) & 0x7f) | 0x40;
  return numberOf(half);
}

/** Signed by the rules, but for the torsion that is added somewhere. A challenge that is a multiple of eight would hide it in the key. */
export function signByHand(message: Uint8Array, where: 'nonce' | 'key' | 'nowhere'): Uint8Array {
  const key = where === 'key' ? plus(signer.publicKey, TORSION) : signer.publicKey;
  for (let attempt = 0; ; attempt++) {
    const secret = numberOf(sha512(SEED, Uint8Array.of(attempt), message)) % numberOf(ORDER);
    const point = new Uint8Array(32);
    points.crypto_scalarmult_ed25519_base_noclamp(point, scalarOf(secret));
    const nonce = where === 'nonce' ? plus(point, TORSION) : point;
    const challenge = numberOf(sha512(nonce, key, message)) % numberOf(ORDER);
    if (where === 'key' && challenge % 8n === 0n) continue;
    return concatBytes(nonce, scalarOf(secret + challenge * secretScalar()));
  }
}

/** The sum of two little-endian numbers of 32 bytes. */
function sum(a: Uint8Array, b: Uint8Array): Uint8Array {
  let carry = 0;
  return a.map((byte, at) => {
    const digit = byte + (b[at] ?? 0) + carry;
    carry = digit >> 8;
    return digit & 0xff;
  });
}

export const CRAFTED: readonly Crafted[] = [
  ...SMALL_ORDER.flatMap((point): Crafted[] => [
    {
      what: `key and nonce ${toHex(point).slice(0, 8)}…${toHex(point).slice(-2)}, S of zero`,
      publicKey: point,
      sign: () => concatBytes(point, ZERO),
    },
    {
      what: `key ${toHex(point).slice(0, 8)}…${toHex(point).slice(-2)}, the identity as nonce`,
      publicKey: point,
      sign: () => concatBytes(SMALL_ORDER[0] as Uint8Array, ZERO),
    },
    {
      what: `nonce ${toHex(point).slice(0, 8)}…${toHex(point).slice(-2)} under an honest key`,
      publicKey: signer.publicKey,
      sign: (message) => concatBytes(point, signer.sign(message).subarray(32)),
    },
  ]),
  {
    what: 'torsion in the nonce',
    publicKey: signer.publicKey,
    sign: (message) => signByHand(message, 'nonce'),
  },
  {
    what: 'torsion in the key',
    publicKey: plus(signer.publicKey, TORSION),
    sign: (message) => signByHand(message, 'key'),
  },
  {
    what: 'S with the order added',
    publicKey: signer.publicKey,
    sign(message) {
      const signature = signer.sign(message);
      return concatBytes(signature.subarray(0, 32), sum(signature.subarray(32), ORDER));
    },
  },
  {
    what: 'the other sign of the nonce',
    publicKey: signer.publicKey,
    sign(message) {
      const signature = signer.sign(message).slice();
      signature[31] = (signature[31] as number) ^ 0x80;
      return signature;
    },
  },
  {
    what: 'a nonce beyond the field',
    publicKey: signer.publicKey,
    sign: (message) => concatBytes(FIELD, signer.sign(message).subarray(32)),
  },
  {
    what: 'nothing but zeros',
    publicKey: signer.publicKey,
    sign: () => new Uint8Array(64),
  },
];
