// Frames on the wire and messages in the session: the only place where the mesh's protobuf meets plain values.
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { type FeedId, fromHex, laneByNumber, laneNumber, toHex } from '../../core/index.ts';
import {
  type Frame,
  FrameSchema,
  type FeedId as WireFeedId,
  GoodbyeReason as WireReason,
} from '../../gen/holdfast/mesh/v1/session_pb.ts';
import type { GoodbyeReason, Message } from './message.ts';

type FrameInit = NonNullable<MessageInitShape<typeof FrameSchema>['body']>;

const REASON_NUMBER: Readonly<Record<GoodbyeReason, WireReason>> = {
  stopping: WireReason.STOPPING,
  version: WireReason.VERSION,
  paused: WireReason.PAUSED,
  duplicate: WireReason.DUPLICATE,
  protocol: WireReason.PROTOCOL,
};
const NODE_ID_BYTES = 32;
const INCARNATION_BYTES = 16;
const BOOT_ID_BYTES = 16;
const SIGNATURE_BYTES = 64;
const PROOF_BYTES = 32;
/** Characters: names and reasons from a peer end up in logs and tables. */
const MAX_TEXT = 200;

/** A frame that is not what the protocol says. The message is for a log line. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** A message that a session of this version sends. */
export type OwnMessage = Exclude<Message, { type: 'unknown' | 'foreign-run' }>;

export function encodeFrame(message: OwnMessage): Uint8Array {
  return toBinary(FrameSchema, create(FrameSchema, { body: bodyOf(message) }));
}

/** Throws FrameError. */
export function decodeFrame(frame: Uint8Array): Message {
  let decoded: Frame;
  try {
    decoded = fromBinary(FrameSchema, frame);
  } catch (error) {
    throw new FrameError(`not a frame: ${error instanceof Error ? error.message : String(error)}`);
  }
  return messageOf(decoded.body);
}

function bodyOf(message: OwnMessage): FrameInit {
  switch (message.type) {
    case 'hello':
      return {
        case: 'hello',
        value: {
          ...message,
          nodeId: fromHex(message.nodeId),
          bootId: fromHex(message.bootId),
        },
      };
    case 'introduction':
      return { case: 'introduction', value: { name: message.name } };
    case 'frontier':
      return {
        case: 'frontier',
        value: {
          last: message.last,
          positions: message.positions.map(({ feed, seq }) => ({
            feed: wireFeed(feed),
            seq: BigInt(seq),
          })),
        },
      };
    case 'run':
      return {
        case: 'run',
        value: {
          feed: wireFeed(message.run.feed),
          firstSeq: BigInt(message.run.firstSeq),
          ...(message.run.previous === undefined ? {} : { previous: message.run.previous }),
          commits: message.run.commits.map(({ clock, payload, signature }) => ({
            clock,
            payload,
            ...(signature === undefined ? {} : { signature }),
          })),
        },
      };
    case 'stored':
      return { case: 'stored', value: { runs: message.runs } };
    case 'ping':
      return { case: 'ping', value: { token: message.token } };
    case 'pong':
      return { case: 'pong', value: { token: message.token } };
    case 'goodbye':
      return {
        case: 'goodbye',
        value: {
          ...message,
          reason:
            message.reason === 'other' ? WireReason.UNSPECIFIED : REASON_NUMBER[message.reason],
        },
      };
  }
}

function messageOf(body: Frame['body']): Message {
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
      };
    }
    case 'introduction':
      return { type: 'introduction', name: printable(body.value.name) };
    case 'frontier':
      return {
        type: 'frontier',
        last: body.value.last,
        positions: body.value.positions.flatMap((position) => {
          const feed = coreFeed(position.feed);
          return feed === undefined ? [] : [{ feed, seq: sequence(position.seq) }];
        }),
      };
    case 'run': {
      const feed = coreFeed(body.value.feed);
      if (feed === undefined) return { type: 'foreign-run' };
      return {
        type: 'run',
        run: {
          feed,
          firstSeq: sequence(body.value.firstSeq),
          ...(body.value.previous.length === 0 ? {} : { previous: body.value.previous }),
          commits: body.value.commits.map(({ clock, payload, signature }) => ({
            clock,
            payload,
            signature: signature.length === 0 ? undefined : signature,
          })),
        },
      };
    }
    case 'stored':
      return { type: 'stored', runs: body.value.runs };
    case 'ping':
      return { type: 'ping', token: body.value.token };
    case 'pong':
      return { type: 'pong', token: body.value.token };
    case 'goodbye':
      return {
        type: 'goodbye',
        reason: reasonOf(body.value.reason),
        message: printable(body.value.message),
        versionMin: body.value.versionMin,
        versionMax: body.value.versionMax,
      };
    case undefined:
      return { type: 'unknown' };
  }
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

function coreFeed(feed: WireFeedId | undefined): FeedId | undefined {
  if (feed === undefined) throw new FrameError('a feed is missing');
  const lane = laneByNumber(feed.lane);
  if (lane === undefined) return undefined;
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

function hex(value: Uint8Array, length: number, field: string): string {
  return toHex(sized(value, length, field));
}

/** Text of a stranger for logs and tables: no control characters, no line breaks, no half of a character, no end. */
function printable(text: string): string {
  const characters = Array.from(text.slice(0, 2 * MAX_TEXT)).slice(0, MAX_TEXT);
  return characters.join('').replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
