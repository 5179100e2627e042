// All documents of a node: a view of each, and a bounded number of live ones.
//
//            write                                  change of others
//   dead ──► found ──► live, shown ◄── read ── live, behind ◄── loaded ◄── load-document ◄── stored, behind
//                       │ evicted when others were used more recently
//                       └──► stored, shown
//
// A change of others is not applied when it arrives: the document is behind until somebody reads, watches or writes it. So a
// burst of changes costs one application in bulk, and a document nobody reads costs none.

import type { Op } from '../feeds/commit.ts';
import type { Hash } from '../values/environment.ts';
import { lifeOf } from '../values/generation.ts';
import {
  type DocumentKey,
  type Incarnation,
  type NodeId,
  splitDocumentKey,
} from '../values/ids.ts';
import { type JsonObject, jsonEqual } from '../values/json.ts';
import type { Hlc } from '../values/time.ts';
import type { Via } from '../values/via.ts';
import { BehindDocuments } from './behind.ts';
import type { LiveDocument } from './document.ts';
import { LiveDocuments } from './live-documents.ts';
import { type OwnEdit, OwnEdits } from './own-edits.ts';
import { Predecessors } from './predecessors.ts';
import { Quarantine, type QuarantinedDocument } from './quarantine.ts';
import { decodeRefounding } from './refound.ts';
import { revisionOf, type View } from './view.ts';
import { ViewIndex } from './view-index.ts';

/** Who wrote an op, and when by which clock. */
export interface Stamp {
  readonly clock: Hlc;
  readonly origin: NodeId;
  readonly receivedAtMs: number;
  /** The same by the monotonic clock. */
  readonly takenMs?: number | undefined;
  /** By whom it came; undefined for what was written here, and where it is not known. */
  readonly via: Via | undefined;
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
  /** The newest generation below that in the same life; absent when nothing is left of one. */
  readonly older?: number;
}

export class DocumentTable {
  readonly views: ViewIndex;
  readonly ownEdits: OwnEdits;
  readonly live: LiveDocuments;
  readonly predecessors: Predecessors;
  readonly #quarantine = new Quarantine();
  readonly #hash: Hash;
  readonly #behind = new BehindDocuments();
  /** Documents whose changes Automerge refused: they keep their last view and cannot be changed, only deleted. */
  readonly #damaged = new Set<DocumentKey>();
  /** Documents with writes of ours of which commits do not count any more: whether ours still do is not known. */
  readonly #uncounted = new Set<DocumentKey>();
  /** Documents in which writes of ours rested on what does not count any more, and since when that is known, by the monotonic clock. */
  readonly #orphaned = new Map<DocumentKey, number | undefined>();
  /** What was shown last of documents that are not founded, or not any more. */
  readonly #shownLast = new Map<DocumentKey, JsonObject>();
  #refusals: Refusal[] = [];
  /** Collections of what came that only a read tells to be new. */
  readonly #mayDiffer = new Set<string>();

  constructor(parts: {
    actor: Incarnation;
    hash: Hash;
    liveLimit: number;
    firstVersion: number;
    forgottenVersion: number;
    views: Iterable<View>;
    behind: Iterable<DocumentKey>;
    ownEdits: ReadonlyMap<DocumentKey, readonly OwnEdit[]>;
  }) {
    this.#hash = parts.hash;
    this.live = new LiveDocuments(parts.actor, parts.hash, parts.liveLimit);
    this.predecessors = new Predecessors(parts.actor, parts.hash);
    this.ownEdits = new OwnEdits(parts.ownEdits);
    this.views = new ViewIndex(parts.hash, parts);
    for (const key of parts.behind) this.setBehind(key, true);
  }

  view(key: DocumentKey): View | undefined {
    return this.views.get(key);
  }

  isBehind(key: DocumentKey): boolean {
    return this.#behind.has(key);
  }

  /** How many documents have views that do not show all changes. */
  get behindCount(): number {
    return this.#behind.size;
  }

  /** Documents whose views do not show all changes: of a collection, with ids that begin so, or all. */
  behind(collection: string | undefined, prefix: string): DocumentKey[] {
    return this.#behind.of(collection, prefix);
  }

  /** At most `limit` of them, in the order in which they became so. */
  firstBehind(collections: readonly string[], limit: number): DocumentKey[] {
    return this.#behind.first(collections, limit);
  }

  /** True when it has changes that cannot be read. */
  isDamaged(key: DocumentKey): boolean {
    return this.#damaged.has(key);
  }

  /** Brings a view up to date. Returns the generation to load when that takes the stored changes; undefined when it is done. */
  show(key: DocumentKey): number | undefined {
    if (!this.isBehind(key)) return undefined;
    const view = this.views.of(key);
    if (view.generation <= view.deletedThrough || this.#damaged.has(key)) {
      this.setBehind(key, false);
      return undefined;
    }
    const document = this.live.get(key);
    if (document === undefined) return view.generation;
    this.#materialise(key, document);
    return undefined;
  }

  /** The generation to load before the document can be written; undefined when it can be written now. */
  missing(key: DocumentKey): number | undefined {
    const view = this.views.get(key);
    if (view === undefined || view.generation <= view.deletedThrough) return undefined;
    if (this.#damaged.has(key)) return undefined;
    return this.live.get(key) === undefined ? view.generation : this.show(key);
  }

  /** Marks a load as begun; false when one is under way. */
  beginLoad(key: DocumentKey, generation: number): boolean {
    return this.live.beginLoad(key, generation);
  }

  /** Takes the stored changes of a document, and those that arrived while they were read, and shows them. */
  loaded(key: DocumentKey, generation: number, changes: readonly Uint8Array[]): void {
    const all = this.live.endLoad(key, generation, changes);
    if (all !== undefined && this.predecessors.loaded(key, generation, all)) return;
    const view = this.views.of(key);
    // A newer edition or a delete overtook the load: what was read is history.
    if (all === undefined || view.generation !== generation) return;
    if (view.generation <= view.deletedThrough) return;
    const document = this.live.begin(key);
    this.#quarantine.forget(key);
    document.apply(all);
    this.#materialise(key, document);
  }

  /** Collections in which something changed behind a version, or came since the last call that only a read tells to be new. */
  takeChanged(version: number): ReadonlySet<string> {
    const changed = new Set([...this.#mayDiffer, ...this.views.collectionsSince(version)]);
    this.#mayDiffer.clear();
    return changed;
  }

  /** Documents of which something cannot be read. */
  quarantined(): QuarantinedDocument[] {
    return this.#quarantine.list((key) => this.view(key));
  }

  /** What could not be applied since the last call. Those documents keep their last view. */
  takeRefusals(): Refusal[] {
    const refusals = this.#refusals;
    this.#refusals = [];
    return refusals;
  }

  /** Takes an op of another author, or of an earlier process of our own. */
  applyRemote(op: Op, stamp: Stamp): void {
    const view = this.views.of(op.key);
    switch (op.kind) {
      case 'delete':
        this.#applyDelete(view, op, stamp);
        return;
      case 'beat':
        if (op.generation !== view.generation || view.generation <= view.deletedThrough) return;
        // One that a checkpoint repeats is news only where it was missed.
        if (op.clock === undefined || stamp.clock > view.clock)
          this.views.set({ ...view, ...newer(view, stamp) });
        return;
      case 'change':
      case 'refound':
        this.#applyChange(view, op, stamp);
        return;
      case 'checkpoint':
      case 'other':
        return;
    }
  }

  /** Whether the document must be read to know if our writes to it still count. Returns the generation to load for that. */
  uncounted(key: DocumentKey): number | undefined {
    return this.#uncounted.has(key) ? this.missing(key) : undefined;
  }

  /** True when writes of ours were lost with what they rested on: nothing can be written on top of it any more. */
  isOrphaned(key: DocumentKey): boolean {
    return this.#orphaned.has(key);
  }

  /** Milliseconds since the first call for a document that is orphaned; undefined when it is not. */
  orphanedForMs(key: DocumentKey, nowMs: number): number | undefined {
    if (!this.#orphaned.has(key)) return undefined;
    const sinceMs = this.#orphaned.get(key) ?? nowMs;
    this.#orphaned.set(key, sinceMs);
    return nowMs - sinceMs;
  }

  /** What was lost is written again, or nothing is to be. */
  settleOrphaned(key: DocumentKey): void {
    this.#orphaned.delete(key);
    this.predecessors.forget(key);
  }

  /** Commits were dropped: the document is what is left of it. `isVoid`: they may be void instead of replaced. */
  reduce({ key, generation, deletedThrough, older }: Remainder, isVoid = false): void {
    const view = this.views.of(key);
    if (isVoid && this.ownEdits.has(key)) {
      this.#uncounted.add(key);
      this.predecessors.note(key, older);
    }
    this.live.drop(key);
    this.#damaged.delete(key);
    // What a load under way has read may be dropped by now: it begins again.
    this.live.restartLoad(key);
    this.#quarantine.forget(key);
    const alive = generation > deletedThrough;
    const kept = alive && generation === view.generation;
    this.views.set({
      ...view,
      generation,
      deletedThrough,
      value: alive ? view.value : undefined,
      revision: kept ? view.revision : '',
      // What an edition that is gone was made of says nothing of the one before it.
      lineage: kept ? view.lineage : [],
    });
    this.setBehind(key, alive);
  }

  /** Frees live documents beyond the limit, least recently used first. Only between turns, when everything is stored. */
  evict(): void {
    this.live.evict();
  }

  #applyDelete(view: View, op: Op, stamp: Stamp): void {
    if (op.generation <= view.deletedThrough) return;
    this.ownEdits.forget(op.key, op.generation);
    const dies = view.generation <= op.generation;
    if (dies) this.end(view.key);
    if (dies) this.#shownLast.delete(view.key);
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
    // A change of a new edition may come before its founding, and until that comes nothing of the document is shown: what of
    // ours it may lack is noted while it is known what was shown last.
    const isUnfounded =
      refounding === undefined &&
      op.generation > view.generation &&
      lifeOf(op.generation) === lifeOf(view.generation);
    if (refounding !== undefined || isUnfounded) {
      const isNewest = op.generation >= view.generation;
      const lineage = refounding?.lineage ?? [];
      const shown = this.#shownOf(view);
      const edition = { generation: op.generation, lineage, isNewest, shown };
      this.ownEdits.compare(op.key, edition);
    }
    if (op.generation < view.generation) {
      if (this.#orphaned.has(op.key)) this.#noteOlder(op);
      return;
    }
    const isNewer = op.generation > view.generation;
    if (isNewer) {
      this.end(view.key);
      this.live.begin(op.key);
    }
    // The value follows when somebody asks; until then the old one stands, which is true but older.
    const editionClock = isNewer ? stamp.clock : view.editionClock;
    const lineage = refounding?.lineage ?? (isNewer ? [] : view.lineage);
    const edition = { generation: op.generation, editionClock, lineage };
    const next = { ...view, ...newer(view, stamp), ...edition };
    if (op.clock === undefined) this.views.set(next);
    else {
      // What a checkpoint repeats shows the same to nearly everybody: whoever reads finds out whether it does.
      this.views.replaceUnseen(next);
      this.#mayDiffer.add(splitDocumentKey(op.key).collection);
    }
    if (this.#damaged.has(op.key)) return;
    this.live.apply(op.key, refounding?.change ?? op.bytes);
    this.setBehind(op.key, true);
  }

  /** What was dropped with what lay beyond a cut comes back: it is read once more. */
  #noteOlder({ key, generation }: Op): void {
    const { generation: newest } = this.views.of(key);
    const known = this.predecessors.newest(key) ?? -1;
    if (lifeOf(generation) === lifeOf(newest) && generation >= known)
      this.predecessors.note(key, generation);
  }

  #materialise(key: DocumentKey, document: LiveDocument): void {
    const view = this.views.of(key);
    this.setBehind(key, false);
    try {
      // Without its first change a document is not there yet, whatever others have changed in it.
      const value = document.heads().length === 0 ? undefined : document.read();
      this.#recount(view, document);
      if (value !== undefined) this.#shownLast.delete(key);
      else if (view.value !== undefined) this.#shownLast.set(key, view.value);
      const revision = value === undefined ? '' : revisionOf(view.generation, value, this.#hash);
      for (const { hash, reason } of document.takeSkipped()) {
        this.#refuse(view, `change ${hash}: ${reason}`);
      }
      const same = revision === view.revision && jsonEqual(value, view.value);
      if (same) this.views.replaceUnseen(view);
      else this.views.set({ ...view, value, revision });
    } catch (error) {
      this.#refuse(view, String(error));
      this.live.drop(key);
      this.#damaged.add(key);
    }
  }

  #recount({ key, generation }: View, document: LiveDocument): void {
    if (!this.#uncounted.delete(key)) return;
    const includes = document.heads().length === 0 ? undefined : document.includes();
    const left = { generation, includes, shown: this.#shownOf(this.views.of(key)) };
    if (this.ownEdits.recount(key, left)) this.#orphaned.set(key, undefined);
  }

  #shownOf({ key, value }: View): JsonObject | undefined {
    return value ?? this.#shownLast.get(key);
  }

  #refuse({ key, generation }: View, reason: string): void {
    this.#refusals.push({ key, reason });
    this.#quarantine.note(key, generation, reason);
  }

  /** Says whether a view shows all changes. */
  setBehind(key: DocumentKey, behind: boolean): void {
    this.#behind.set(key, behind);
  }

  /** What was known of a life or an edition is over. */
  end(key: DocumentKey): void {
    this.live.drop(key);
    this.#damaged.delete(key);
    this.#quarantine.forget(key);
    this.predecessors.forget(key);
    this.setBehind(key, false);
  }
}

/** The stamp of whichever is newer; the author decides between equal clocks, so that every node picks the same. */
function newer(view: View, stamp: Stamp): Stamp {
  const later =
    stamp.clock > view.clock || (stamp.clock === view.clock && stamp.origin > view.origin);
  return later
    ? stamp
    : {
        clock: view.clock,
        origin: view.origin,
        receivedAtMs: view.receivedAtMs,
        takenMs: view.takenMs,
        via: view.via,
      };
}
