// What the records of the store hold: commits, heads of feeds, views. Each parse returns undefined for bytes that are not one.
import {
  ByteReader,
  ByteWriter,
  type Commit,
  decodeCheckpoint,
  decodeForkProof,
  EMPTY,
  encodeCheckpoint,
  type FeedHead,
  type FeedId,
  type ForkProof,
  fromHex,
  type Hash,
  MalformedBytesError,
  type Op,
  type OwnEdit,
  SIGNATURE_BYTES,
  toHex,
  utf8,
  type View,
} from '../../core/index.ts';

const HASH_BYTES = 32;
/** Bytes of the hash by which repeated ops are known. */
const DIGEST_BYTES = 8;

/** A commit as stored: its place is in the key, its header follows from the ones before. */
export interface CommitRecord {
  readonly clock: bigint;
  /** Hash of the commit before: whoever is sent a run that jumps to this commit needs it. */
  readonly previous: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

/** One op of a document, as its index lists it. */
export interface OpRecord {
  readonly kind: 'change' | 'delete';
  readonly generation: number;
  /** Two ops with the same bytes have the same: a checkpoint repeats ops. */
  readonly digest: string;
}

export function encodeCommit(commit: Commit): Uint8Array {
  const writer = new ByteWriter().uint64(commit.clock).raw(commit.previous);
  if (commit.signature === undefined) writer.byte(0);
  else writer.byte(1).raw(commit.signature);
  return writer.raw(commit.payload).finish();
}

export function parseCommitRecord(bytes: Uint8Array): CommitRecord | undefined {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const clock = reader.uint64();
    const previous = reader.raw(HASH_BYTES);
    const signature = reader.byte() === 1 ? reader.raw(SIGNATURE_BYTES) : undefined;
    return { clock, previous, signature, payload: reader.raw(reader.remaining) };
  });
}

export function encodeHead(head: FeedHead): Uint8Array {
  const writer = new ByteWriter()
    .varint(head.seq)
    .chunk(head.hash)
    .varint(head.base)
    .varint(head.from)
    .varint(head.bytes)
    .chunk(encodeCheckpoint({ ...head, commits: 1 }));
  const { pending, whole } = head;
  if (pending === undefined) writer.byte(0);
  else {
    writer.byte(1).varint(pending.from).varint(pending.bytes).chunk(encodeCheckpoint(pending));
  }
  return writer
    .varint(whole?.from ?? 0)
    .varint(whole?.through ?? 0)
    .finish();
}

export function parseHead(feed: FeedId, bytes: Uint8Array): FeedHead | undefined {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const head = {
      feed,
      seq: reader.varint(),
      hash: reader.chunk(),
      base: reader.varint(),
      from: reader.varint(),
      bytes: reader.varint(),
    };
    const { covers, closedBeforeMs } = decodeCheckpoint(reader.chunk());
    const pending =
      reader.byte() === 0
        ? undefined
        : {
            from: reader.varint(),
            bytes: reader.varint(),
            ...decodeCheckpoint(reader.chunk()),
          };
    // Written since there are fleets with certificates: before, nothing was ever cut.
    const [from, through] = reader.remaining === 0 ? [0, 0] : [reader.varint(), reader.varint()];
    reader.end();
    const whole = from === 0 ? undefined : { from, through };
    return { ...head, covers, closedBeforeMs, pending, whole };
  });
}

/** How the index lists an op; undefined for an op that it does not list. */
export function opRecordOf(op: Op, hash: Hash): OpRecord | undefined {
  if (op.kind !== 'change' && op.kind !== 'refound' && op.kind !== 'delete') return undefined;
  const digest = toHex(hash.blake2b(op.bytes).subarray(0, DIGEST_BYTES));
  return { kind: op.kind === 'delete' ? 'delete' : 'change', generation: op.generation, digest };
}

export function encodeOpRecord(op: OpRecord): Uint8Array {
  return new ByteWriter()
    .byte(op.kind === 'change' ? 1 : 2)
    .varint(op.generation)
    .raw(fromHex(op.digest))
    .finish();
}

export function parseOpRecord(bytes: Uint8Array): OpRecord | undefined {
  return attempt(() => {
    const reader = new ByteReader(bytes);
    const kind = reader.byte() === 1 ? 'change' : 'delete';
    const generation = reader.varint();
    return { kind, generation, digest: toHex(reader.raw(reader.remaining)) };
  });
}

/** Views are JSON, so that a person with a LevelDB viewer can read them. The monotonic clock of a process says nothing to the next. */
export function encodeView(view: View): Uint8Array {
  const { key: _, takenMs: __, value, ...rest } = view;
  return utf8(
    JSON.stringify({
      ...rest,
      clock: view.clock.toString(),
      editionClock: view.editionClock.toString(),
      ...(value === undefined ? {} : { value }),
    }),
  );
}

export function parseView(key: string, bytes: Uint8Array): View | undefined {
  return attempt(() => {
    const raw = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const { clock, editionClock, value } = raw;
    return { ...raw, key, clock: BigInt(clock), editionClock: BigInt(editionClock), value };
  });
}

/** What we wrote to a shared document, as JSON. */
export function encodeOwnEdits(edits: readonly OwnEdit[]): Uint8Array {
  return utf8(JSON.stringify(edits));
}

export function parseOwnEdits(bytes: Uint8Array): OwnEdit[] | undefined {
  return attempt(() => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
}

/** A proof that a feed forked, as it travels. It was verified before it was stored. */
export function parseForkProof(bytes: Uint8Array): ForkProof | undefined {
  return attempt(() => decodeForkProof(bytes));
}

export function encodeNumber(value: number): Uint8Array {
  return new ByteWriter().varint(value).finish();
}

export function parseNumber(bytes: Uint8Array): number | undefined {
  return attempt(() => new ByteReader(bytes).varint());
}

/** The view does not show all stored changes. */
export const MARK = EMPTY;
/** Commits were dropped that the view may still show. */
export const REDUCED_MARK = new Uint8Array([1]);

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
