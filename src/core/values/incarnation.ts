// The name of one run of a node: 16 bytes that sort by the time of the start and belong to one author for everybody to see.
//
//   6 bytes start, milliseconds since 1970 · 6 bytes of the hash of the author's key · 4 random bytes
import { concatBytes, fromHex, toHex } from './bytes.ts';
import type { Hash } from './environment.ts';
import type { Incarnation, NodeId } from './ids.ts';

const START_HEX = 12;
const TAG_BYTES = 6;
/** Random bytes of an incarnation: they tell clones apart that started in the same millisecond. */
export const INCARNATION_RANDOM_BYTES = 4;

const tagByAuthor = new Map<NodeId, string>();
/** Authors come from peers, so the memory of their tags is bounded. */
const MAX_TAGS = 4096;

/** `random`: INCARNATION_RANDOM_BYTES bytes, new at each process start. */
export function createIncarnation(
  author: NodeId,
  startMs: number,
  random: Uint8Array,
  hash: Hash,
): Incarnation {
  const start = Math.floor(startMs).toString(16).padStart(START_HEX, '0');
  return toHex(concatBytes(fromHex(start + tagOf(author, hash)), random));
}

/** Milliseconds since 1970 by the author's clock when it started. */
export function startOfIncarnation(incarnation: Incarnation): number {
  return Number.parseInt(incarnation.slice(0, START_HEX), 16);
}

/**
 * True when an incarnation is one of the author's. Incarnations are the actors of Automerge changes, and two changes of one
 * actor with one number wedge a document for ever: so nobody may write in the name of another's incarnation.
 */
export function isIncarnationOf(incarnation: Incarnation, author: NodeId, hash: Hash): boolean {
  return incarnation.slice(START_HEX, START_HEX + 2 * TAG_BYTES) === tagOf(author, hash);
}

function tagOf(author: NodeId, hash: Hash): string {
  let tag = tagByAuthor.get(author);
  if (tag === undefined) {
    tag = toHex(hash.blake2b(fromHex(author)).subarray(0, TAG_BYTES));
    if (tagByAuthor.size >= MAX_TAGS) tagByAuthor.clear();
    tagByAuthor.set(author, tag);
  }
  return tag;
}
