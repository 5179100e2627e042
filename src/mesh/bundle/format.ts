// The outside of a bundle: what is readable without the fleet's secret, which is next to nothing.
//
//   magic · version · salt · hint · stream header · section · section … section with the end mark
import { bytesEqual, concatBytes, type Hash, utf8 } from '../../core/index.ts';
import { BundleError } from './bundle-error.ts';
import { STREAM_HEADER_BYTES } from './cipher.ts';

export const MAGIC = utf8('HFBUNDLE');
const VERSION = 1;
export const SALT_BYTES = 16;
const HINT_BYTES = 8;
const SALT_AT = MAGIC.length + 1;
const HINT_AT = SALT_AT + SALT_BYTES;
const STREAM_HEADER_AT = HINT_AT + HINT_BYTES;
export const PREAMBLE_BYTES = STREAM_HEADER_AT + STREAM_HEADER_BYTES;
const KEY_LABEL = utf8('holdfast bundle key 1');
const HINT_LABEL = utf8('holdfast bundle hint 1');

/** Plaintext of one section: what is gathered, and one frame of the largest size on top. */
export const MAX_SECTION_BYTES = 640 * 1024;
/** Frames are gathered into sections of this size: what is lost of a bundle that was cut short. */
export const SECTION_TARGET_BYTES = 64 * 1024;
/** Before each section: the length of its ciphertext, most significant byte first. */
export const LENGTH_BYTES = 4;

/** The first byte of a section. */
export const SECTION = { header: 1, against: 2, frontier: 3, frames: 4, end: 5 } as const;

/** What the exporter's signature begins with. */
export const SIGNED_LABEL = utf8('holdfast bundle 1');

export interface Preamble {
  readonly salt: Uint8Array;
  readonly streamHeader: Uint8Array;
}

export function bundleKey(secret: Uint8Array, salt: Uint8Array, hash: Hash): Uint8Array {
  return hash.keyedBlake2b(secret, concatBytes(KEY_LABEL, salt));
}

export function encodePreamble(preamble: Preamble, secret: Uint8Array, hash: Hash): Uint8Array {
  const { salt, streamHeader } = preamble;
  return concatBytes(MAGIC, Uint8Array.of(VERSION), salt, hintOf(secret, salt, hash), streamHeader);
}

/** `bytes`: PREAMBLE_BYTES. Throws BundleError. */
export function decodePreamble(bytes: Uint8Array, secret: Uint8Array, hash: Hash): Preamble {
  if (!bytesEqual(bytes.subarray(0, MAGIC.length), MAGIC)) {
    throw new BundleError('not-a-bundle', 'this is not a bundle');
  }
  const version = bytes[MAGIC.length];
  if (version !== VERSION) {
    throw new BundleError(
      'version',
      `this bundle has version ${version}, and only version ${VERSION} is known here`,
    );
  }
  const salt = bytes.slice(SALT_AT, HINT_AT);
  if (!bytesEqual(bytes.subarray(HINT_AT, STREAM_HEADER_AT), hintOf(secret, salt, hash))) {
    throw new BundleError(
      'foreign',
      'this bundle belongs to another fleet, or its first bytes are damaged',
    );
  }
  return { salt, streamHeader: bytes.slice(STREAM_HEADER_AT, PREAMBLE_BYTES) };
}

/** Lets a fleet know its own bundles. Salted, so that strangers cannot tell whether two bundles are of one fleet. */
function hintOf(secret: Uint8Array, salt: Uint8Array, hash: Hash): Uint8Array {
  return hash.keyedBlake2b(secret, concatBytes(HINT_LABEL, salt)).subarray(0, HINT_BYTES);
}
