// All documents of a node: a view of each, and a bounded number of live ones.
//
//            write                                  change of others
//   dead ──► found ──► live, shown ◄── read ── live, behind ◄── loaded ◄── load-document ◄── stored, behind
//                       │ evicted when others were used more recently
//                       └──► stored, shown
//
// A change of others is not applied when it arrives: the document is behind until somebody reads, watches or writes it. So a
// burst of changes costs one application in bulk, and a document nobody reads costs none.
import { EMPTY } from './bytes.ts';
import { rulesOf } from './collection.ts';
import type { Op } from './commit.ts';
import { REFOUND_AFTER_CHANGES, REFOUND_SHARED_AFTER_CHANGES } from './config.ts';
import type { NodeIdentity } from './context.ts';
import type { LiveDocument } from './document.ts';
import type { Hash } from './environment.ts';
import { endOfLife, nextEdition, nextLife, nextSharedEdition } from './generation.ts';
import { type DocumentKey, type NodeId, splitDocumentKey } from './ids.ts';
import { type JsonObject, jsonEqual } from './json.ts';
import { applyEdits, editsBetween } from './json-edit.ts';
import { LiveDocuments } from './live-documents.ts';
import { type OwnEdit, OwnEdits } from './own-edits.ts';
import { decodeRefounding, encodeRefounding, MAX_ACTORS } from './refound.ts';
import { type Hlc, hlcMs } from './time.ts';
import { isVisible, revisionOf, type View } from './view.ts';
import { ViewIndex } from './view-index.ts';

/** Who wrote an op, and when by which clock. */
export interface Stamp {
  readonly clock: Hlc;
  readonly origin: NodeId;
  readonly receivedAtMs: number;
}

/** What a local write came to: the op to commit, or none when nothing differs. */
export interface WriteResult {
  readonly op: Op | undefined;
  readonly revision: string;
}

/** A document whose changes could not all be applied. */
export interface Refusal {
  readonly key: DocumentKey;
  readonly reason: string;
}

/** What is left of a document after commits were dropped that wrote it: its newest generation and delete, -1 for none. */
export interface Remainder {
  readonly key: DocumentKey;
  readonly generation: number;
  readonly deletedThrough: number;
}

export class DocumentTable {
  readonly views: ViewIndex;
  readonly ownEdits: OwnEdits;
  readonly #identity: Pick<NodeIdentity, 'nodeId' | 'incarnation'>;
  readonly #hash: Hash;
  readonly #live: LiveDocuments;
  /** Owned documents that this process wrote. */
  readonly #written = new Set<DocumentKey>();
  /** Documents with changes their view does not show yet, by collection. */
  readonly #behind = new Map<string, Set<DocumentKey>>();
  /** Documents whose changes Automerge refused: they keep their last view and cannot be changed, only deleted. */
  readonly #damaged = new Set<DocumentKey>();
  #refusals: Refusal[] = [];

  constructor(parts: {
    identity: Pick<NodeIdentity, 'nodeId' | 'incarnation'>;
    hash: Hash;
    liveLimit: number;
    firstVersion: number;
    forgottenVersion: number;
    views: Iterable<View>;
    behind: Iterable<DocumentKey>;
    ownEdits: ReadonlyMap<DocumentKey, readonly OwnEdit[]>;
  }) {
    this.#identity = parts.identity;
    this.#hash = parts.hash;
    this.#live = new LiveDocuments(parts.identity.incarnation, parts.hash, parts.liveLimit);
    this.ownEdits = new OwnEdits(parts.ownEdits);
    this.views = new ViewIndex(parts.hash, parts);
    for (const key of parts.behind) this.#setBehind(key, true);
  }

  view(key: DocumentKey): View | undefined {
    return this.views.get(key);
  }

  isBehind(key: DocumentKey): boolean {
    return this.#behind.get(splitDocumentKey(key).collection)?.has(key) === true;
  }

  /** Documents of a collection, or of all, whose views do not show all changes. */
  behind(collection: string | undefined): DocumentKey[] {
    const sets = collection === undefined ? this.#behind.values() : [this.#behind.get(collection)];
    return [...sets].flatMap((keys) => [...(keys ?? [])]);
  }

  /** Brings a view up to date. Returns the generation to load when that takes the stored changes; undefined when it is done. */
  show(key: DocumentKey): number | undefined {
    if (!this.isBehind(key)) return undefined;
    const view = this.views.of(key);
    if (view.generation <= view.deletedThrough || this.#damaged.has(key)) {
      this.#setBehind(key, false);
      return undefined;
    }
    const document = this.#live.get(key);
    if (document === undefined) return view.generation;
    this.#materialise(key, document);
    return undefined;
  }

  /** The generation to load before the document can be written; undefined when it can be written now. */
  missing(key: DocumentKey): number | undefined {
    const view = this.views.get(key);
    if (view === undefined || view.generation <= view.deletedThrough) return undefined;
    if (this.#damaged.has(key)) return undefined;
    return this.#live.get(key) === undefined ? view.generation : this.show(key);
  }

  /** Marks a load as begun; false when one is under way. */
  beginLoad(key: DocumentKey, generation: number): boolean {
    return this.#live.beginLoad(key, generation);
  }

  /** Takes the stored changes of a document, and those that arrived while they were read, and shows them. */
  loaded(key: DocumentKey, generation: number, changes: readonly Uint8Array[]): void {
    const all = this.#live.endLoad(key, generation, changes);
    const view = this.views.of(key);
    // A newer edition or a delete overtook the load: what was read is history.
    if (all === undefined || view.generation !== generation) return;
    if (view.generation <= view.deletedThrough) return;
    const document = this.#live.begin(key);
    document.apply(all);
    this.#materialise(key, document);
  }

  /** What could not be applied since the last call. Those documents keep their last view. */
  takeRefusals(): Refusal[] {
    const refusals = this.#refusals;
    this.#refusals = [];
    return refusals;
  }

  /**
   * Makes the document equal to `value`. The document must not be `missing`. One that is dead, or owned and long in changes, is
   * founded anew in the next generation, which replaces the older ones on every node.
   */
  put(key: DocumentKey, value: JsonObject, stamp: Stamp): WriteResult {
    const view = this.views.of(key);
    const op = this.#write(view, value);
    if (op === undefined) return { op, revision: view.revision };
    const { generation } = op;
    const revision = revisionOf(generation, value, this.#hash);
    const editionClock = generation === view.generation ? view.editionClock : stamp.clock;
    this.#setBehind(key, false);
    this.views.set({ ...view, ...stamp, generation, value, revision, editionClock });
    this.#remember(view, value, op, stamp);
    return { op, revision };
  }

  #write(view: View, value: JsonObject): Op | undefined {
    const { key } = view;
    if (view.generation <= view.deletedThrough) {
      const generation = nextLife(Math.max(view.generation, view.deletedThrough));
      return { key, kind: 'change', generation, bytes: this.#live.found(key, value) };
    }
    const changes = this.#live.get(key)?.changes ?? 0;
    const { collection } = splitDocumentKey(key);
    const isOwned = rulesOf(collection).class === 'owned';
    const limit = isOwned ? REFOUND_AFTER_CHANGES : REFOUND_SHARED_AFTER_CHANGES;
    if (changes >= limit && !jsonEqual(this.#live.get(key)?.read(), value)) {
      // Safe for an owned document because nobody else writes it; a shared one says what it includes.
      const renewed = isOwned ? this.#renewOwned(view, value) : this.#refound(view, value);
      if (renewed !== undefined) return renewed;
    }
    const bytes = this.#live.change(key, value);
    return bytes && { key, kind: 'change', generation: view.generation, bytes };
  }

  #renewOwned({ key, generation }: View, value: JsonObject): Op {
    const bytes = this.#live.found(key, value);
    return { key, kind: 'change', generation: nextEdition(generation), bytes };
  }

  /** Undefined while changes are missing that others know: they would be left out. */
  #refound({ key, generation: base }: View, value: JsonObject): Op | undefined {
    const includes = this.#live.get(key)?.includes();
    if (includes === undefined || includes.size > MAX_ACTORS) return undefined;
    const change = this.#live.found(key, value);
    const place = Number.parseInt(this.#identity.nodeId.slice(0, 4), 16);
    const bytes = encodeRefounding({ base, includes, change });
    const generation = nextSharedEdition(base, place);
    const isNewest = true;
    this.ownEdits.compare(key, { generation, isNewest }, { base, includes, change });
    return { key, kind: 'refound', generation, bytes };
  }

  /** Remembers a write: of an owned document that it was made, of a shared one what it changed. */
  #remember(before: View, value: JsonObject, op: Op, stamp: Stamp): void {
    const { key } = before;
    const rules = rulesOf(splitDocumentKey(key).collection);
    if (rules.class === 'owned') this.#written.add(key);
    if (rules.class !== 'shared') return;
    const alive = before.generation > before.deletedThrough;
    this.ownEdits.add(key, {
      generation: op.generation,
      actor: this.#identity.incarnation,
      seq: this.#live.get(key)?.ownSeq ?? 0,
      atMs: hlcMs(stamp.clock),
      edits: editsBetween(alive ? (before.value ?? {}) : {}, value),
    });
  }

  /**
   * Writes again what an edition of somebody else left out. Returns the op, `missing` with the generation to load first, or
   * undefined when nothing differs or the document is not there.
   */
  reissue(key: DocumentKey, stamp: Stamp): Op | { readonly missing: number } | undefined {
    const missing = this.missing(key);
    if (missing !== undefined) return { missing };
    const view = this.views.get(key);
    if (!isVisible(view)) return undefined;
    const value = applyEdits(view.value, this.ownEdits.lostOf(key));
    const { op } = this.put(key, value, stamp);
    this.ownEdits.settle(key);
    return op;
  }

  /**
   * Takes an op of an earlier process of our own that was not known here, as after a disk image was restored. What this process
   * wrote since is newer, whatever the clocks say. Returns the op that says so, if one is needed.
   */
  applyEarlier(op: Op, stamp: Stamp, ownStamp: () => Stamp): Op | undefined {
    const before = this.views.of(op.key);
    this.applyRemote(op, stamp);
    const after = this.views.of(op.key);
    const same =
      after.generation === before.generation &&
      after.deletedThrough === before.deletedThrough &&
      !this.isBehind(op.key);
    if (same || !this.#written.has(op.key)) return undefined;
    if (before.value === undefined) {
      return after.generation > after.deletedThrough ? this.delete(op.key, ownStamp()) : undefined;
    }
    const dead = after.generation <= after.deletedThrough;
    const newest = Math.max(after.generation, after.deletedThrough);
    const generation = dead ? nextLife(newest) : nextEdition(newest);
    const bytes = this.#live.found(op.key, before.value);
    const revision = revisionOf(generation, before.value, this.#hash);
    this.#setBehind(op.key, false);
    this.views.set({ ...after, ...ownStamp(), generation, value: before.value, revision });
    return { key: op.key, kind: 'change', generation, bytes };
  }

  /**
   * Founds a document of our own anew, as it is: the same value in the next edition, without history. No reader sees a
   * difference. Undefined when its view does not show everything.
   */
  renew(key: DocumentKey): Op | undefined {
    const view = this.views.get(key);
    if (!isVisible(view) || this.isBehind(key) || this.#damaged.has(key)) return undefined;
    const bytes = this.#live.found(key, view.value);
    const generation = nextEdition(view.generation);
    this.views.replaceUnseen({ ...view, generation });
    return { key, kind: 'change', generation, bytes, clock: view.clock };
  }

  /** Takes a local write back that will not be committed: the view is as before, the document is loaded anew when needed. */
  restore(key: DocumentKey, before: View): void {
    this.#live.drop(key);
    this.views.set(before);
  }

  /** Shows a value before it is committed: the newest heartbeat, at once. */
  overlay(key: DocumentKey, value: JsonObject, stamp: Stamp): void {
    this.views.set({ ...this.views.of(key), ...stamp, value });
  }

  /** Says that the document is as it was, but younger. */
  beat(key: DocumentKey, stamp: Stamp): Op {
    const view = this.views.of(key);
    this.views.set({ ...view, ...stamp });
    return { key, kind: 'beat', generation: view.generation, bytes: EMPTY };
  }

  delete(key: DocumentKey, stamp: Stamp): Op {
    const view = this.views.of(key);
    const generation = endOfLife(view.generation);
    this.#end(key);
    this.ownEdits.forget(key, generation);
    this.views.set({
      ...view,
      ...stamp,
      value: undefined,
      revision: '',
      deletedThrough: generation,
    });
    return { key, kind: 'delete', generation, bytes: EMPTY };
  }

  /** Takes an op of another author, or of an earlier process of our own. */
  applyRemote(op: Op, stamp: Stamp): void {
    const view = this.views.of(op.key);
    switch (op.kind) {
      case 'delete':
        this.#applyDelete(view, op, stamp);
        return;
      case 'beat':
        if (op.generation === view.generation && view.generation > view.deletedThrough)
          this.views.set({ ...view, ...newer(view, stamp) });
        return;
      case 'change':
      case 'refound':
        this.#applyChange(view, op, stamp);
        return;
      case 'other':
        return;
    }
  }

  /** Commits were dropped: the document is what is left of it. Returns false when that is what was shown. */
  reduce({ key, generation, deletedThrough }: Remainder): void {
    const view = this.views.of(key);
    this.#live.drop(key);
    this.#damaged.delete(key);
    const alive = generation > deletedThrough;
    const kept = alive && generation === view.generation;
    this.views.set({
      ...view,
      generation,
      deletedThrough,
      value: alive ? view.value : undefined,
      revision: kept ? view.revision : '',
    });
    this.#setBehind(key, alive);
  }

  /** Frees live documents beyond the limit, least recently used first. Only between turns, when everything is stored. */
  evict(): void {
    this.#live.evict();
  }

  #applyDelete(view: View, op: Op, stamp: Stamp): void {
    if (op.generation <= view.deletedThrough) return;
    this.ownEdits.forget(op.key, op.generation);
    const dies = view.generation <= op.generation;
    if (dies) this.#end(view.key);
    this.views.set({
      ...view,
      ...newer(view, stamp),
      deletedThrough: op.generation,
      ...(dies ? { value: undefined, revision: '' } : {}),
    });
  }

  #applyChange(view: View, op: Op, stamp: Stamp): void {
    if (op.generation <= view.deletedThrough) return;
    const refounding = op.kind === 'refound' ? decodeRefounding(op.bytes) : undefined;
    if (refounding !== undefined) {
      const isNewest = op.generation >= view.generation;
      this.ownEdits.compare(op.key, { generation: op.generation, isNewest }, refounding);
    }
    if (op.generation < view.generation) return;
    const isNewer = op.generation > view.generation;
    if (isNewer) {
      this.#end(view.key);
      this.#live.begin(op.key);
    }
    // The value follows when somebody asks; until then the old one stands, which is true but older.
    const editionClock = isNewer ? stamp.clock : view.editionClock;
    this.views.set({ ...view, ...newer(view, stamp), generation: op.generation, editionClock });
    if (this.#damaged.has(op.key)) return;
    this.#live.apply(op.key, refounding?.change ?? op.bytes);
    this.#setBehind(op.key, true);
  }

  #materialise(key: DocumentKey, document: LiveDocument): void {
    const view = this.views.of(key);
    this.#setBehind(key, false);
    try {
      // Without its first change a document is not there yet, whatever others have changed in it.
      const value = document.heads().length === 0 ? undefined : document.read();
      const revision = value === undefined ? '' : revisionOf(view.generation, value, this.#hash);
      const same = revision === view.revision && jsonEqual(value, view.value);
      if (same) this.views.replaceUnseen(view);
      else this.views.set({ ...view, value, revision });
    } catch (error) {
      this.#refusals.push({ key, reason: String(error) });
      this.#live.drop(key);
      this.#damaged.add(key);
    }
  }

  #setBehind(key: DocumentKey, behind: boolean): void {
    const { collection } = splitDocumentKey(key);
    const keys = this.#behind.get(collection) ?? new Set();
    if (behind) this.#behind.set(collection, keys.add(key));
    else keys.delete(key);
  }

  /** What was known of a life or an edition is over. */
  #end(key: DocumentKey): void {
    this.#live.drop(key);
    this.#damaged.delete(key);
    this.#setBehind(key, false);
  }
}

/** The stamp of whichever is newer; the author decides between equal clocks, so that every node picks the same. */
function newer(view: View, stamp: Stamp): Stamp {
  const later =
    stamp.clock > view.clock || (stamp.clock === view.clock && stamp.origin > view.origin);
  return later
    ? stamp
    : { clock: view.clock, origin: view.origin, receivedAtMs: view.receivedAtMs };
}
