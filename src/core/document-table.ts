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
import { REFOUND_AFTER_CHANGES } from './config.ts';
import { LiveDocument } from './document.ts';
import type { Hash } from './environment.ts';
import { HoldfastError } from './error.ts';
import { endOfLife, nextEdition, nextLife } from './generation.ts';
import { type DocumentKey, type Incarnation, type NodeId, splitDocumentKey } from './ids.ts';
import { type JsonObject, jsonEqual } from './json.ts';
import type { Hlc } from './time.ts';
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
  readonly #actor: Incarnation;
  readonly #hash: Hash;
  readonly #liveLimit: number;
  /** In order of use, oldest first. */
  readonly #live = new Map<DocumentKey, LiveDocument>();
  /** Being loaded, with the changes that arrived meanwhile. */
  readonly #loading = new Map<DocumentKey, { generation: number; changes: Uint8Array[] }>();
  /** Documents with changes their view does not show yet, by collection. */
  readonly #behind = new Map<string, Set<DocumentKey>>();
  /** Documents whose changes Automerge refused: they keep their last view and cannot be changed, only deleted. */
  readonly #damaged = new Set<DocumentKey>();
  #refusals: Refusal[] = [];

  constructor(parts: {
    actor: Incarnation;
    hash: Hash;
    liveLimit: number;
    firstVersion: number;
    forgottenVersion: number;
    views: Iterable<View>;
    behind: Iterable<DocumentKey>;
  }) {
    this.#actor = parts.actor;
    this.#hash = parts.hash;
    this.#liveLimit = parts.liveLimit;
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
    return this.#live.has(key) ? this.show(key) : view.generation;
  }

  /** Marks a load as begun; false when one is under way. */
  beginLoad(key: DocumentKey, generation: number): boolean {
    if (this.#loading.has(key)) return false;
    this.#loading.set(key, { generation, changes: [] });
    return true;
  }

  /** Takes the stored changes of a document, and those that arrived while they were read, and shows them. */
  loaded(key: DocumentKey, generation: number, changes: readonly Uint8Array[]): void {
    const loading = this.#loading.get(key);
    if (loading === undefined) return;
    this.#loading.delete(key);
    const view = this.views.of(key);
    // A newer edition or a delete overtook the load: what was read is history.
    if (view.generation !== generation || loading.generation !== generation) return;
    if (view.generation <= view.deletedThrough) return;
    const document = new LiveDocument(this.#actor);
    document.apply([...changes, ...loading.changes]);
    this.#drop(key);
    this.#live.set(key, document);
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
    const alive = view.generation > view.deletedThrough;
    const changes = alive && !this.#isToRenew(key, value);
    const bytes = changes ? this.#change(key, value) : this.#found(key, value);
    if (bytes === undefined) return { op: undefined, revision: view.revision };
    const generation = changes ? view.generation : nextGeneration(view);
    const revision = revisionOf(generation, value, this.#hash);
    this.#setBehind(key, false);
    this.views.set({ ...view, ...stamp, generation, value, revision });
    return { op: { key, kind: 'change', generation, bytes }, revision };
  }

  /**
   * Founds a document of our own anew, as it is: the same value in the next edition, without history. No reader sees a
   * difference. Undefined when its view does not show everything.
   */
  renew(key: DocumentKey): Op | undefined {
    const view = this.views.get(key);
    if (!isVisible(view) || this.isBehind(key) || this.#damaged.has(key)) return undefined;
    const bytes = this.#found(key, view.value);
    const generation = nextEdition(view.generation);
    this.views.replaceUnseen({ ...view, generation });
    return { key, kind: 'change', generation, bytes, clock: view.clock };
  }

  /** Takes a local write back that will not be committed: the view is as before, the document is loaded anew when needed. */
  restore(key: DocumentKey, before: View): void {
    this.#drop(key);
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
    this.#drop(key);
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
    for (const key of this.#live.keys()) {
      if (this.#live.size <= this.#liveLimit) return;
      this.#drop(key);
    }
  }

  #applyDelete(view: View, op: Op, stamp: Stamp): void {
    if (op.generation <= view.deletedThrough) return;
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
    if (op.generation <= view.deletedThrough || op.generation < view.generation) return;
    if (op.generation > view.generation) {
      this.#end(view.key);
      this.#live.set(op.key, new LiveDocument(this.#actor));
    }
    // The value follows when somebody asks; until then the old one stands, which is true but older.
    this.views.set({ ...view, ...newer(view, stamp), generation: op.generation });
    this.#loading.get(op.key)?.changes.push(op.bytes);
    if (this.#damaged.has(op.key)) return;
    this.#live.get(op.key)?.apply([op.bytes]);
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
      this.#drop(key);
      this.#damaged.add(key);
    }
  }

  /** Safe for owned documents alone: only their owner writes them, so no change of anybody else is left behind. */
  #isToRenew(key: DocumentKey, value: JsonObject): boolean {
    if (rulesOf(splitDocumentKey(key).collection).class !== 'owned') return false;
    const document = this.#live.get(key);
    return (
      document !== undefined &&
      document.changes >= REFOUND_AFTER_CHANGES &&
      !jsonEqual(document.read(), value)
    );
  }

  #change(key: DocumentKey, value: JsonObject): Uint8Array | undefined {
    try {
      return this.#use(key).put(value);
    } catch (error) {
      // A change that is not committed must not stay in the document: later ones would depend on it.
      this.#drop(key);
      throw error;
    }
  }

  #found(key: DocumentKey, value: JsonObject): Uint8Array {
    const document = new LiveDocument(this.#actor);
    const bytes = document.found(value, this.#hash);
    this.#drop(key);
    this.#live.set(key, document);
    return bytes;
  }

  #use(key: DocumentKey): LiveDocument {
    const document = this.#live.get(key);
    if (document === undefined) {
      throw new HoldfastError(
        'INTERNAL',
        `${key} has changes that cannot be read. Nothing was written; delete it and create it again.`,
      );
    }
    this.#live.delete(key);
    this.#live.set(key, document);
    return document;
  }

  #setBehind(key: DocumentKey, behind: boolean): void {
    const { collection } = splitDocumentKey(key);
    const keys = this.#behind.get(collection) ?? new Set();
    if (behind) this.#behind.set(collection, keys.add(key));
    else keys.delete(key);
  }

  /** What was known of a life or an edition is over. */
  #end(key: DocumentKey): void {
    this.#drop(key);
    this.#damaged.delete(key);
    this.#setBehind(key, false);
  }

  #drop(key: DocumentKey): void {
    this.#live.get(key)?.free();
    this.#live.delete(key);
  }
}

function nextGeneration(view: View): number {
  return view.generation > view.deletedThrough
    ? nextEdition(view.generation)
    : nextLife(Math.max(view.generation, view.deletedThrough));
}

/** The stamp of whichever is newer; the author decides between equal clocks, so that every node picks the same. */
function newer(view: View, stamp: Stamp): Stamp {
  const later =
    stamp.clock > view.clock || (stamp.clock === view.clock && stamp.origin > view.origin);
  return later
    ? stamp
    : { clock: view.clock, origin: view.origin, receivedAtMs: view.receivedAtMs };
}
