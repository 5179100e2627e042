// A commit: the unit of writing, signing and fsync. Its header is hash-chained and signed; its payload is a list of ops.
//
//   header  version lane author incarnation seq previous-hash clock payload-length payload-hash      (fixed layout, 138 bytes)
//   payload count, then each op: length, kind, key, generation, bytes                               (docs/PROTOCOL.md)
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  EMPTY,
  fromHex,
  MalformedBytesError,
  utf8,
} from './bytes.ts';
import { isDocumentKey } from './collection.ts';
import { MAX_COMMIT_OPS } from './config.ts';
import type { Hash, Signer, Verifier } from './environment.ts';
import { type DocumentKey, type FeedId, laneNumber, splitDocumentKey } from './ids.ts';
import type { Hlc } from './time.ts';

const HEADER_VERSION = 1;
const HEADER_BYTES = 138;
/** About what kind, generation and lengths of an op take. */
const OP_OVERHEAD_BYTES = 16;
const SIGNATURE_DOMAIN = utf8('holdfast commit 1');
export const SIGNATURE_BYTES = 64;
/** The previous hash of the first commit of a feed. */
export const NO_HASH = new Uint8Array(32);

/**
 * `change`: one Automerge change. `delete`: tombstone of all generations up to this one. `beat`: the agent still lives, no
 * change. A kind that this version does not know is kept and passed on, and means nothing here.
 */
export type OpKind = 'change' | 'delete' | 'beat' | 'other';

const OP_KIND_NUMBER = { change: 1, delete: 3, beat: 4 } as const;
const OP_KIND_BY_NUMBER = new Map<number, OpKind>(
  Object.entries(OP_KIND_NUMBER).map(([kind, number]) => [number, kind as OpKind]),
);

export interface Op {
  readonly key: DocumentKey;
  readonly kind: OpKind;
  /** Which life of the document the op belongs to: 0 for the first, one more after each delete. */
  readonly generation: number;
  readonly bytes: Uint8Array;
}

export interface Commit {
  readonly feed: FeedId;
  /** Place in the feed; the first is 1. */
  readonly seq: number;
  readonly clock: Hlc;
  readonly payload: Uint8Array;
  /** Absent inside a run: a later signature covers it. */
  readonly signature: Uint8Array | undefined;
  /** Hash of the header, which the next commit names. */
  readonly hash: Uint8Array;
}

export function encodeOps(ops: readonly Op[]): Uint8Array {
  const sizes = ops.map((op) => op.bytes.length + op.key.length + OP_OVERHEAD_BYTES);
  const writer = new ByteWriter(sizes.reduce((sum, size) => sum + size, OP_OVERHEAD_BYTES));
  writer.varint(ops.length);
  for (const [index, op] of ops.entries()) {
    if (op.kind === 'other') throw new Error('an op of an unknown kind cannot be written');
    const encoded = new ByteWriter(sizes[index])
      .byte(OP_KIND_NUMBER[op.kind])
      .text(op.key)
      .varint(op.generation)
      .chunk(op.bytes);
    writer.chunk(encoded.finish());
  }
  return writer.finish();
}

/** The ops of a payload. Throws MalformedBytesError. Bytes behind an op's known fields belong to later versions and are skipped. */
export function decodeOps(payload: Uint8Array): Op[] {
  const reader = new ByteReader(payload);
  const count = reader.varint();
  if (count > MAX_COMMIT_OPS)
    throw new MalformedBytesError(`${count} ops, at most ${MAX_COMMIT_OPS}`);
  const ops: Op[] = [];
  for (let i = 0; i < count; i++) {
    const op = new ByteReader(reader.chunk());
    const kind = OP_KIND_BY_NUMBER.get(op.byte()) ?? 'other';
    ops.push(
      kind === 'other'
        ? { key: '', kind, generation: 0, bytes: EMPTY }
        : { kind, key: op.text(), generation: op.varint(), bytes: op.chunk() },
    );
  }
  reader.end();
  return ops;
}

/**
 * The ops of a payload that mean something to this version: known kinds, on keys a document may have. The rest of the commit is
 * kept and passed on. Throws MalformedBytesError: then the whole payload is void, a fact that is equal on every node.
 */
export function readOps(payload: Uint8Array): Op[] {
  return decodeOps(payload).filter(({ kind, key }) => {
    const { collection, id } = splitDocumentKey(key);
    return kind !== 'other' && isDocumentKey(collection, id);
  });
}

/** Makes headers, hashes and signatures of one fleet: the fleet's id is part of what is signed, so no commit fits two fleets. */
export class CommitSeal {
  readonly #signedPrefix: Uint8Array;
  readonly #crypto: Hash & Verifier;

  constructor(fleetId: Uint8Array, crypto: Hash & Verifier) {
    this.#signedPrefix = concatBytes(SIGNATURE_DOMAIN, fleetId);
    this.#crypto = crypto;
  }

  /** Signs the next commit of a feed. */
  create(
    feed: FeedId,
    seq: number,
    previous: Uint8Array,
    clock: Hlc,
    payload: Uint8Array,
    signer: Signer,
  ): Commit {
    const header = this.#header(feed, seq, previous, clock, payload);
    const signature = signer.sign(concatBytes(this.#signedPrefix, header));
    return { feed, seq, clock, payload, signature, hash: this.#crypto.blake2b(header) };
  }

  /** Header and hash of a received commit; `valid` is false when it carries a signature that its author did not make. */
  check(
    feed: FeedId,
    seq: number,
    previous: Uint8Array,
    received: { clock: Hlc; payload: Uint8Array; signature: Uint8Array | undefined },
  ): { commit: Commit; valid: boolean } {
    const header = this.#header(feed, seq, previous, received.clock, received.payload);
    const { signature } = received;
    const valid =
      signature === undefined ||
      this.#crypto.verify(signature, concatBytes(this.#signedPrefix, header), fromHex(feed.author));
    return { commit: { feed, seq, ...received, hash: this.#crypto.blake2b(header) }, valid };
  }

  #header(
    feed: FeedId,
    seq: number,
    previous: Uint8Array,
    clock: Hlc,
    payload: Uint8Array,
  ): Uint8Array {
    return new ByteWriter(HEADER_BYTES)
      .byte(HEADER_VERSION)
      .byte(laneNumber(feed.lane))
      .raw(fromHex(feed.author))
      .raw(fromHex(feed.incarnation))
      .uint64(BigInt(seq))
      .raw(previous)
      .uint64(clock)
      .uint64(BigInt(payload.length))
      .raw(this.#crypto.blake2b(payload))
      .finish();
  }
}
