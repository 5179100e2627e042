// The one frame that a stranger may send, and its answer. They stand outside of sessions: neither side greets.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { fromHex, toHex } from '../../core/index.ts';
import { FrameSchema, EnrolState as WireState } from '../../gen/holdfast/mesh/v1/session_pb.ts';
import { printable } from './frame-reader.ts';
import { FrameError } from './frame-values.ts';

/** Bytes of a sealed request; one takes about 300. */
export const MAX_SEALED_REQUEST_BYTES = 2048;
/** Bytes of a sealed reply: statements of a few hundred bytes each. */
export const MAX_SEALED_REPLY_BYTES = 128 * 1024;
const HUB_BYTES = 32;
/** The tag of the field `enrol_request`, which such a frame begins with. */
const REQUEST_TAG = [0x92, 0x01] as const;

const STATE_NUMBER = {
  granted: WireState.GRANTED,
  waiting: WireState.WAITING,
  carried: WireState.CARRIED,
  refused: WireState.REFUSED,
  busy: WireState.BUSY,
} as const;
type EnrolState = keyof typeof STATE_NUMBER;

export interface EnrolRequest {
  /** Signing key of the hub, 64 hex digits. */
  readonly hub: string;
  readonly sealed: Uint8Array;
}

export interface EnrolReply {
  readonly state: EnrolState;
  /** Empty unless granted. */
  readonly sealed: Uint8Array;
  /** 0 where asking again does not help. */
  readonly retryAfterMs: number;
  /** Empty unless refused. */
  readonly reason: string;
  readonly message: string;
}

/** Whether a first frame is one; decoding tells whether it is a good one. */
export function isEnrolRequest(frame: Uint8Array): boolean {
  return REQUEST_TAG.every((byte, at) => frame[at] === byte);
}

export function encodeEnrolRequest({ hub, sealed }: EnrolRequest): Uint8Array {
  const value = { hub: fromHex(hub), sealed };
  return toBinary(FrameSchema, create(FrameSchema, { body: { case: 'enrolRequest', value } }));
}

/** Throws FrameError. */
export function decodeEnrolRequest(frame: Uint8Array): EnrolRequest {
  const body = bodyOf(frame);
  if (body.case !== 'enrolRequest') throw new FrameError('no request to be let in');
  const { hub, sealed } = body.value;
  if (hub.length !== HUB_BYTES) throw new FrameError(`a hub of ${hub.length} bytes`);
  if (sealed.length > MAX_SEALED_REQUEST_BYTES) {
    throw new FrameError(`a request of ${sealed.length} bytes`);
  }
  return { hub: toHex(hub), sealed };
}

export function encodeEnrolReply(reply: EnrolReply): Uint8Array {
  const value = { ...reply, state: STATE_NUMBER[reply.state] };
  return toBinary(FrameSchema, create(FrameSchema, { body: { case: 'enrolReply', value } }));
}

/** Throws FrameError. */
export function decodeEnrolReply(frame: Uint8Array): EnrolReply {
  const body = bodyOf(frame);
  if (body.case !== 'enrolReply') throw new FrameError('no answer to a request to be let in');
  const { state: number, sealed, retryAfterMs, reason, message } = body.value;
  const names = Object.keys(STATE_NUMBER) as EnrolState[];
  const state = names.find((name) => STATE_NUMBER[name] === number);
  if (state === undefined) throw new FrameError(`an answer of a later version (${number})`);
  if (sealed.length > MAX_SEALED_REPLY_BYTES) {
    throw new FrameError(`an answer of ${sealed.length} bytes`);
  }
  return {
    state,
    sealed,
    retryAfterMs,
    reason: printable(reason),
    message: printable(message),
  };
}

function bodyOf(frame: Uint8Array) {
  try {
    return fromBinary(FrameSchema, frame).body;
  } catch (error) {
    throw new FrameError(`not a frame: ${error instanceof Error ? error.message : String(error)}`);
  }
}
