// A commit: the unit of writing, signing and fsync. Its header is hash-chained and signed; its payload is a list of ops.
//
//   header  version lane author incarnation seq previous-hash clock payload-length payload-hash      (fixed layout, 138 bytes)
//   payload count, then each op: length, kind, key, generation, bytes                               (docs/PROTOCOL.md)

import { MAX_COMMIT_OPS } from '../config.ts';
import {
  ByteReader,
  ByteWriter,
  concatBytes,
  EMPTY,
  fromHex,
  MalformedBytesError,
  utf8,
} from '../values/bytes.ts';
import type { Hash, Signer, Verifier } from '../values/environment.ts';
import { type DocumentKey, type FeedId, laneNumber } from '../values/ids.ts';
import type { Hlc } from '../values/time.ts';
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts';

const HEADER_VERSION = 1;
const HEADER_BYTES = 138;
/** About what kind, generation and lengths of an op take. */
const OP_OVERHEAD_BYTES = 32;
/** Kind and clock before the bytes of an op that a checkpoint repeats. */
const KEPT_BYTES = 9;
const SIGNATURE_DOMAIN = utf8('holdfast commit 1');
export const SIGNATURE_BYTES = 64;
/** The previous hash of the first commit of a feed. */
export const NO_HASH = new Uint8Array(32);

/**
 * `checkpoint`: the first op of what repeats everything that is alive (checkpoint.ts). `change`: one Automerge change. `refound`: the first change of a new edition of a shared document, and what it includes of
 * the older ones (refound.ts). `delete`: tombstone of all generations up to this one. `beat`: the agent still lives, no change.
 * A kind that this version does not know is kept and passed on, and means nothing here.
 */
export type OpKind = 'change' | 'refound' | 'delete' | 'beat' | 'checkpoint' | 'other';

const OP_KIND_NUMBER = { change: 1, delete: 3, beat: 4, checkpoint: 5, refound: 6 } as const;
const OP_KIND_BY_NUMBER = new Map<number, OpKind>(
  Object.entries(OP_KIND_NUMBER).map(([kind, number]) => [number, kind as OpKind]),
);
/** An op that a checkpoint repeats: its own kind and the clock of its first commit stand before its bytes. */
const KEPT = 2;

export interface Op {
  readonly key: DocumentKey;
  readonly kind: OpKind;
  /** Which life and edition of the document the op belongs to (generation.ts). */
  readonly generation: number;
  readonly bytes: Uint8Array;
  /** When it was first written, for an op that a checkpoint repeats. Otherwise its commit says. */
  readonly clock?: Hlc;
}

export interface Commit {
  readonly feed: FeedId;
  /** Place in the feed; the first is 1. */
  readonly seq: number;
  readonly clock: Hlc;
  readonly payload: Uint8Array;
  /** Hash of the commit before. */
  readonly previous: Uint8Array;
  /** Absent inside a run: a later signature covers it. */
  readonly signature: Uint8Array | undefined;
  /** Hash of the header, which the next commit names. */
  readonly hash: Uint8Array;
}

/** What a header says besides the commit's place. */
export interface Header {
  readonly clock: Hlc;
  readonly payloadBytes: number;
  readonly payloadHash: Uint8Array;
}

/** The payload of a commit. `checkpoint` begins one. */
export function encodeOps(ops: readonly Op[], checkpoint?: Checkpoint): Uint8Array {
  const sizes = ops.map((op) => op.bytes.length + op.key.length + OP_OVERHEAD_BYTES);
  const writer = new ByteWriter(sizes.reduce((sum, size) => sum + size, OP_OVERHEAD_BYTES));
  writer.varint(ops.length + (checkpoint === undefined ? 0 : 1));
  if (checkpoint !== undefined) {
    const bytes = encodeCheckpoint(checkpoint);
    writer.chunk(
      new ByteWriter().byte(OP_KIND_NUMBER.checkpoint).text('').varint(0).chunk(bytes).finish(),
    );
  }
  for (const [index, op] of ops.entries()) {
    if (op.kind === 'other') throw new Error('an op of an unknown kind cannot be written');
    const kind = OP_KIND_NUMBER[op.kind];
    const encoded = new ByteWriter(sizes[index])
      .byte(op.clock === undefined ? kind : KEPT)
      .text(op.key)
      .varint(op.generation);
    if (op.clock === undefined) encoded.chunk(op.bytes);
    else {
      encoded
        .varint(op.bytes.length + KEPT_BYTES)
        .byte(kind)
        .uint64(op.clock)
        .raw(op.bytes);
    }
    writer.chunk(encoded.finish());
  }
  return writer.finish();
}

/** The checkpoint that begins with this payload; undefined when none does. Never throws. */
export function checkpointOf(payload: Uint8Array): Checkpoint | undefined {
  try {
    const reader = new ByteReader(payload);
    if (reader.varint() === 0) return undefined;
    const op = new ByteReader(reader.chunk());
    if (op.byte() !== OP_KIND_NUMBER.checkpoint) return undefined;
    op.text();
    op.varint();
    return decodeCheckpoint(op.chunk());
  } catch (error) {
    if (error instanceof MalformedBytesError) return undefined;
    throw error;
  }
}

/** The ops of a payload. Throws MalformedBytesError. Bytes behind an op's known fields belong to later versions and are skipped. */
export function decodeOps(payload: Uint8Array): Op[] {
  const reader = new ByteReader(payload);
  const count = reader.varint();
  if (count > MAX_COMMIT_OPS)
    throw new MalformedBytesError(`${count} ops, at most ${MAX_COMMIT_OPS}`);
  const ops: Op[] = [];
  for (let i = 0; i < count; i++) {
    ops.push(decodeOp(new ByteReader(reader.chunk())));
  }
  reader.end();
  return ops;
}

function decodeOp(reader: ByteReader): Op {
  const number = reader.byte();
  const kind = OP_KIND_BY_NUMBER.get(number);
  if (kind === undefined && number !== KEPT) {
    return { key: '', kind: 'other', generation: 0, bytes: EMPTY };
  }
  const key = reader.text();
  const generation = reader.varint();
  const bytes = reader.chunk();
  if (kind !== undefined) return { key, kind, generation, bytes };
  const kept = new ByteReader(bytes);
  const keptKind = OP_KIND_BY_NUMBER.get(kept.byte()) ?? 'other';
  const clock = kept.uint64();
  return { key, kind: keptKind, generation, clock, bytes: kept.raw(kept.remaining) };
}

/** Makes headers, hashes and signatures of one fleet: the fleet's id is part of what is signed, so no commit fits two fleets. */
export class CommitSeal {
  readonly #signedPrefix: Uint8Array;
  readonly #crypto: Hash & Verifier;

  constructor(fleetId: Uint8Array, crypto: Hash & Verifier) {
    this.#signedPrefix = concatBytes(SIGNATURE_DOMAIN, fleetId);
    this.#crypto = crypto;
  }

  /** Hash of a header; `valid` is false when the signature is not its author's. Without one it is as true as what follows it. */
  checkHeader(
    place: { feed: FeedId; seq: number; previous: Uint8Array },
    fields: Header,
    signature: Uint8Array | undefined,
  ): { hash: Uint8Array; valid: boolean } {
    const header = headerBytes(place.feed, place.seq, place.previous, fields);
    const valid =
      signature === undefined ||
      this.#crypto.verify(
        signature,
        concatBytes(this.#signedPrefix, header),
        fromHex(place.feed.author),
      );
    return { hash: this.#crypto.blake2b(header), valid };
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
    const fields = {
      clock,
      payloadBytes: payload.length,
      payloadHash: this.#crypto.blake2b(payload),
    };
    const header = headerBytes(feed, seq, previous, fields);
    const signature = signer.sign(concatBytes(this.#signedPrefix, header));
    const hash = this.#crypto.blake2b(header);
    return { feed, seq, clock, payload, previous, signature, hash };
  }

  /** Header and hash of a received commit; `valid` is false when it carries a signature that its author did not make. */
  check(
    feed: FeedId,
    seq: number,
    previous: Uint8Array,
    received: { clock: Hlc; payload: Uint8Array; signature: Uint8Array | undefined },
  ): { commit: Commit; valid: boolean } {
    const { clock, payload, signature } = received;
    const fields = {
      clock,
      payloadBytes: payload.length,
      payloadHash: this.#crypto.blake2b(payload),
    };
    const { hash, valid } = this.checkHeader({ feed, seq, previous }, fields, signature);
    return { commit: { feed, seq, ...received, previous, hash }, valid };
  }
}

function headerBytes(
  feed: FeedId,
  seq: number,
  previous: Uint8Array,
  { clock, payloadBytes, payloadHash }: Header,
): Uint8Array {
  return new ByteWriter(HEADER_BYTES)
    .byte(HEADER_VERSION)
    .byte(laneNumber(feed.lane))
    .raw(fromHex(feed.author))
    .raw(fromHex(feed.incarnation))
    .uint64(BigInt(seq))
    .raw(previous)
    .uint64(clock)
    .uint64(BigInt(payloadBytes))
    .raw(payloadHash)
    .finish();
}
