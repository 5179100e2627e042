// The declared function that a store's bytes stay under at rest (invariant 13).
import { canonicalJson, type JsonObject } from '../../src/core/index.ts';
import type { SimNode } from './sim-node.ts';

/** A document is repeated by a checkpoint while what it replaces is not dropped yet, and a shared one keeps up to 8 changes. */
const COPIES = 3;
/** Beside its value: header, signature, names and hashes of the changes that made it. */
const BYTES_A_DOCUMENT = 2048;
/** Commits that no checkpoint has replaced yet: 4096 bytes, or six commits, in each of three lanes. */
const BYTES_AN_AUTHOR = 3 * 4096 + 6 * 512;
/** Tombstones, for as long as they are repeated; and heads of feeds whose author closes them only with its next checkpoint. */
const BYTES_A_STORE = 16 * 1024;

/** What is above its bound, a sentence each. */
export function storageBounds(
  node: SimNode,
  rows: ReadonlyMap<string, { value: JsonObject }>,
  authors: number,
): string[] {
  let valueBytes = 0;
  for (const { value } of rows.values()) valueBytes += canonicalJson(value).length;
  const bound =
    COPIES * valueBytes + BYTES_A_DOCUMENT * rows.size + BYTES_AN_AUTHOR * authors + BYTES_A_STORE;
  const used = node.disk.platter.bytesUsed;
  if (used <= bound) return [];
  const kinds = [...node.disk.platter.bytesByLetter].map(([letter, bytes]) => `${letter} ${bytes}`);
  return [`${node.name} stores ${used} bytes at rest, at most ${bound}: ${kinds.join(', ')}`];
}
