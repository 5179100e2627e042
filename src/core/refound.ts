// A shared document founded anew: its value in one change, and which changes of the edition before are in it.
//
//   bytes: varint generation of the edition before · varint count · count times (actor, varint seq) · the change
import { ByteReader, ByteWriter, fromHex, MalformedBytesError, toHex } from './bytes.ts';
import { MAX_INCARNATIONS } from './config.ts';
import type { Incarnation } from './ids.ts';

export interface Refounding {
  /** The edition that it replaces. */
  readonly base: number;
  /** How many changes of each actor in that edition are included. */
  readonly includes: ReadonlyMap<Incarnation, number>;
  readonly change: Uint8Array;
}

const ACTOR_BYTES = 16;
/** Actors that may have changed one edition of a document. */
export const MAX_ACTORS = MAX_INCARNATIONS;

export function encodeRefounding({ base, includes, change }: Refounding): Uint8Array {
  const writer = new ByteWriter(change.length + 32 * (includes.size + 1));
  writer.varint(base).varint(includes.size);
  for (const [actor, seq] of includes) writer.raw(fromHex(actor)).varint(seq);
  return writer.raw(change).finish();
}

/** Throws MalformedBytesError. */
export function decodeRefounding(bytes: Uint8Array): Refounding {
  const reader = new ByteReader(bytes);
  const base = reader.varint();
  const count = reader.varint();
  if (count > MAX_ACTORS) throw new MalformedBytesError(`${count} actors, at most ${MAX_ACTORS}`);
  const includes = new Map<Incarnation, number>();
  for (let i = 0; i < count; i++) includes.set(toHex(reader.raw(ACTOR_BYTES)), reader.varint());
  return { base, includes, change: reader.raw(reader.remaining) };
}
