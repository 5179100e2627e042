// What all payloads have in common: a version first, and lists with a limit. Bytes behind what this version knows are left alone:
// a later version may say more, and what it says is signed.
import { ByteReader, ByteWriter, MalformedBytesError } from '../values/bytes.ts';

const VERSION = 1;

export function beginPayload(): ByteWriter {
  return new ByteWriter(192).byte(VERSION);
}

/** Throws MalformedBytesError. */
export function openPayload(payload: Uint8Array): ByteReader {
  const reader = new ByteReader(payload);
  const version = reader.byte();
  // A later version that cannot be read by this one has another kind; with a higher number here it only says more.
  if (version < VERSION) throw new MalformedBytesError(`payload of version ${version}`);
  return reader;
}

/** Whether a later version than this one wrote a payload. */
export function isLaterPayload(payload: Uint8Array): boolean {
  return (payload[0] ?? 0) > VERSION;
}

export function writeList<Item>(
  writer: ByteWriter,
  items: readonly Item[],
  write: (item: Item) => void,
): void {
  writer.varint(items.length);
  for (const item of items) write(item);
}

/** Throws MalformedBytesError, also where there are more than `limit`. */
export function readList<Item>(
  reader: ByteReader,
  limit: number,
  read: (reader: ByteReader) => Item,
): Item[] {
  const count = reader.varint();
  if (count > limit) throw new MalformedBytesError(`a list of ${count}, at most ${limit} fit`);
  return Array.from({ length: count }, () => read(reader));
}

/** Milliseconds since 1970. */
export function readTime(reader: ByteReader): number {
  const ms = reader.uint64();
  if (ms > BigInt(Number.MAX_SAFE_INTEGER))
    throw new MalformedBytesError('a time beyond all clocks');
  return Number(ms);
}
