// All documents of a node: a view of each, and a bounded number of live ones.
//
//            write                        remote change
//   dead ──► found ──► live ◄── loaded ◄── load-document ◄── stored only
//                       │ evicted when others were used more recently
//                       └──► stored only (the view stays)
import { EMPTY } from './bytes.ts';
import { ChangeLog } from './change-log.ts';
import { rulesOf } from './collection.ts';
import type { Op } from './commit.ts';
import { REFOUND_AFTER_CHANGES } from './config.ts';
import { LiveDocument } from './document.ts';
import type { Hash } from './environment.ts';
import { HoldfastError } from './error.ts';
import { type DocumentKey, type Incarnation, type NodeId, splitDocumentKey } from './ids.ts';
import { type JsonObject, jsonEqual } from './json.ts';
import { SortedIds } from './sorted-ids.ts';
import type { Hlc } from './time.ts';
import { blankView, digestOf, isVisible, revisionOf, type View, type VisibleView } from './view.ts';

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

export class DocumentTable {
  readonly #actor: Incarnation;
  readonly #hash: Hash;
  readonly #liveLimit: number;
  readonly #views = new Map<DocumentKey, View>();
  readonly #digests = new Map<DocumentKey, Uint8Array>();
  /** In order of use, oldest first. */
  readonly #live = new Map<DocumentKey, LiveDocument>();
  /** Being loaded, with the changes that arrived meanwhile. */
  readonly #loading = new Map<DocumentKey, { generation: number; changes: Uint8Array[] }>();
  /** Live documents with changes their view does not show yet. */
  readonly #outdated = new Set<DocumentKey>();
  /** Documents whose changes Automerge refused: they keep their last view and cannot be changed, only deleted. */
  readonly #damaged = new Set<DocumentKey>();
  readonly #log = new ChangeLog();
  readonly #ids = new SortedIds();
  readonly #changedAt = new Map<string, number>();
  #version: number;
  #visible = 0;

  /** `firstVersion` is above every version handed out before, also before a crash. */
  constructor(parts: {
    actor: Incarnation;
    hash: Hash;
    liveLimit: number;
    firstVersion: number;
    views: Iterable<View>;
  }) {
    this.#actor = parts.actor;
    this.#hash = parts.hash;
    this.#liveLimit = parts.liveLimit;
    this.#version = parts.firstVersion;
    for (const view of [...parts.views].sort((a, b) => a.version - b.version)) {
      this.#index(undefined, view);
    }
  }

  /** The newest version handed out. */
  get version(): number {
    return this.#version;
  }

  get visible(): number {
    return this.#visible;
  }

  /** The version of the newest change in a collection; 0 when there was none. */
  changedAt(collection: string): number {
    return this.#changedAt.get(collection) ?? 0;
  }

  view(key: DocumentKey): View | undefined {
    return this.#views.get(key);
  }

  /** Visible documents of a collection whose ids begin with `prefix` and sort behind `after`, in order. */
  *rows(collection: string, prefix = '', after = ''): Iterable<VisibleView> {
    for (const id of this.#ids.range(collection, prefix, after)) {
      const view = this.#views.get(`${collection}/${id}`);
      if (isVisible(view)) yield view;
    }
  }

  /** Views changed behind a version, oldest change first, deleted ones included. */
  *changedSince(version: number): Iterable<View> {
    for (const { key } of this.#log.since(version)) yield this.#views.get(key) as View;
  }

  /** Exclusive-or of every document's digest: equal on nodes that hold the same documents, whatever the order. */
  stateHash(): Uint8Array {
    const sum = new Uint8Array(32);
    for (const [key, view] of this.#views) {
      if (view.generation < 0 && view.deletedThrough < 0) continue;
      const digest = this.#digests.get(key) ?? digestOf(view, this.#hash);
      this.#digests.set(key, digest);
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) ^ (digest[i] as number);
    }
    return sum;
  }

  /** The generation to load before the document can be written; undefined when it can be written now. */
  missing(key: DocumentKey): number | undefined {
    const view = this.#views.get(key);
    if (view === undefined || view.generation <= view.deletedThrough) return undefined;
    if (this.#live.has(key) || this.#damaged.has(key)) return undefined;
    return view.generation;
  }

  /** Marks a load as begun; false when one is under way. */
  beginLoad(key: DocumentKey, generation: number): boolean {
    if (this.#loading.has(key)) return false;
    this.#loading.set(key, { generation, changes: [] });
    return true;
  }

  /** Takes the stored changes of a document, and those that arrived while they were read. */
  loaded(key: DocumentKey, generation: number, changes: readonly Uint8Array[]): void {
    const loading = this.#loading.get(key);
    if (loading === undefined) return;
    this.#loading.delete(key);
    const view = this.#views.get(key) ?? blankView(key);
    // A newer life or a delete overtook the load: what was read is history.
    if (view.generation !== generation || loading.generation !== generation) return;
    if (view.generation <= view.deletedThrough) return;
    const document = new LiveDocument(this.#actor);
    document.apply([...changes, ...loading.changes]);
    this.#live.set(key, document);
    this.#outdated.add(key);
  }

  /**
   * Makes the document equal to `value`. The document must not be `missing`. One that is dead, or owned and long in changes, is
   * founded anew in the next generation, which replaces the older ones on every node.
   */
  put(key: DocumentKey, value: JsonObject, stamp: Stamp): WriteResult {
    const view = this.#views.get(key) ?? blankView(key);
    const changes = view.generation > view.deletedThrough && !this.#isToRenew(key, value);
    const bytes = changes ? this.#change(key, value) : this.#found(key, value);
    if (bytes === undefined) return { op: undefined, revision: view.revision };
    const generation = changes
      ? view.generation
      : Math.max(view.generation, view.deletedThrough) + 1;
    const revision = this.#revision(key, generation);
    this.#set({ ...view, ...stamp, generation, value, revision });
    return { op: { key, kind: 'change', generation, bytes }, revision };
  }

  /** Takes a local write back that will not be committed: the view is as before, the document is loaded anew when needed. */
  restore(key: DocumentKey, before: View | undefined): void {
    this.#drop(key);
    this.#set(before ?? blankView(key));
  }

  /** Shows a value before it is committed: the newest heartbeat, at once. */
  overlay(key: DocumentKey, value: JsonObject, stamp: Stamp): void {
    this.#set({ ...(this.#views.get(key) ?? blankView(key)), ...stamp, value });
  }

  /** Says that the document is as it was, but younger. */
  beat(key: DocumentKey, stamp: Stamp): Op {
    const view = this.#views.get(key) as View;
    this.#set({ ...view, ...stamp });
    return { key, kind: 'beat', generation: view.generation, bytes: EMPTY };
  }

  delete(key: DocumentKey, stamp: Stamp): Op {
    const view = this.#views.get(key) as View;
    this.#set({
      ...view,
      ...stamp,
      value: undefined,
      revision: '',
      deletedThrough: view.generation,
    });
    this.#drop(key);
    this.#damaged.delete(key);
    return { key, kind: 'delete', generation: view.generation, bytes: EMPTY };
  }

  /** Takes an op of another author. Returns the generation to load when its change cannot be shown without. */
  applyRemote(op: Op, stamp: Stamp): number | undefined {
    const view = this.#views.get(op.key) ?? blankView(op.key);
    switch (op.kind) {
      case 'delete':
        this.#applyDelete(view, op, stamp);
        return undefined;
      case 'beat':
        if (op.generation === view.generation && isVisible(view))
          this.#set({ ...view, ...newer(view, stamp) });
        return undefined;
      case 'change':
        return this.#applyChange(view, op, stamp);
      case 'other':
        return undefined;
    }
  }

  /** Brings the views of changed live documents up to date. Returns the documents that could not be read; they keep their view. */
  materialise(): { key: DocumentKey; reason: string }[] {
    const refused: { key: DocumentKey; reason: string }[] = [];
    for (const key of this.#outdated) {
      const document = this.#live.get(key);
      const view = this.#views.get(key);
      if (document === undefined || view === undefined) continue;
      try {
        const value = document.read();
        this.#set({ ...view, value, revision: this.#revision(key, view.generation) });
      } catch (error) {
        refused.push({ key, reason: String(error) });
        this.#drop(key);
        this.#damaged.add(key);
      }
    }
    this.#outdated.clear();
    return refused;
  }

  /** Frees live documents beyond the limit, least recently used first. Only between turns, when no view is behind. */
  evict(): void {
    for (const key of this.#live.keys()) {
      if (this.#live.size <= this.#liveLimit) return;
      this.#drop(key);
    }
  }

  #applyDelete(view: View, op: Op, stamp: Stamp): void {
    if (op.generation <= view.deletedThrough) return;
    const dies = view.generation <= op.generation;
    if (dies) {
      this.#drop(view.key);
      this.#damaged.delete(view.key);
    }
    this.#set({
      ...view,
      ...newer(view, stamp),
      deletedThrough: op.generation,
      ...(dies ? { value: undefined, revision: '' } : {}),
    });
  }

  #applyChange(view: View, op: Op, stamp: Stamp): number | undefined {
    if (op.generation <= view.deletedThrough || op.generation < view.generation) return undefined;
    if (op.generation > view.generation) {
      this.#drop(view.key);
      this.#damaged.delete(view.key);
      this.#live.set(op.key, new LiveDocument(this.#actor));
    }
    // The value follows in `materialise`; until then readers see the old one, which is true but older.
    this.#set({ ...view, ...newer(view, stamp), generation: op.generation });
    const live = this.#live.get(op.key);
    if (live !== undefined) {
      live.apply([op.bytes]);
      this.#outdated.add(op.key);
      return undefined;
    }
    if (this.#damaged.has(op.key)) return undefined;
    this.#loading.get(op.key)?.changes.push(op.bytes);
    return op.generation;
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

  #revision(key: DocumentKey, generation: number): string {
    return revisionOf(generation, (this.#live.get(key) as LiveDocument).heads(), this.#hash);
  }

  #drop(key: DocumentKey): void {
    this.#live.get(key)?.free();
    this.#live.delete(key);
    this.#outdated.delete(key);
  }

  #set(next: View): void {
    this.#version++;
    this.#index(this.#views.get(next.key), { ...next, version: this.#version });
  }

  #index(before: View | undefined, view: View): void {
    this.#views.set(view.key, view);
    this.#digests.delete(view.key);
    this.#log.append(view.key, view.version);
    const { collection, id } = splitDocumentKey(view.key);
    this.#changedAt.set(collection, view.version);
    if (isVisible(before) === isVisible(view)) return;
    if (isVisible(view)) {
      this.#visible++;
      this.#ids.add(collection, id);
    } else {
      this.#visible--;
      this.#ids.remove(collection, id);
    }
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
