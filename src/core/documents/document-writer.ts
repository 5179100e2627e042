// What this node itself writes to documents: the ops to commit, and the views as they are then.

import type { Op } from '../feeds/commit.ts';
import type { Forgetting } from '../feeds/forgetting.ts';
import { EMPTY } from '../values/bytes.ts';
import { hasOneWriter, rulesOf } from '../values/collection.ts';
import type { Hash } from '../values/environment.ts';
import { endOfLife, nextEdition, nextLife, nextSharedEdition } from '../values/generation.ts';
import { type DocumentKey, splitDocumentKey } from '../values/ids.ts';
import { type JsonObject, jsonEqual } from '../values/json.ts';
import { applyEdits, editsBetween, type JsonEdit } from '../values/json-edit.ts';
import type { NodeIdentity } from '../values/node-identity.ts';
import type { DocumentTable, Stamp } from './document-table.ts';
import { decodeRefounding, encodeRefounding, MAX_ACTORS, MAX_STEPS } from './refound.ts';
import { isVisible, revisionOf, type View } from './view.ts';

/** What a local write came to: the op to commit, or none when nothing differs. */
export interface WriteResult {
  readonly op: Op | undefined;
  readonly revision: string;
  /** The document as it was, and as it is. */
  readonly before: View;
  readonly value: JsonObject;
}

/** Times the usual number of changes after which changes that are missing are not waited for any more. */
const PATIENCE = 4;

export class DocumentWriter {
  readonly #documents: DocumentTable;
  readonly #identity: Pick<NodeIdentity, 'nodeId' | 'incarnation'>;
  readonly #hash: Hash;
  readonly #forgetting: Forgetting;
  /** Owned documents that this process wrote. */
  readonly #written = new Set<DocumentKey>();

  constructor(
    documents: DocumentTable,
    identity: Pick<NodeIdentity, 'nodeId' | 'incarnation'>,
    hash: Hash,
    forgetting: Forgetting,
  ) {
    this.#documents = documents;
    this.#identity = identity;
    this.#hash = hash;
    this.#forgetting = forgetting;
  }

  /**
   * Makes the document equal to `value`. The document must not be `missing`. One that is dead, or long in changes, is founded
   * anew in another generation, which replaces the older ones on every node. `remember` follows when the write is to stand.
   */
  put(key: DocumentKey, value: JsonObject, stamp: Stamp): WriteResult {
    const before = this.#documents.views.of(key);
    return this.#show(before, this.#write(before, value), value, stamp);
  }

  #show(before: View, op: Op | undefined, value: JsonObject, stamp: Stamp): WriteResult {
    const { key } = before;
    if (op === undefined) return { op, revision: before.revision, before, value };
    const { generation } = op;
    const revision = revisionOf(generation, value, this.#hash);
    const edition =
      generation === before.generation
        ? {}
        : {
            editionClock: stamp.clock,
            lineage: op.kind === 'refound' ? decodeRefounding(op.bytes).lineage : [],
          };
    this.#documents.setBehind(key, false);
    this.#documents.views.set({ ...before, ...stamp, ...edition, generation, value, revision });
    return { op, revision, before, value };
  }

  /** Remembers a write that stands: of an owned document that it was made, of a shared one what it changed. */
  remember({ op, before, value }: WriteResult): void {
    if (op === undefined) return;
    const { key } = op;
    const { collection } = splitDocumentKey(key);
    if (hasOneWriter(collection)) this.#written.add(key);
    if (rulesOf(collection).class !== 'shared') return;
    const alive = before.generation > before.deletedThrough;
    this.#rememberEdits(op, editsBetween(alive ? (before.value ?? {}) : {}, value));
  }

  /** Takes a write back that will not be committed: the view is as before, the document is loaded anew when needed. */
  restore(key: DocumentKey, before: View): void {
    this.#documents.live.drop(key);
    this.#documents.views.set(before);
  }

  /** Shows a value before it is committed: the newest heartbeat, at once. */
  overlay(key: DocumentKey, value: JsonObject, stamp: Stamp): void {
    const view = this.#documents.views.of(key);
    const isAlive = view.generation > view.deletedThrough;
    const revision = isAlive ? revisionOf(view.generation, value, this.#hash) : view.revision;
    this.#documents.views.set({ ...view, ...stamp, value, revision });
  }

  /** Says that the document is as it was, but younger. */
  beat(key: DocumentKey, stamp: Stamp): Op {
    const view = this.#documents.views.of(key);
    this.#documents.views.set({ ...view, ...stamp });
    return { key, kind: 'beat', generation: view.generation, bytes: EMPTY };
  }

  /** Deletes the document in this life, with all its editions. */
  delete(key: DocumentKey, stamp: Stamp): Op {
    const view = this.#documents.views.of(key);
    const generation = endOfLife(view.generation);
    this.#documents.end(key);
    this.#documents.ownEdits.forget(key, generation);
    if (hasOneWriter(splitDocumentKey(key).collection)) this.#written.add(key);
    const end = { value: undefined, revision: '', deletedThrough: generation };
    this.#documents.views.set({ ...view, ...stamp, ...end });
    return { key, kind: 'delete', generation, bytes: EMPTY };
  }

  /**
   * Founds a document of our own anew, as it is: the same value in the next edition, without history. No reader sees a
   * difference. Undefined when its view does not show everything.
   */
  renew(key: DocumentKey): Op | undefined {
    const view = this.#documents.view(key);
    if (!isVisible(view) || this.#documents.isBehind(key) || this.#documents.isDamaged(key)) {
      return undefined;
    }
    const bytes = this.#documents.live.found(key, view.value);
    const generation = nextEdition(view.generation);
    // A heartbeat that was only shown becomes part of it: its value has no revision of its own yet.
    const revision = revisionOf(generation, view.value, this.#hash);
    const renewed = { ...view, generation, revision };
    if (revision === view.revision) this.#documents.views.replaceUnseen(renewed);
    else this.#documents.views.set(renewed);
    return { key, kind: 'change', generation, bytes, clock: view.clock };
  }

  /**
   * Writes again what an edition of somebody else left out. Returns the op, `missing` with the generation to load first, or
   * undefined when nothing differs or the document is not there.
   */
  reissue(key: DocumentKey, stamp: Stamp): Op | { readonly missing: number } | undefined {
    const missing = this.#documents.missing(key);
    if (missing !== undefined) return { missing };
    const view = this.#documents.views.of(key);
    const isOrphaned = this.#documents.isOrphaned(key);
    if (!isVisible(view) && !isOrphaned) return undefined;
    const { ownEdits, predecessors } = this.#documents;
    const isStuck = this.#isStuck(view);
    const older = isStuck && !isVisible(view) ? predecessors.missing(key) : undefined;
    if (older !== undefined) return { missing: older };
    const lost = ownEdits.lostOf(key);
    const value = applyEdits(view.value ?? predecessors.get(key)?.value ?? {}, lost);
    const { op } = isStuck
      ? this.#show(view, this.#refound(view, value, { isForced: true }), value, stamp)
      : this.put(key, value, stamp);
    this.#documents.settleOrphaned(key);
    ownEdits.settle(key);
    // All of it is remembered, also what is there by chance: the next edition may lack that.
    if (op !== undefined) this.#rememberEdits(op, lost);
    return op;
  }

  /**
   * Takes an op of an earlier process of our own that was not known here, as after a disk image was restored. What this process
   * wrote since is newer, whatever the clocks say. Returns the op that says so, if one is needed.
   */
  applyEarlier(op: Op, stamp: Stamp, ownStamp: () => Stamp): Op | undefined {
    const { key } = op;
    const before = this.#documents.views.of(key);
    this.#documents.applyRemote(op, stamp);
    const after = this.#documents.views.of(key);
    const same =
      after.generation === before.generation &&
      after.deletedThrough === before.deletedThrough &&
      !this.#documents.isBehind(key);
    if (same || !this.#written.has(key)) return undefined;
    const alive = after.generation > after.deletedThrough;
    const { value } = before;
    if (value === undefined) return alive ? this.delete(key, ownStamp()) : undefined;
    const newest = Math.max(after.generation, after.deletedThrough);
    const generation = alive ? nextEdition(newest) : nextLife(newest);
    const bytes = this.#documents.live.found(key, value);
    const revision = revisionOf(generation, value, this.#hash);
    this.#documents.setBehind(key, false);
    this.#documents.views.set({ ...after, ...ownStamp(), generation, value, revision });
    return { key, kind: 'change', generation, bytes };
  }

  #rememberEdits({ key, generation }: Op, edits: readonly JsonEdit[]): void {
    this.#documents.ownEdits.add(key, {
      generation,
      actor: this.#identity.incarnation,
      seq: this.#documents.live.get(key)?.ownSeq ?? 0,
      edits,
    });
  }

  #write(view: View, value: JsonObject): Op | undefined {
    const { key } = view;
    const { live } = this.#documents;
    if (view.generation <= view.deletedThrough) {
      const generation = nextLife(Math.max(view.generation, view.deletedThrough));
      return { key, kind: 'change', generation, bytes: live.found(key, value) };
    }
    if (this.#isStuck(view)) {
      // What somebody writes now waits for nothing; what was lost is written again behind it.
      this.#documents.predecessors.forget(key);
      const beside = this.#refound(view, value, { isForced: true });
      if (beside !== undefined) return beside;
    }
    const isOwned = hasOneWriter(splitDocumentKey(key).collection);
    const limit = isOwned
      ? this.#forgetting.refoundOwnedAfter
      : this.#forgetting.refoundSharedAfter;
    const document = live.get(key);
    if ((document?.changes ?? 0) >= limit && !jsonEqual(document?.read(), value)) {
      // Safe for an owned document because nobody else writes it; a shared one says what it includes.
      const renewed = isOwned ? this.#renewOwned(view, value) : this.#refound(view, value);
      if (renewed !== undefined) return renewed;
    }
    const bytes = live.change(key, value);
    return bytes && { key, kind: 'change', generation: view.generation, bytes };
  }

  /** On top of changes that will never come nothing can be written, only beside them. */
  #isStuck(view: View): boolean {
    const { key } = view;
    const isWaiting = (): boolean => this.#documents.live.get(key)?.isWaiting === true;
    return this.#documents.isOrphaned(key) && (!isVisible(view) || isWaiting());
  }

  #renewOwned({ key, generation }: View, value: JsonObject): Op {
    const bytes = this.#documents.live.found(key, value);
    return { key, kind: 'change', generation: nextEdition(generation), bytes };
  }

  /**
   * Undefined while changes are missing that others know: they would be left out. Not for ever, or whoever invents one could
   * keep the document from being founded anew.
   */
  #refound(
    { key, ...view }: View,
    value: JsonObject,
    { isForced = false }: { isForced?: boolean } = {},
  ): Op | undefined {
    const document = this.#documents.live.get(key);
    if (document === undefined) return undefined;
    const patience = PATIENCE * this.#forgetting.refoundSharedAfter;
    if (document.isWaiting && document.changes < patience && !isForced) return undefined;
    // Of an edition without its founding nothing is part of the next one: that goes on from the one before, or names itself alone.
    const isFounded = isVisible({ key, ...view });
    const before = isFounded
      ? { generation: view.generation, includes: document.includes() }
      : this.#documents.predecessors.get(key);
    if ((before?.includes.size ?? 0) > MAX_ACTORS) return undefined;
    const change = this.#documents.live.found(key, value);
    const place = Number.parseInt(this.#identity.nodeId.slice(0, 4), 16);
    const generation = nextSharedEdition(view.generation, place);
    const step =
      before === undefined
        ? { generation, includes: [] }
        : { generation: before.generation, includes: [...before.includes] };
    const lineage = [step, ...(isFounded ? view.lineage : [])].slice(0, MAX_STEPS);
    const edition = { generation, lineage, isNewest: true, shown: view.value };
    this.#documents.ownEdits.compare(key, edition);
    return { key, kind: 'refound', generation, bytes: encodeRefounding({ lineage, change }) };
  }
}
