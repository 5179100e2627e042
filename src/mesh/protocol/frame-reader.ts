// From frames on the wire to messages of the session, with the memory of a direction: feeds by number, and the clock before.
import { fromBinary } from '@bufbuild/protobuf';
import {
  type FeedId,
  type FeedPosition,
  type Hlc,
  hlcOf,
  laneByNumber,
  toHex,
} from '../../core/index.ts';
import {
  type Frame,
  FrameSchema,
  type Commit as WireCommit,
  type FeedId as WireFeedId,
  HaveKind as WireHaveKind,
  type GoodbyeReason as WireReason,
} from '../../gen/holdfast/mesh/v1/session_pb.ts';
import { TheirAliases } from './alias-book.ts';
import {
  FrameError,
  HEAD_BYTES,
  MAX_CHAIN,
  MAX_FRAME_ENTRIES,
  MAX_FRAME_IDS,
  MAX_FRAME_PROOFS,
  MAX_FRAME_SEQS,
  MAX_FRAME_STATEMENTS,
  REASON_NUMBER,
  SHORT_ID_BYTES,
  VECTOR_HEAD_BYTES,
} from './frame-values.ts';
import type { GoodbyeReason, Have, Message } from './message.ts';
import { PayloadUnpacker } from './payload-packing.ts';
import { Traffic } from './traffic.ts';

const NODE_ID_BYTES = 32;
const INCARNATION_BYTES = 16;
const BOOT_ID_BYTES = 16;
const SIGNATURE_BYTES = 64;
const PROOF_BYTES = 32;
const HASH_BYTES = 32;
const DIGEST_BYTES = 16;
const MAX_CLOCK_MS = 2 ** 48 - 1;
const MAX_CLOCK_COUNTER = 0xffff;
/** Characters: names and reasons from a peer end up in logs and tables. */
const MAX_TEXT = 200;

/** The same direction at the receiver. Throws FrameError, after which the rest of the direction means nothing. */
export class FrameReader {
  readonly #traffic: Traffic;
  readonly #aliases = new TheirAliases();
  readonly #unpacker = new PayloadUnpacker();
  #lastClockMs = 0;

  constructor(traffic = new Traffic()) {
    this.#traffic = traffic;
  }

  decode(frame: Uint8Array): Message {
    let decoded: Frame;
    try {
      decoded = fromBinary(FrameSchema, frame);
    } catch (error) {
      throw new FrameError(
        `not a frame: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const message = this.#message(decoded.body);
    this.#traffic.noteReceived(message, frame);
    return message;
  }

  #message(body: Frame['body']): Message {
    switch (body.case) {
      case 'hello': {
        const { value } = body;
        return {
          type: 'hello',
          versionMin: value.versionMin,
          versionMax: value.versionMax,
          nodeId: hex(value.nodeId, NODE_ID_BYTES, 'hello.node_id'),
          bootId: hex(value.bootId, BOOT_ID_BYTES, 'hello.boot_id'),
          capabilities: value.capabilities,
          membershipProof: sized(value.membershipProof, PROOF_BYTES, 'hello.membership_proof'),
          signature: sized(value.signature, SIGNATURE_BYTES, 'hello.signature'),
          ...(value.chain.length === 0 ? {} : { chain: limited(value.chain, MAX_CHAIN) }),
        };
      }
      case 'introduction':
        return { type: 'introduction', name: printable(body.value.name) };
      case 'frontierDigest':
      case 'frontierVector':
      case 'frontierBuckets':
      case 'frontier':
        return this.#frontier(body);
      case 'have':
        return { type: 'have', entries: this.#entries(body.value.entries, haveOf) };
      case 'want':
        return { type: 'want', entries: this.#entries(body.value.entries, positionOf) };
      case 'stop':
        return { type: 'stop', feeds: this.#entries(body.value.feeds, (_, feed) => feed) };
      case 'run':
        return this.#run(body.value);
      case 'forkProofs':
        return { type: 'fork-proofs', proofs: limited(body.value.proofs, MAX_FRAME_PROOFS) };
      case 'statementIds':
        return { type: 'statement-ids', ids: shortIds(body.value.ids), last: body.value.last };
      case 'statements':
        return {
          type: 'statements',
          statements: limited(body.value.statements, MAX_FRAME_STATEMENTS),
        };
      case 'stored':
        return { type: 'stored', runs: body.value.runs };
      case 'ping': {
        const { token, wallMs } = body.value;
        return { type: 'ping', token, ...(wallMs === 0n ? {} : { wallMs: Number(wallMs) }) };
      }
      case 'pong':
        return { type: 'pong', token: body.value.token };
      case 'goodbye':
        return {
          type: 'goodbye',
          reason: reasonOf(body.value.reason),
          message: printable(body.value.message),
          versionMin: body.value.versionMin,
          versionMax: body.value.versionMax,
          ...(body.value.statements.length > 0 && {
            statements: limited(body.value.statements, MAX_FRAME_STATEMENTS),
          }),
        };
      // Between strangers, before sessions: members have nothing to say with them.
      case 'enrolRequest':
      case 'enrolReply':
      case undefined:
        return { type: 'unknown' };
    }
  }

  #frontier(
    body: Extract<
      Frame['body'],
      { case: 'frontierDigest' | 'frontierVector' | 'frontierBuckets' | 'frontier' }
    >,
  ): Message {
    switch (body.case) {
      case 'frontierDigest':
        return {
          type: 'frontier-digest',
          frontier: sized(body.value.frontier, DIGEST_BYTES, 'frontier_digest.frontier'),
          roster: sized(body.value.roster, DIGEST_BYTES, 'frontier_digest.roster'),
          feeds: body.value.feeds,
          ...(body.value.forks.length === 0
            ? {}
            : { forks: sized(body.value.forks, DIGEST_BYTES, 'frontier_digest.forks') }),
          ...(body.value.trust.length === 0
            ? {}
            : { trust: sized(body.value.trust, HASH_BYTES, 'frontier_digest.trust') }),
        };
      case 'frontierVector':
        limited(body.value.seqs, MAX_FRAME_SEQS);
        return {
          type: 'frontier-vector',
          seqs: body.value.seqs.map(sequence),
          ...headsOf(body.value),
          last: body.value.last,
        };
      case 'frontierBuckets':
        return { type: 'frontier-buckets', hashes: body.value.hashes };
      case 'frontier':
        return {
          type: 'frontier',
          positions: this.#entries(body.value.positions, headedPositionOf),
          last: body.value.last,
        };
    }
  }

  /** Entries about feeds of lanes that no version has are left out. */
  #entries<Entry extends WireRef, Result>(
    entries: readonly Entry[],
    read: (entry: Entry, feed: FeedId) => Result,
  ): Result[] {
    return limited(entries, MAX_FRAME_ENTRIES).flatMap((entry) => {
      const feed = this.#feed(entry);
      return feed === 'foreign' ? [] : [read(entry, feed)];
    });
  }

  #run(value: WireRun): Message {
    const feed = this.#feed(value);
    // Also of a foreign run, because the clocks that follow count from these.
    const clocks = value.commits.map((commit) => this.#clock(commit));
    const payloads = this.#payloads(value);
    if (feed === 'foreign') return { type: 'foreign-run' };
    const { previous } = value;
    return {
      type: 'run',
      run: {
        feed,
        firstSeq: sequence(value.firstSeq),
        ...(previous.length === 0 ? {} : { previous: sized(previous, HASH_BYTES, 'run.previous') }),
        commits: value.commits.map(({ signature }, i) => ({
          clock: clocks[i] as Hlc,
          payload: payloads[i] as Uint8Array,
          signature: signature.length === 0 ? undefined : signature,
        })),
      },
    };
  }

  #payloads({ alias, packed, commits }: WireRun): readonly Uint8Array[] {
    if (packed.length === 0) {
      return this.#unpacker.take(
        alias,
        commits.map(({ payload }) => payload),
      );
    }
    return this.#unpacker.unpack(
      alias,
      packed,
      commits.map(({ payloadLength }) => payloadLength),
    );
  }

  #clock({ clockMs, clockCounter }: WireCommit): Hlc {
    const ms = BigInt(this.#lastClockMs) + clockMs;
    if (ms < 0n || ms > BigInt(MAX_CLOCK_MS)) throw new FrameError('a clock outside 48 bits');
    if (clockCounter > MAX_CLOCK_COUNTER) throw new FrameError('a clock counter over 16 bits');
    this.#lastClockMs = Number(ms);
    return hlcOf(this.#lastClockMs, clockCounter);
  }

  #feed({ alias, feed }: WireRef): FeedId | 'foreign' {
    if (feed !== undefined) {
      const read = coreFeed(feed);
      const fault = this.#aliases.learn(alias, read);
      if (fault !== undefined) throw new FrameError(fault);
      return read;
    }
    const known = this.#aliases.find(alias);
    if (known === undefined) throw new FrameError(`feed number ${alias} was never given`);
    return known;
  }
}

interface WireRef {
  readonly alias: number;
  readonly feed?: WireFeedId | undefined;
}

type WireRun = Extract<Frame['body'], { case: 'run' }>['value'];

/** One frame at the beginning of a direction. Throws FrameError. */
export function decodeFrame(frame: Uint8Array): Message {
  return new FrameReader().decode(frame);
}

function positionOf(entry: { readonly seq: bigint }, feed: FeedId): FeedPosition {
  return { feed, seq: sequence(entry.seq) };
}

function headedPositionOf(
  entry: { readonly seq: bigint; readonly head: Uint8Array },
  feed: FeedId,
): FeedPosition {
  if (entry.head.length === 0) return positionOf(entry, feed);
  return { ...positionOf(entry, feed), head: sized(entry.head, HEAD_BYTES, 'position.head') };
}

function haveOf(entry: { readonly seq: bigint; readonly kind: WireHaveKind }, feed: FeedId): Have {
  // A kind of a later version still says how far the feed is held.
  const kind =
    entry.kind === WireHaveKind.RESET
      ? 'reset'
      : entry.kind === WireHaveKind.LOST
        ? 'lost'
        : 'held';
  return { ...positionOf(entry, feed), kind };
}

function limited<Entry>(entries: readonly Entry[], most: number): readonly Entry[] {
  if (entries.length > most) throw new FrameError(`${entries.length} entries, at most ${most}`);
  return entries;
}

function coreFeed(feed: WireFeedId): FeedId | 'foreign' {
  const lane = laneByNumber(feed.lane);
  if (lane === undefined) return 'foreign';
  return {
    author: hex(feed.author, NODE_ID_BYTES, 'feed.author'),
    incarnation: hex(feed.incarnation, INCARNATION_BYTES, 'feed.incarnation'),
    lane,
  };
}

function reasonOf(reason: WireReason): GoodbyeReason | 'other' {
  const found = Object.entries(REASON_NUMBER).find(([, number]) => number === reason);
  return found === undefined ? 'other' : (found[0] as GoodbyeReason);
}

function sequence(seq: bigint): number {
  if (seq > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError('sequence number over 53 bits');
  return Number(seq);
}

function sized(value: Uint8Array, length: number, field: string): Uint8Array {
  if (value.length !== length)
    throw new FrameError(`${field} has ${value.length} bytes instead of ${length}`);
  return value;
}

function headsOf({
  heads,
  seqs,
}: {
  readonly heads: Uint8Array;
  readonly seqs: readonly bigint[];
}) {
  if (heads.length === 0) return {};
  return { heads: sized(heads, VECTOR_HEAD_BYTES * seqs.length, 'frontier_vector.heads') };
}

function shortIds(bytes: Uint8Array): string[] {
  const count = bytes.length / SHORT_ID_BYTES;
  if (!Number.isInteger(count) || count > MAX_FRAME_IDS) {
    throw new FrameError(`statement_ids.ids has ${bytes.length} bytes`);
  }
  const digits = toHex(bytes);
  return Array.from({ length: count }, (_, i) =>
    digits.slice(2 * SHORT_ID_BYTES * i, 2 * SHORT_ID_BYTES * (i + 1)),
  );
}

function hex(value: Uint8Array, length: number, field: string): string {
  return toHex(sized(value, length, field));
}

/** Text of a stranger for logs and tables: no control characters, no line breaks, no half of a character, no end. */
export function printable(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_TEXT)).slice(0, MAX_TEXT);
  return characters.join('').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
