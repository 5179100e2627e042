// What this node wrote to shared documents: of each place in a document its newest write.
//
// When somebody founds a shared document anew without having seen one of our writes, the new edition lacks it. Only its writer
// may make it again: anybody else could undo what the writer did since.
import type { DocumentKey, Incarnation } from '../values/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonEqual } from '../values/json.ts';
import type { JsonEdit } from '../values/json-edit.ts';
import type { LineageStep } from './refound.ts';

export interface OwnEdit {
  /** The edition it was written to. */
  readonly generation: number;
  readonly actor: Incarnation;
  /** Number of the Automerge change, by that actor in that edition. */
  readonly seq: number;
  readonly edits: readonly JsonEdit[];
  /** Editions known to include it, its own among them. */
  readonly within: readonly number[];
  /** True when the edition that is the document now lacks it: it is to be written again. */
  readonly isLost: boolean;
}

/** An edition that arrived. */
export interface Edition {
  readonly generation: number;
  readonly lineage: readonly LineageStep[];
  /** True when it is the document from now on. */
  readonly isNewest: boolean;
  /** The document as it was shown before. */
  readonly shown: JsonObject | undefined;
}

/** What is left of an edition. */
export interface EditionLeft {
  readonly generation: number;
  /** How many changes of each actor it is made of; undefined where its founding is gone. */
  readonly includes: ReadonlyMap<Incarnation, number> | undefined;
  /** The document as it was shown before. */
  readonly shown: JsonObject | undefined;
}

/** Editions remembered of one write. */
const MAX_WITHIN = 16;
/** Writes remembered of one document. Beyond it the oldest are forgotten. */
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
    const older = (this.#byKey.get(key) ?? []).flatMap((known) => {
      const edits = known.edits.filter(({ path }) => !edit.edits.some((one) => covers(one, path)));
      return edits.length === 0 ? [] : [{ ...known, edits }];
    });
    const all = [...older, { ...edit, within: [edit.generation], isLost: false }];
    this.#set(key, all.slice(-MAX_EDITS));
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

  /** There is another edition. When it is the document now, what it lacks is lost, unless somebody had overwritten it already. */
  compare(key: DocumentKey, edition: Edition): void {
    const known = this.#byKey.get(key);
    if (known === undefined) return;
    const { generation, isNewest, shown } = edition;
    const compared = known.flatMap((edit) => {
      if (edit.within.includes(generation)) return [edit];
      if (includes(edition, edit)) {
        const within = [...edit.within, generation].slice(-MAX_WITHIN);
        return [{ ...edit, within, isLost: edit.isLost && !isNewest }];
      }
      if (!isNewest || edit.isLost) return [edit];
      const edits = edit.edits.filter((one) => isShown(shown, one));
      return edits.length === 0 ? [] : [{ ...edit, edits, isLost: true }];
    });
    this.#set(key, compared);
  }

  has(key: DocumentKey): boolean {
    return this.#byKey.has(key);
  }

  /**
   * Commits of others were dropped: of the edition that is the document now this is left. What we wrote on top of what is gone does
   * not count any more, nor does anything in an edition whose founding is gone: it is lost, unless somebody had overwritten it.
   * Returns whether anything is.
   */
  recount(key: DocumentKey, left: EditionLeft): boolean {
    const known = this.#byKey.get(key) ?? [];
    const counts = ({ generation, actor, seq, within }: OwnEdit): boolean => {
      if (left.includes === undefined) return !within.includes(left.generation);
      return generation !== left.generation || (left.includes.get(actor) ?? 0) >= seq;
    };
    const recounted = known.flatMap((edit) => {
      if (edit.isLost || counts(edit)) return [edit];
      const edits = edit.edits.filter((one) => isShown(left.shown, one));
      return edits.length === 0 ? [] : [{ ...edit, edits, isLost: true }];
    });
    if (known.length > 0) this.#set(key, recounted);
    return recounted.some((edit) => edit.isLost && !known.includes(edit));
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

/** True when a write at one place replaces whatever was written at another. */
function covers(edit: JsonEdit, path: readonly string[]): boolean {
  if (isJsonObject(edit.value) && path.length > edit.path.length) return false;
  return edit.path.every((key, i) => path[i] === key);
}

function includes({ lineage }: Edition, edit: OwnEdit): boolean {
  return lineage.some(
    (step) =>
      edit.within.includes(step.generation) &&
      // In an edition that followed its own it is part of the founding.
      (edit.generation !== step.generation ||
        step.includes.some(([actor, seq]) => actor === edit.actor && edit.seq <= seq)),
  );
}

function isShown(shown: JsonObject | undefined, { path, value }: JsonEdit): boolean {
  // Nobody can have overwritten what was never shown.
  if (shown === undefined) return true;
  let at: JsonValue | undefined = shown;
  for (const key of path) {
    at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return isJsonObject(value) ? isJsonObject(at) : jsonEqual(at, value);
}
