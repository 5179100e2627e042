// How a key is put out for good, and how what a captured issuer signed is taken back.
import {
  type ByteReader,
  type ByteWriter,
  fromHex,
  MalformedBytesError,
  toHex,
} from '../values/bytes.ts';
import { type FeedId, laneByNumber, laneNumber, type NodeId } from '../values/ids.ts';
import { MAX_CUTS, MAX_KEPT, MAX_REASON_BYTES } from './limits.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from './payload.ts';
import { readKey, type StatementId, writeKey } from './statement.ts';

const INCARNATION_BYTES = 16;
const HASH_BYTES = 32;

/** The last commit of a feed that counts. */
export interface Cut extends Pick<FeedId, 'incarnation' | 'lane'> {
  readonly seq: number;
  /** Of that commit, 64 hex digits: another one at its place does not count. */
  readonly hash: string;
}

export interface Ejection {
  readonly key: NodeId;
  /** Of feeds that are not named nothing counts. */
  readonly cuts: readonly Cut[];
  /** For people. */
  readonly reason: string;
  readonly madeAtMs: number;
}

/** Signed by a root: of what a key has signed only this counts. */
export interface Annulment {
  readonly key: NodeId;
  readonly kept: readonly StatementId[];
  readonly reason: string;
  readonly madeAtMs: number;
}

export function encodeEjection({ key, cuts, reason, madeAtMs }: Ejection): Uint8Array {
  const writer = writeKey(beginPayload(), key);
  writeCuts(writer, cuts);
  return writer.text(reason).uint64(BigInt(madeAtMs)).finish();
}

/** Throws MalformedBytesError. */
export function decodeEjection(payload: Uint8Array): Ejection {
  const reader = openPayload(payload);
  const key = readKey(reader);
  const cuts = readCuts(reader, MAX_CUTS);
  return { key, cuts, reason: readReason(reader.text()), madeAtMs: readTime(reader) };
}

export function writeCuts(writer: ByteWriter, cuts: readonly Cut[]): void {
  writeList(writer, cuts, ({ incarnation, lane, seq, hash }) =>
    writer.raw(fromHex(incarnation)).byte(laneNumber(lane)).varint(seq).raw(fromHex(hash)),
  );
}

/** Throws MalformedBytesError. */
export function readCuts(reader: ByteReader, limit: number): Cut[] {
  return readList(reader, limit, (from): Cut => {
    const incarnation = toHex(from.raw(INCARNATION_BYTES));
    const lane = laneByNumber(from.byte());
    if (lane === undefined) throw new MalformedBytesError('a cut of a lane that does not exist');
    return { incarnation, lane, seq: from.varint(), hash: toHex(from.raw(HASH_BYTES)) };
  });
}

export function encodeAnnulment({ key, kept, reason, madeAtMs }: Annulment): Uint8Array {
  const writer = writeKey(beginPayload(), key);
  writeList(writer, kept, (id) => writeKey(writer, id));
  return writer.text(reason).uint64(BigInt(madeAtMs)).finish();
}

/** Throws MalformedBytesError. */
export function decodeAnnulment(payload: Uint8Array): Annulment {
  const reader = openPayload(payload);
  const key = readKey(reader);
  const kept = readList(reader, MAX_KEPT, readKey);
  return { key, kept, reason: readReason(reader.text()), madeAtMs: readTime(reader) };
}

function readReason(text: string): string {
  if (text.length > MAX_REASON_BYTES) throw new MalformedBytesError('a reason that is a book');
  return text;
}
