// A frontier as a text that fits a short message: how far a sidecar holds everything, for whoever makes a bundle for it.
import {
  bytesEqual,
  concatBytes,
  type Hash,
  HoldfastError,
  toBase32,
  utf8,
} from '../../core/index.ts';
import { BundleError, FrontierSketch } from '../../mesh/index.ts';
import { parseBase32 } from '../identity/base32.ts';

export const FRONTIER_PREFIX = 'hff1-';
const MARK_LABEL = utf8('holdfast frontier mark 1');
const CHECK_LABEL = utf8('holdfast frontier check 1');
/** Tells the frontiers of two fleets apart, not reliably: it is there for the honest mistake. */
const MARK_BYTES = 2;
/** A mistyped text passes once in four thousand million. */
const CHECK_BYTES = 4;

export function formatFrontier(sketch: FrontierSketch, secret: Uint8Array, hash: Hash): string {
  const body = concatBytes(markOf(secret, hash), sketch.encode());
  return FRONTIER_PREFIX + toBase32(concatBytes(body, checkOf(body, hash)));
}

/** Forgives upper case, spaces and line breaks. Throws HoldfastError. */
export function parseFrontier(text: string, secret: Uint8Array, hash: Hash): FrontierSketch {
  const letters = text.replaceAll(/\s/g, '').toLowerCase();
  if (!letters.startsWith(FRONTIER_PREFIX)) {
    throw wrongFrontier(`it does not begin with ${FRONTIER_PREFIX}`);
  }
  const bytes = parseBase32(letters.slice(FRONTIER_PREFIX.length));
  if (bytes === undefined || bytes.length < MARK_BYTES + CHECK_BYTES) {
    throw wrongFrontier('it is not whole, or a character is mistyped');
  }
  const body = bytes.subarray(0, bytes.length - CHECK_BYTES);
  if (!bytesEqual(bytes.subarray(body.length), checkOf(body, hash))) {
    throw wrongFrontier('it is not whole, or a character is mistyped');
  }
  if (!bytesEqual(body.subarray(0, MARK_BYTES), markOf(secret, hash))) {
    throw wrongFrontier('it was made by a sidecar of another fleet');
  }
  try {
    return FrontierSketch.decode(body.subarray(MARK_BYTES));
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    throw wrongFrontier(error.message);
  }
}

function wrongFrontier(why: string): HoldfastError {
  return new HoldfastError(
    'INVALID_FIELD',
    `frontier: this is not the frontier of a member: ${why}. Nothing was exported; make it with \`holdfast bundle frontier\` on the other side.`,
    { field: 'frontier' },
  );
}

function markOf(secret: Uint8Array, hash: Hash): Uint8Array {
  return hash.keyedBlake2b(secret, MARK_LABEL).subarray(0, MARK_BYTES);
}

function checkOf(body: Uint8Array, hash: Hash): Uint8Array {
  return hash.blake2b(concatBytes(CHECK_LABEL, body)).subarray(0, CHECK_BYTES);
}
