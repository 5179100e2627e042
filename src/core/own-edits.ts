// What this node wrote to shared documents, kept until it is certain that no other edition of them leaves it out.
//
// When somebody founds a shared document anew without having seen one of our writes, the new edition lacks it. Only its writer
// may make it again: anybody else could undo what the writer did since.
import { TOMBSTONE_RETENTION_MS } from './config.ts';
import type { DocumentKey, Incarnation } from './ids.ts';
import type { JsonEdit } from './json-edit.ts';
import type { Refounding } from './refound.ts';

export interface OwnEdit {
  /** The edition it was written to. */
  readonly generation: number;
  readonly actor: Incarnation;
  /** Number of the Automerge change, by that actor in that edition. */
  readonly seq: number;
  readonly atMs: number;
  readonly edits: readonly JsonEdit[];
  /** Editions that include it, its own among them. */
  readonly within: readonly number[];
  /** True when the edition that is the document now lacks it: it is to be written again. */
  readonly isLost: boolean;
}

/** Editions remembered of one write. */
const MAX_WITHIN = 16;
/** Writes remembered of one document. Beyond it the oldest are forgotten: by then they are in every edition. */
const MAX_EDITS = 512;

export class OwnEdits {
  readonly #byKey: Map<DocumentKey, OwnEdit[]>;
  readonly #changed = new Set<DocumentKey>();
  readonly #lost = new Set<DocumentKey>();

  constructor(known: ReadonlyMap<DocumentKey, readonly OwnEdit[]>) {
    this.#byKey = new Map([...known].map(([key, edits]) => [key, [...edits]]));
    for (const [key, edits] of known) if (edits.some((edit) => edit.isLost)) this.#lost.add(key);
  }

  /** Documents with something to write again. */
  get lost(): readonly DocumentKey[] {
    return [...this.#lost];
  }

  add(key: DocumentKey, edit: Omit<OwnEdit, 'within' | 'isLost'>): void {
    const kept = (this.#byKey.get(key) ?? []).filter(
      (older) =>
        edit.atMs - older.atMs < TOMBSTONE_RETENTION_MS || !older.within.includes(edit.generation),
    );
    kept.push({ ...edit, within: [edit.generation], isLost: false });
    this.#set(key, kept.slice(-MAX_EDITS));
  }

  /** Everything up to a generation was deleted. */
  forget(key: DocumentKey, deletedThrough: number): void {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    this.#set(
      key,
      known.filter(({ generation }) => generation > deletedThrough),
    );
  }

  /** There is another edition. When it is the document now, what it lacks is lost. */
  compare(
    key: DocumentKey,
    edition: { generation: number; isNewest: boolean },
    refounding: Refounding,
  ): void {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    const { generation, isNewest } = edition;
    const compared = known.map((edit) => {
      if (edit.within.includes(generation)) return edit;
      if (!includes(refounding, edit)) return isNewest ? { ...edit, isLost: true } : edit;
      const within = [...edit.within, generation].slice(-MAX_WITHIN);
      return { ...edit, within, isLost: edit.isLost && !isNewest };
    });
    this.#set(key, compared);
  }

  /** What is to be written again, in the order it was written. */
  lostOf(key: DocumentKey): JsonEdit[] {
    const edits = this.#byKey.get(key) ?? [];
    return edits.filter(({ isLost }) => isLost).flatMap((edit) => edit.edits);
  }

  /** What was lost was written again, which is remembered as any other write. */
  settle(key: DocumentKey): void {
    const edits = (this.#byKey.get(key) ?? []).filter(({ isLost }) => !isLost);
    this.#set(key, edits);
  }

  /** What changed since the last call, for the store. An empty list: nothing is remembered. */
  takeChanged(): { key: DocumentKey; edits: readonly OwnEdit[] }[] {
    const changed = [...this.#changed].map((key) => ({ key, edits: this.#byKey.get(key) ?? [] }));
    this.#changed.clear();
    return changed;
  }

  #set(key: DocumentKey, edits: OwnEdit[]): void {
    if (edits.length > 0) this.#byKey.set(key, edits);
    else this.#byKey.delete(key);
    if (edits.some(({ isLost }) => isLost)) this.#lost.add(key);
    else this.#lost.delete(key);
    this.#changed.add(key);
  }
}

function includes({ base, includes: seqs }: Refounding, edit: OwnEdit): boolean {
  if (!edit.within.includes(base)) return false;
  // In an edition that followed its own it is part of the founding.
  return edit.generation !== base || edit.seq <= (seqs.get(edit.actor) ?? 0);
}
