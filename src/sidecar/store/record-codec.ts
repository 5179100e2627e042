// How a value lies in the store: sealed with a hash, because LevelDB serves flipped bits, and one value for another, without a word.
//
//   1 byte format · payload · 8 bytes of BLAKE2b over (length of key, key, format, payload)
import { bytesEqual, concatBytes, type Hash } from '../../core/index.ts';

const FORMAT = 1;
const FORMAT_BYTES = 1;
/** Damage passes unnoticed once in 2^64. It is no defence against somebody who can write the file; he can hash too. */
const CHECK_BYTES = 8;

/** What a record adds to its payload, in bytes. */
export const RECORD_OVERHEAD_BYTES = FORMAT_BYTES + CHECK_BYTES;

/** The bytes to store under `key`. */
export function sealRecord(key: Uint8Array, payload: Uint8Array, hash: Hash): Uint8Array {
  const record = new Uint8Array(payload.length + RECORD_OVERHEAD_BYTES);
  record[0] = FORMAT;
  record.set(payload, FORMAT_BYTES);
  const checkAt = FORMAT_BYTES + payload.length;
  record.set(checkOf(key, record.subarray(0, checkAt), hash), checkAt);
  return record;
}

/** The payload of what was read under `key`, or undefined when it is damaged, in another format or belongs to another key. */
export function openRecord(
  key: Uint8Array,
  record: Uint8Array,
  hash: Hash,
): Uint8Array | undefined {
  if (record.length < RECORD_OVERHEAD_BYTES || record[0] !== FORMAT) return undefined;
  const body = record.subarray(0, -CHECK_BYTES);
  if (!bytesEqual(record.subarray(-CHECK_BYTES), checkOf(key, body, hash))) return undefined;
  return body.subarray(FORMAT_BYTES);
}

function checkOf(key: Uint8Array, body: Uint8Array, hash: Hash): Uint8Array {
  // The length of the key is hashed too, or bytes could move between key and payload.
  const { length: n } = key;
  // As a varint; keys are far below 16 KiB, so it has one byte or two.
  const length = n < 0x80 ? Uint8Array.of(n) : Uint8Array.of((n & 0x7f) | 0x80, n >>> 7);
  return hash.blake2b(concatBytes(length, key, body)).subarray(0, CHECK_BYTES);
}
