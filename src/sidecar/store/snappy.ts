// Unpacks a block that LevelDB compressed with Snappy, in its raw form without frames.
import { ByteReader, MalformedBytesError } from '../../core/index.ts';

const LITERAL = 0;
/** Literals up to this long have their length in the tag; longer ones have 1 to 4 bytes of it behind the tag. */
const LONGEST_SHORT_LITERAL = 60;

/** Throws MalformedBytesError. `maxBytes` bounds what it may unpack to. */
export function unpackSnappy(packed: Uint8Array, maxBytes: number): Uint8Array {
  const reader = new ByteReader(packed);
  const length = reader.varint();
  if (length > maxBytes) throw new MalformedBytesError(`${length} bytes, at most ${maxBytes}`);
  const output = new Uint8Array(length);
  let at = 0;
  while (reader.remaining > 0) {
    const tag = reader.byte();
    if ((tag & 3) === LITERAL) {
      const literal = reader.raw(literalLength(reader, tag >>> 2));
      if (at + literal.length > length) throw new MalformedBytesError('more than it says');
      output.set(literal, at);
      at += literal.length;
      continue;
    }
    const { count, offset } = copyOf(reader, tag);
    if (offset === 0 || offset > at || at + count > length) {
      throw new MalformedBytesError('a copy from outside');
    }
    // Byte by byte: a copy may overlap what it makes.
    for (let i = 0; i < count; i++, at++) output[at] = output[at - offset] as number;
  }
  if (at !== length) throw new MalformedBytesError('less than it says');
  return output;
}

function literalLength(reader: ByteReader, short: number): number {
  return short < LONGEST_SHORT_LITERAL
    ? short + 1
    : littleEndian(reader, short - LONGEST_SHORT_LITERAL + 1) + 1;
}

function copyOf(reader: ByteReader, tag: number): { count: number; offset: number } {
  switch (tag & 3) {
    case 1:
      return { count: ((tag >>> 2) & 7) + 4, offset: ((tag >>> 5) << 8) | reader.byte() };
    case 2:
      return { count: (tag >>> 2) + 1, offset: littleEndian(reader, 2) };
    default:
      return { count: (tag >>> 2) + 1, offset: littleEndian(reader, 4) };
  }
}

function littleEndian(reader: ByteReader, bytes: number): number {
  let value = 0;
  for (let i = 0; i < bytes; i++) value += reader.byte() * 2 ** (8 * i);
  return value;
}
