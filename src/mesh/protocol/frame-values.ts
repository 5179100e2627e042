// What both directions of the frame codec share: numbers of the wire for words of the session, and how much a frame may list.
import {
  HaveKind as WireHaveKind,
  GoodbyeReason as WireReason,
} from '../../gen/holdfast/mesh/v1/session_pb.ts';
import type { GoodbyeReason, HaveKind } from './message.ts';

export const REASON_NUMBER: Readonly<Record<GoodbyeReason, WireReason>> = {
  stopping: WireReason.STOPPING,
  version: WireReason.VERSION,
  paused: WireReason.PAUSED,
  duplicate: WireReason.DUPLICATE,
  protocol: WireReason.PROTOCOL,
  stalled: WireReason.STALLED,
  renewal: WireReason.RENEWAL,
  surplus: WireReason.SURPLUS,
  full: WireReason.FULL,
  ejected: WireReason.EJECTED,
  twin: WireReason.TWIN,
};
export const HAVE_KIND_NUMBER: Readonly<Record<HaveKind, WireHaveKind>> = {
  held: WireHaveKind.UNSPECIFIED,
  reset: WireHaveKind.RESET,
  lost: WireHaveKind.LOST,
};

/** Entries in one frame of `have`, `want` or `stop`, and positions in one of `frontier`: at most about 80 bytes each. */
export const MAX_FRAME_ENTRIES = 4096;
/** Sequence numbers in one frame of a vector: at most 8 bytes each. */
export const MAX_FRAME_SEQS = 32_768;

/** A frame that is not what the protocol says. The message is for a log line. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Statements that lead to a certificate: a genesis is known, roots change rarely. */
export const MAX_CHAIN = 16;
/** Bytes of an id that tell statements of one fleet apart: nobody gains by making two alike, but to hide one of its own. */
export const SHORT_ID_BYTES = 8;
/** Ids of statements in one frame: 16 KiB. */
export const MAX_FRAME_IDS = 2048;
/** Statements in one frame. */
export const MAX_FRAME_STATEMENTS = 64;
/** Fork proofs in one frame: about 200 KiB at most. */
export const MAX_FRAME_PROOFS = 128;
/** Bytes of the hash of a last commit, in the positions of a frontier. */
export const HEAD_BYTES = 8;
/** The same in a vector, where it is the larger part of what is sent. */
export const VECTOR_HEAD_BYTES = 4;

/** Entries, a frame full each; no frame for none. */
export function framesOf<Entry>(entries: readonly Entry[]): (readonly Entry[])[] {
  const frames: (readonly Entry[])[] = [];
  for (let at = 0; at < entries.length; at += MAX_FRAME_ENTRIES) {
    frames.push(entries.slice(at, at + MAX_FRAME_ENTRIES));
  }
  return frames;
}
