// Proof that an author wrote two different commits at one place of a feed: two chains of headers, each up to a signed one.
//
//   lane author incarnation seq · branch · branch
//   branch  previous-hash count, then each header: clock payload-length payload-hash, then the signature of the last
//
// Whoever holds it needs nobody's word: the feed is void for everybody, and for ever.

import { MAX_COMMIT_BYTES, MAX_UNSIGNED_COMMITS } from '../config.ts';
import {
  ByteReader,
  ByteWriter,
  bytesEqual,
  fromHex,
  MalformedBytesError,
  toHex,
} from '../values/bytes.ts';
import type { Hash } from '../values/environment.ts';
import { type FeedId, laneByNumber, laneNumber } from '../values/ids.ts';
import { isIncarnationOf } from '../values/incarnation.ts';
import { type CommitSeal, type Header, NO_HASH, SIGNATURE_BYTES } from './commit.ts';

const AUTHOR_BYTES = 32;
const INCARNATION_BYTES = 16;

/** Consecutive headers from the place of the fork on. */
export interface ForkBranch {
  /** Hash of the commit before the first. */
  readonly previous: Uint8Array;
  /** At least one, at most MAX_UNSIGNED_COMMITS. */
  readonly headers: readonly Header[];
  /** Of the last header. */
  readonly signature: Uint8Array;
}

export interface ForkProof {
  readonly feed: FeedId;
  /** Where the two commits are. */
  readonly seq: number;
  readonly branches: readonly [ForkBranch, ForkBranch];
}

/** A verified proof as it travels. */
export interface EncodedFork {
  readonly feed: FeedId;
  readonly proof: Uint8Array;
}

/** A commit as far as its header needs it. */
export interface BranchCommit {
  readonly clock: bigint;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array | undefined;
}

/** A commit as it is held, with the hash before it. */
export interface HeldCommit extends BranchCommit {
  readonly previous: Uint8Array;
}

/** The branch that begins with these commits, up to the first signature; undefined when that is too far away. */
export function branchOf(
  previous: Uint8Array,
  commits: readonly BranchCommit[],
  hash: Hash,
): ForkBranch | undefined {
  const signed = commits.findIndex(({ signature }) => signature !== undefined);
  const signature = commits[signed]?.signature;
  if (signature === undefined || signed >= MAX_UNSIGNED_COMMITS) return undefined;
  const headers = commits.slice(0, signed + 1).map(({ clock, payload }) => ({
    clock,
    payloadBytes: payload.length,
    payloadHash: hash.blake2b(payload),
  }));
  return { previous, headers, signature };
}

/** Why it proves nothing; undefined when it does. */
export function doubtForkProof(proof: ForkProof, seal: CommitSeal, hash: Hash): string | undefined {
  const { feed, seq, branches } = proof;
  if (!isIncarnationOf(feed.incarnation, feed.author, hash)) {
    return 'its incarnation is not one of its author';
  }
  const firsts: Uint8Array[] = [];
  for (const { previous, headers, signature } of branches) {
    if (seq === 1 && !bytesEqual(previous, NO_HASH)) return 'something comes before a first commit';
    let before = previous;
    for (const [index, header] of headers.entries()) {
      const isLast = index === headers.length - 1;
      const place = { feed, seq: seq + index, previous: before };
      const sealed = seal.checkHeader(place, header, isLast ? signature : undefined);
      if (!sealed.valid) return `the signature of commit ${place.seq} is not its author's`;
      if (index === 0) firsts.push(sealed.hash);
      before = sealed.hash;
    }
  }
  const [a, b] = firsts;
  if (a === undefined || b === undefined) return 'a branch is empty';
  return bytesEqual(a, b) ? 'both branches begin with the same commit' : undefined;
}

export function encodeForkProof({ feed, seq, branches }: ForkProof): Uint8Array {
  const writer = new ByteWriter(512)
    .byte(laneNumber(feed.lane))
    .raw(fromHex(feed.author))
    .raw(fromHex(feed.incarnation))
    .varint(seq);
  for (const { previous, headers, signature } of branches) {
    writer.raw(previous).byte(headers.length);
    for (const { clock, payloadBytes, payloadHash } of headers) {
      writer.uint64(clock).varint(payloadBytes).raw(payloadHash);
    }
    writer.raw(signature);
  }
  return writer.finish();
}

/** Throws MalformedBytesError. Nothing is verified. */
export function decodeForkProof(bytes: Uint8Array): ForkProof {
  const reader = new ByteReader(bytes);
  const lane = laneByNumber(reader.byte());
  if (lane === undefined) throw new MalformedBytesError('proof of a lane that does not exist');
  const author = toHex(reader.raw(AUTHOR_BYTES));
  const incarnation = toHex(reader.raw(INCARNATION_BYTES));
  const seq = reader.varint();
  if (seq < 1 || seq > Number.MAX_SAFE_INTEGER - MAX_UNSIGNED_COMMITS) {
    throw new MalformedBytesError(`proof at commit ${seq}`);
  }
  const branches = [decodeBranch(reader), decodeBranch(reader)] as const;
  reader.end();
  return { feed: { author, incarnation, lane }, seq, branches };
}

function decodeBranch(reader: ByteReader): ForkBranch {
  const previous = reader.raw(NO_HASH.length);
  const count = reader.byte();
  if (count < 1 || count > MAX_UNSIGNED_COMMITS) {
    throw new MalformedBytesError(`branch of ${count} headers, 1 to ${MAX_UNSIGNED_COMMITS}`);
  }
  const headers: Header[] = [];
  for (let i = 0; i < count; i++) {
    const clock = reader.uint64();
    const payloadBytes = reader.varint();
    if (payloadBytes > MAX_COMMIT_BYTES) {
      throw new MalformedBytesError(`commit of ${payloadBytes} bytes, at most ${MAX_COMMIT_BYTES}`);
    }
    headers.push({ clock, payloadBytes, payloadHash: reader.raw(NO_HASH.length) });
  }
  return { previous, headers, signature: reader.raw(SIGNATURE_BYTES) };
}
