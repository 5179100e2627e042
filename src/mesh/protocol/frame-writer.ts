// From messages of the session to frames on the wire. A direction of a link has a memory: a feed is named once, clocks are told as
// differences.
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  type FeedId,
  type FeedPosition,
  fromHex,
  type Hlc,
  hlcMs,
  hlcOf,
  laneNumber,
  type Run,
} from '../../core/index.ts';
import { FrameSchema, GoodbyeReason as WireReason } from '../../gen/holdfast/mesh/v1/session_pb.ts';
import { OwnAliases } from './alias-book.ts';
import { HAVE_KIND_NUMBER, REASON_NUMBER } from './frame-values.ts';
import type { FrontierMessage, Have, Message } from './message.ts';
import { PayloadPacker } from './payload-packing.ts';
import { Traffic } from './traffic.ts';

type FrameInit = NonNullable<MessageInitShape<typeof FrameSchema>['body']>;

/** A message that a session of this version sends. */
export type OwnMessage = Exclude<Message, { type: 'unknown' | 'foreign-run' }>;

/** One direction of a link, at the sender. Every frame it makes must be sent, in order. */
export class FrameWriter {
  readonly #traffic: Traffic;
  readonly #aliases = new OwnAliases();
  readonly #packer = new PayloadPacker();
  #lastClockMs = 0;

  constructor(traffic = new Traffic()) {
    this.#traffic = traffic;
  }

  /** Feeds numbered so far. */
  get aliases(): number {
    return this.#aliases.count;
  }

  encode(message: OwnMessage): Uint8Array {
    const frame = toBinary(FrameSchema, create(FrameSchema, { body: this.#body(message) }));
    this.#traffic.noteSent(message, frame);
    return frame;
  }

  #body(message: OwnMessage): FrameInit {
    switch (message.type) {
      case 'hello': {
        const { nodeId, bootId, chain, ...rest } = message;
        const ids = { nodeId: fromHex(nodeId), bootId: fromHex(bootId) };
        return { case: 'hello', value: { ...rest, ...ids, chain: [...(chain ?? [])] } };
      }
      case 'introduction':
        return { case: 'introduction', value: { name: message.name } };
      case 'frontier-digest':
      case 'frontier-vector':
      case 'frontier-buckets':
      case 'frontier':
        return this.#frontier(message);
      case 'have':
        return {
          case: 'have',
          value: { entries: message.entries.map((have) => this.#have(have)) },
        };
      case 'want':
        return {
          case: 'want',
          value: { entries: message.entries.map((entry) => this.#position(entry)) },
        };
      case 'stop':
        return { case: 'stop', value: { feeds: message.feeds.map((feed) => this.#ref(feed)) } };
      case 'run':
        return { case: 'run', value: this.#run(message.run) };
      case 'fork-proofs':
        return { case: 'forkProofs', value: { proofs: [...message.proofs] } };
      case 'statement-ids':
        return {
          case: 'statementIds',
          value: { ids: fromHex(message.ids.join('')), last: message.last },
        };
      case 'statements':
        return { case: 'statements', value: { statements: [...message.statements] } };
      case 'stored':
        return { case: 'stored', value: { runs: message.runs } };
      case 'ping': {
        const wallMs = BigInt(Math.max(0, Math.floor(message.wallMs ?? 0)));
        return { case: 'ping', value: { token: message.token, wallMs } };
      }
      case 'pong':
        return { case: 'pong', value: { token: message.token } };
      case 'goodbye': {
        const { reason, ...rest } = message;
        const number = reason === 'other' ? WireReason.UNSPECIFIED : REASON_NUMBER[reason];
        const statements = [...(message.statements ?? [])];
        return { case: 'goodbye', value: { ...rest, statements, reason: number } };
      }
    }
  }

  #frontier(message: FrontierMessage): FrameInit {
    switch (message.type) {
      case 'frontier-digest': {
        const { type: _, ...value } = message;
        return { case: 'frontierDigest', value };
      }
      case 'frontier-vector':
        return {
          case: 'frontierVector',
          value: {
            seqs: message.seqs.map(BigInt),
            last: message.last,
            ...(message.heads === undefined ? {} : { heads: message.heads }),
          },
        };
      case 'frontier-buckets':
        return { case: 'frontierBuckets', value: { hashes: message.hashes } };
      case 'frontier': {
        const positions = message.positions.map((position) => ({
          ...this.#position(position),
          ...(position.head === undefined ? {} : { head: position.head }),
        }));
        return { case: 'frontier', value: { positions, last: message.last } };
      }
    }
  }

  #ref(feed: FeedId) {
    const mention = this.#aliases.mention(feed);
    return {
      alias: mention.alias,
      ...(mention.feed === undefined ? {} : { feed: wireFeed(mention.feed) }),
    };
  }

  #position({ feed, seq }: FeedPosition) {
    return { ...this.#ref(feed), seq: BigInt(seq) };
  }

  #have({ feed, seq, kind }: Have) {
    return { ...this.#position({ feed, seq }), kind: HAVE_KIND_NUMBER[kind] };
  }

  #run({ feed, firstSeq, previous, commits }: Run) {
    const ref = this.#ref(feed);
    const payloads = commits.map(({ payload }) => payload);
    const packed = this.#packer.pack(ref.alias, payloads);
    return {
      ...ref,
      firstSeq: BigInt(firstSeq),
      ...(previous === undefined ? {} : { previous }),
      ...(packed === undefined ? {} : { packed }),
      commits: commits.map(({ clock, payload, signature }) => ({
        ...this.#clock(clock),
        ...(packed === undefined ? { payload } : { payloadLength: payload.length }),
        ...(signature === undefined ? {} : { signature }),
      })),
    };
  }

  #clock(clock: Hlc) {
    const ms = hlcMs(clock);
    const clockMs = BigInt(ms - this.#lastClockMs);
    this.#lastClockMs = ms;
    return { clockMs, clockCounter: Number(clock - hlcOf(ms)) };
  }
}

/** One frame at the beginning of a direction. */
export function encodeFrame(message: OwnMessage): Uint8Array {
  return new FrameWriter().encode(message);
}

function wireFeed(feed: FeedId): {
  author: Uint8Array<ArrayBuffer>;
  incarnation: Uint8Array<ArrayBuffer>;
  lane: number;
} {
  return {
    author: fromHex(feed.author),
    incarnation: fromHex(feed.incarnation),
    lane: laneNumber(feed.lane),
  };
}
