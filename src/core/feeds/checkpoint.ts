// A checkpoint: the first op of the commits that repeat everything still alive of an author in a lane. Once all of them are
// held, what came before in the feed, and what they cover of the author's earlier incarnations, is superseded.
//
//   op 5, key and generation empty, bytes: varint commits · u64 closed before · varint count · count times (incarnation, varint seq)

import { MAX_COVERED_INCARNATIONS, MAX_FEED_COMMITS } from '../config.ts';
import { ByteReader, ByteWriter, fromHex, MalformedBytesError, toHex } from '../values/bytes.ts';
import type { Incarnation } from '../values/ids.ts';

/** How far an earlier incarnation of the author is superseded. */
export interface Cover {
  readonly incarnation: Incarnation;
  /** Commits up to this one are. */
  readonly seq: number;
}

export interface Checkpoint {
  /** Commits it consists of, the one it stands in included. */
  readonly commits: number;
  /** Earlier incarnations of the author that started before this moment and are not among `covers` are superseded as a whole. Milliseconds since 1970. */
  readonly closedBeforeMs: number;
  readonly covers: readonly Cover[];
}

const INCARNATION_BYTES = 16;

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new ByteWriter()
    .varint(checkpoint.commits)
    .uint64(BigInt(checkpoint.closedBeforeMs))
    .varint(checkpoint.covers.length);
  for (const { incarnation, seq } of checkpoint.covers) {
    writer.raw(fromHex(incarnation)).varint(seq);
  }
  return writer.finish();
}

/** Throws MalformedBytesError. */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const reader = new ByteReader(bytes);
  const commits = reader.varint();
  if (commits < 1 || commits > MAX_FEED_COMMITS) {
    throw new MalformedBytesError(`checkpoint of ${commits} commits`);
  }
  const closedBeforeMs = Number(reader.uint64());
  const count = reader.varint();
  if (count > MAX_COVERED_INCARNATIONS) {
    throw new MalformedBytesError(`checkpoint that covers ${count} incarnations`);
  }
  const covers: Cover[] = [];
  for (let i = 0; i < count; i++) {
    covers.push({ incarnation: toHex(reader.raw(INCARNATION_BYTES)), seq: reader.varint() });
  }
  return { commits, closedBeforeMs, covers };
}
