// Collections that a fleet declares for itself, beside the well-known ones: of what class they are and who writes them.
import { MalformedBytesError } from '../values/bytes.ts';
import { MAX_GENERATION, MAX_LISTED_COLLECTIONS } from './limits.ts';
import { beginPayload, openPayload, readList, readTime, writeList } from './payload.ts';
import { bitsToRoles, type Role, rolesToBits } from './roles.ts';

/** The number is on the wire and never changes. */
const CLASS_NUMBER = { owned: 1, immutable: 2, shared: 3 } as const;
export type DeclaredClass = keyof typeof CLASS_NUMBER;

export interface Declaration {
  readonly collection: string;
  readonly class: DeclaredClass;
  /** Roles that may write it; of `owned` and `immutable` ones agents only what is theirs. */
  readonly writers: ReadonlySet<Role>;
}

export interface Policy {
  /** The highest one says who writes; the lowest one that names a collection says of what class it is, for ever. */
  readonly generation: number;
  readonly declarations: readonly Declaration[];
  readonly madeAtMs: number;
}

export function encodePolicy({ generation, declarations, madeAtMs }: Policy): Uint8Array {
  const writer = beginPayload().varint(generation);
  writeList(writer, declarations, ({ collection, class: kind, writers }) =>
    writer.text(collection).byte(CLASS_NUMBER[kind]).varint(rolesToBits(writers)),
  );
  return writer.uint64(BigInt(madeAtMs)).finish();
}

/** Throws MalformedBytesError. */
export function decodePolicy(payload: Uint8Array): Policy {
  const reader = openPayload(payload);
  const generation = reader.varint();
  if (generation > MAX_GENERATION) throw new MalformedBytesError(`policy ${generation}`);
  const declarations = readList(reader, MAX_LISTED_COLLECTIONS, (from): Declaration => {
    const collection = from.text();
    const number = from.byte();
    const kind = (Object.keys(CLASS_NUMBER) as DeclaredClass[]).find(
      (one) => CLASS_NUMBER[one] === number,
    );
    if (kind === undefined) throw new MalformedBytesError(`a collection of class ${number}`);
    return { collection, class: kind, writers: bitsToRoles(from.varint()) };
  });
  return { generation, declarations, madeAtMs: readTime(reader) };
}
