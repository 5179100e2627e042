// A shared document founded anew: its value in one change, and which changes of the editions before are in it.
//
//   bytes: varint steps · each step: varint generation · varint count · count times (actor, varint seq) · then the change
import { ByteReader, ByteWriter, fromHex, MalformedBytesError, toHex } from '../values/bytes.ts';
import type { Incarnation } from '../values/ids.ts';

/** One edition on the way to a newer one, and how many changes of each actor in it went along. */
export interface LineageStep {
  readonly generation: number;
  readonly includes: readonly (readonly [Incarnation, number])[];
}

export interface Refounding {
  /** The edition it replaces, then the one which that replaced, and so on; at least one, at most MAX_STEPS. */
  readonly lineage: readonly LineageStep[];
  readonly change: Uint8Array;
}

const ACTOR_BYTES = 16;
/** Actors that may have changed one edition of a document. */
export const MAX_ACTORS = 256;
/** Editions that are named. Whoever missed more of them decides by what it saw last. */
export const MAX_STEPS = 8;

export function encodeRefounding({ lineage, change }: Refounding): Uint8Array {
  const writer = new ByteWriter(change.length + 64 * lineage.length).varint(lineage.length);
  for (const { generation, includes } of lineage) {
    writer.varint(generation).varint(includes.length);
    for (const [actor, seq] of includes) writer.raw(fromHex(actor)).varint(seq);
  }
  return writer.raw(change).finish();
}

/** Throws MalformedBytesError. */
export function decodeRefounding(bytes: Uint8Array): Refounding {
  const reader = new ByteReader(bytes);
  const lineage = Array.from({ length: counted(reader, 1, MAX_STEPS, 'editions') }, () => ({
    generation: reader.varint(),
    includes: Array.from(
      { length: counted(reader, 0, MAX_ACTORS, 'actors') },
      () => [toHex(reader.raw(ACTOR_BYTES)), reader.varint()] as const,
    ),
  }));
  return { lineage, change: reader.raw(reader.remaining) };
}

function counted(reader: ByteReader, min: number, max: number, what: string): number {
  const count = reader.varint();
  if (count < min || count > max)
    throw new MalformedBytesError(`${count} ${what}, ${min} to ${max}`);
  return count;
}
