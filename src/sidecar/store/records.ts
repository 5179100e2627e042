// What the records of the store hold: commits, heads of feeds, views. Each parse returns undefined for bytes that are not one.
import {
  ByteReader,
  ByteWriter,
  type Commit,
  EMPTY,
  type FeedHead,
  type FeedId,
  MalformedBytesError,
  SIGNATURE_BYTES,
  utf8,
  type View,
} from '../../core/index.ts';

/** A commit as stored: its place is in the key, its header follows from the ones before. */
export interface CommitRecord {
  readonly clock: bigint;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

export function encodeCommit(commit: Commit): Uint8Array {
  const writer = new ByteWriter().uint64(commit.clock);
  if (commit.signature === undefined) writer.byte(0);
  else writer.byte(1).raw(commit.signature);
  return writer.raw(commit.payload).finish();
}

export function parseCommitRecord(bytes: Uint8Array): CommitRecord | undefined {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const clock = reader.uint64();
    const signature = reader.byte() === 1 ? reader.raw(SIGNATURE_BYTES) : undefined;
    return { clock, signature, payload: reader.raw(reader.remaining) };
  });
}

export function encodeHead(head: FeedHead): Uint8Array {
  return new ByteWriter().uint64(BigInt(head.seq)).raw(head.hash).finish();
}

export function parseHead(feed: FeedId, bytes: Uint8Array): FeedHead | undefined {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    return { feed, seq: Number(reader.uint64()), hash: reader.raw(reader.remaining) };
  });
}

/** Views are JSON, so that a person with a LevelDB viewer can read them. */
export function encodeView(view: View): Uint8Array {
  const { key: _, value, ...rest } = view;
  return utf8(
    JSON.stringify({
      ...rest,
      clock: view.clock.toString(),
      ...(value === undefined ? {} : { value }),
    }),
  );
}

export function parseView(key: string, bytes: Uint8Array): View | undefined {
  return attempt(() => {
    const raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return { ...raw, key, clock: BigInt(raw.clock), value: raw.value };
  });
}

export function encodeNumber(value: number): Uint8Array {
  return new ByteWriter().varint(value).finish();
}

export function parseNumber(bytes: Uint8Array): number | undefined {
  return attempt(() => new ByteReader(bytes).varint());
}

export const MARK = EMPTY;

function attempt<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (
      error instanceof MalformedBytesError ||
      error instanceof SyntaxError ||
      error instanceof TypeError
    ) {
      return undefined;
    }
    throw error;
  }
}
