// A signed statement: opaque bytes of one kind by one signer. It is verified first and read afterwards, and never encoded again.
//
//   kind signer payload-length payload signature
//
// The signature is over the domain, the fleet, the kind, the signer and the payload, so that a statement means nothing elsewhere.
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  fromHex,
  MalformedBytesError,
  toHex,
  utf8,
} from '../values/bytes.ts';
import type { Hash, Signer, Verifier } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';
import { MAX_STATEMENT_PAYLOAD_BYTES } from './limits.ts';

const DOMAIN = utf8('holdfast statement 1');
const ID_DOMAIN = utf8('holdfast statement id 1');
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** The number is on the wire and never changes. */
const KIND_NUMBER = {
  genesis: 1,
  'root-change': 2,
  certificate: 3,
  ejection: 4,
  policy: 5,
  annulment: 6,
  delegation: 7,
  'delegation-revoked': 8,
} as const;
export type StatementKind = keyof typeof KIND_NUMBER;
const KIND_BY_NUMBER = new Map<number, StatementKind>(
  Object.entries(KIND_NUMBER).map(([kind, number]) => [number, kind as StatementKind]),
);
/** What a later version states: verified, kept and passed on like any other, and without a meaning here. */
export const LATER = 'later';

/** 64 hex digits: the hash of what is stated and by whom, without the signature, of which one statement may have several. */
export type StatementId = string;

export interface Statement {
  readonly id: StatementId;
  readonly kind: StatementKind | typeof LATER;
  /** Public signing key, 64 hex digits. */
  readonly signer: NodeId;
  readonly payload: Uint8Array;
  /** As it travels and is stored. */
  readonly bytes: Uint8Array;
}

/** Signs a payload. `fleetId` is 32 bytes; of a genesis, which is what a fleet is named after, 32 zeros. */
export function signStatement(
  kind: StatementKind,
  payload: Uint8Array,
  { fleetId, signer, hash }: { fleetId: Uint8Array; signer: Signer; hash: Hash },
): Statement {
  const number = KIND_NUMBER[kind];
  const signature = signer.sign(signedBytes(fleetId, number, signer.publicKey, payload));
  const bytes = new ByteWriter(payload.length + KEY_BYTES + SIGNATURE_BYTES + 4)
    .byte(number)
    .raw(signer.publicKey)
    .chunk(payload)
    .raw(signature)
    .finish();
  const id = idOf(number, signer.publicKey, payload, hash);
  return { id, kind, signer: toHex(signer.publicKey), payload, bytes };
}

/** The statement, or why it is none of this fleet. Nothing of the payload is read before the signature is verified. */
export function openStatement(
  bytes: Uint8Array,
  { fleetId, crypto }: { fleetId: Uint8Array; crypto: Hash & Verifier },
): Statement | string {
  try {
    const reader = new ByteReader(bytes);
    const number = reader.byte();
    const kind = KIND_BY_NUMBER.get(number) ?? LATER;
    const key = reader.raw(KEY_BYTES);
    const payload = reader.chunk();
    if (payload.length > MAX_STATEMENT_PAYLOAD_BYTES) {
      return `its payload has ${payload.length} bytes, at most ${MAX_STATEMENT_PAYLOAD_BYTES} fit`;
    }
    const signature = reader.raw(SIGNATURE_BYTES);
    reader.end();
    if (!crypto.verify(signature, signedBytes(fleetId, number, key, payload), key)) {
      return 'its signature is not that of its signer for this fleet';
    }
    const id = idOf(number, key, payload, crypto);
    return { id, kind, signer: toHex(key), payload, bytes };
  } catch (error) {
    if (error instanceof MalformedBytesError) return error.message;
    throw error;
  }
}

function signedBytes(
  fleetId: Uint8Array,
  number: number,
  key: Uint8Array,
  payload: Uint8Array,
): Uint8Array {
  const fleet = number === KIND_NUMBER.genesis ? new Uint8Array(fleetId.length) : fleetId;
  return concatBytes(DOMAIN, fleet, Uint8Array.of(number), key, payload);
}

function idOf(number: number, key: Uint8Array, payload: Uint8Array, hash: Hash): StatementId {
  return toHex(hash.blake2b(concatBytes(ID_DOMAIN, Uint8Array.of(number), key, payload)));
}

/** 32 bytes of a key or an id. */
export function readKey(reader: ByteReader): NodeId {
  return toHex(reader.raw(KEY_BYTES));
}

export function writeKey(writer: ByteWriter, key: NodeId): ByteWriter {
  return writer.raw(fromHex(key));
}
