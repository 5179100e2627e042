// Which ops of a commit mean something. The answer depends on the commit alone, so it is the same on every node and for ever:
// on arrival, when documents are loaded, when views are rebuilt and when commits are dropped.

import { inspectChange } from '../changes/change-inspector.ts';
import { decodeRefounding } from '../documents/refound.ts';
import { MalformedBytesError } from '../values/bytes.ts';
import { isDocumentKey, isReservedCollection, rulesOf } from '../values/collection.ts';
import type { Hash } from '../values/environment.ts';
import { type FeedId, isKnownLane, splitDocumentKey } from '../values/ids.ts';
import { isIncarnationOf } from '../values/incarnation.ts';
import { decodeOps, type Op } from './commit.ts';

export interface GatedOps {
  /** Ops that count. Their places in this list are their places in the index of the store. */
  readonly ops: readonly Op[];
  /** Why others, or the whole payload, are void: a sentence each. */
  readonly voids: readonly string[];
}

/** The ops of a commit that count. What a later version wrote is neither counted nor void: it is kept and passed on. */
export function gateOps(feed: FeedId, payload: Uint8Array, hash: Hash): GatedOps {
  if (!isKnownLane(feed.lane)) return { ops: [], voids: [] };
  let all: Op[];
  try {
    all = decodeOps(payload);
  } catch (error) {
    if (!(error instanceof MalformedBytesError)) throw error;
    return { ops: [], voids: [error.message] };
  }
  const ops: Op[] = [];
  const voids: string[] = [];
  for (const op of all) {
    if (op.kind === 'other' || op.kind === 'checkpoint' || isReserved(op)) continue;
    const reason = doubtOp(feed, op, hash);
    if (reason === undefined) ops.push(op);
    else voids.push(`${op.key.slice(0, 320)}: ${reason}`);
  }
  return { ops, voids };
}

/** True when a later version wrote something into the payload that only it understands, as far as this one can tell. */
export function hasForeignOps(payload: Uint8Array): boolean {
  try {
    return decodeOps(payload).some((op) => op.kind === 'other' || isReserved(op));
  } catch (error) {
    if (error instanceof MalformedBytesError) return true;
    throw error;
  }
}

/** In a collection that has no meaning in this version, but will have one. */
function isReserved({ key }: Op): boolean {
  return isReservedCollection(splitDocumentKey(key).collection);
}

/** The change of an op, in whatever it is wrapped; undefined for an op without one. Of an op that passed the gate. */
export function changeOf(op: Op): Uint8Array | undefined {
  if (op.kind === 'change') return op.bytes;
  return op.kind === 'refound' ? decodeRefounding(op.bytes).change : undefined;
}

function doubtOp(feed: FeedId, op: Op, hash: Hash): string | undefined {
  const { collection, id } = splitDocumentKey(op.key);
  if (!isDocumentKey(collection, id)) return 'it is not the key of a document';
  const rules = rulesOf(collection);
  if (rules.class === 'node' && id !== feed.author)
    return 'only the node that it is named after writes it';
  if (rules.lane !== feed.lane) return `its collection belongs to the lane ${rules.lane}`;
  if (op.kind === 'refound' && rules.class !== 'shared')
    return 'only shared documents are refounded';
  let change: Uint8Array | undefined;
  try {
    change = changeOf(op);
  } catch (error) {
    if (error instanceof MalformedBytesError) return error.message;
    throw error;
  }
  const isImmutable = rules.class === 'immutable';
  return change === undefined ? undefined : doubtChange(feed, { op, change, isImmutable }, hash);
}

/** A change is made by the feed's own incarnation; one that a checkpoint repeats, by any of its author's. */
function doubtChange(
  feed: FeedId,
  { op, change, isImmutable }: { op: Op; change: Uint8Array; isImmutable: boolean },
  hash: Hash,
): string | undefined {
  const inspection = inspectChange(change, hash);
  if (!inspection.ok) return inspection.reason;
  const { actor, deps } = inspection.change;
  // Whoever took it up has read it: what it asks for stays as it was.
  if (isImmutable && deps.length > 0) return 'it changes what is written once';
  const isOwn =
    op.clock === undefined ? actor === feed.incarnation : isIncarnationOf(actor, feed.author, hash);
  return isOwn ? undefined : `its actor ${actor} is not its author's`;
}
