// What is known of a document without Automerge: its JSON value, its generation and who wrote it when.
import { toBase32, utf8 } from '../values/bytes.ts';
import { agentOf } from '../values/collection.ts';
import type { Hash } from '../values/environment.ts';
import { lifeOf } from '../values/generation.ts';
import { type DocumentKey, type NodeId, splitDocumentKey } from '../values/ids.ts';
import { canonicalJson, type JsonObject } from '../values/json.ts';
import type { Hlc } from '../values/time.ts';
import type { Via } from '../values/via.ts';
import type { LineageStep } from './refound.ts';

/**
 * A document's generation rises by one with each creation after a delete; a delete ends all generations up to its own. So
 * whether a document is visible depends only on which ops exist, not on their order.
 */
export interface View {
  readonly key: DocumentKey;
  /** Newest generation that has a change; -1 when there is none. */
  readonly generation: number;
  /** Newest generation that was deleted; -1 when there is none. */
  readonly deletedThrough: number;
  /** The value, or undefined when the newest generation is deleted. */
  readonly value: JsonObject | undefined;
  readonly revision: string;
  /** Clock of the op that began this generation. */
  readonly editionClock: Hlc;
  /** How a shared document came to this edition; empty when it was not founded anew. */
  readonly lineage: readonly LineageStep[];
  /** Clock of the newest op. */
  readonly clock: Hlc;
  /** Author of the newest op. */
  readonly origin: NodeId;
  /** When this node received it, milliseconds by its wall clock. */
  readonly receivedAtMs: number;
  /** The same by the monotonic clock, which nobody sets; absent for what was received before the start. */
  readonly takenMs?: number | undefined;
  /** By whom it came; absent for what was written here, and where it is not known. */
  readonly via?: Via | undefined;
  /** Place in this store's change log. */
  readonly version: number;
}

export type VisibleView = View & { readonly value: JsonObject };

export function isVisible(view: View | undefined): view is VisibleView {
  return view?.value !== undefined;
}

/** True when its newest life that is known of has ended. */
export function isDeleted(view: View | undefined): boolean {
  return view !== undefined && view.deletedThrough >= 0 && view.generation <= view.deletedThrough;
}

/** True when nothing is known of the document any more. */
export function isBlank(view: View): boolean {
  return view.generation < 0 && view.deletedThrough < 0 && view.value === undefined;
}

export function blankView(key: DocumentKey): View {
  return {
    key,
    generation: -1,
    deletedThrough: -1,
    value: undefined,
    revision: '',
    editionClock: 0n,
    lineage: [],
    clock: 0n,
    origin: '',
    receivedAtMs: 0,
    version: 0,
  };
}

/** The agent whose document this is. */
export function agentOfView(view: View): string | undefined {
  const { collection, id } = splitDocumentKey(view.key);
  return agentOf(collection, id);
}

/**
 * Revision of a document with this value. Equal states have equal revisions everywhere, and one that is only written anew keeps
 * its revision; a document that was deleted and created again never has an old one.
 */
export function revisionOf(generation: number, value: JsonObject, hash: Hash): string {
  const digest = hash.blake2b(utf8(canonicalJson(value)));
  return `${lifeOf(generation)}-${toBase32(digest).slice(0, 20)}`;
}

/** Hash of what all members must agree on about a visible document: not when it was received, nor its place in the local log. */
export function digestOf(view: VisibleView, hash: Hash): Uint8Array {
  return hash.blake2b(utf8(`${view.key}\n${view.revision}`));
}
