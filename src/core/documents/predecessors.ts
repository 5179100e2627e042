// The edition before one whose founding is gone, as with somebody who was put out. Whoever founds such a document anew goes on from
// there: what others wrote to it counts, and those who wrote it may never come back to write it again.
//
//   noted ──► load-document ──► read ──► part of the next edition
//               └► cannot be read: forgotten
import type { Hash } from '../values/environment.ts';
import type { DocumentKey, Incarnation } from '../values/ids.ts';
import type { JsonObject } from '../values/json.ts';
import { LiveDocument } from './document.ts';

export interface Predecessor {
  readonly generation: number;
  readonly value: JsonObject;
  /** How many changes of each actor it is made of. */
  readonly includes: ReadonlyMap<Incarnation, number>;
}

/** Those of the documents that this node has to found anew, and no others. */
export class Predecessors {
  readonly #actor: Incarnation;
  readonly #hash: Hash;
  readonly #noted = new Map<DocumentKey, number>();
  readonly #read = new Map<DocumentKey, Predecessor>();

  constructor(actor: Incarnation, hash: Hash) {
    this.#actor = actor;
    this.#hash = hash;
  }

  /** The newest edition that is left below the one that is the document now; undefined when there is none. */
  note(key: DocumentKey, generation: number | undefined): void {
    this.forget(key);
    if (generation !== undefined) this.#noted.set(key, generation);
  }

  /** The generation to load before `get` answers; undefined when it was, or there is nothing to load. */
  missing(key: DocumentKey): number | undefined {
    return this.#noted.get(key);
  }

  /** The generation that was noted last, read or not. */
  newest(key: DocumentKey): number | undefined {
    return this.#noted.get(key) ?? this.#read.get(key)?.generation;
  }

  get(key: DocumentKey): Predecessor | undefined {
    return this.#read.get(key);
  }

  forget(key: DocumentKey): void {
    this.#noted.delete(key);
    this.#read.delete(key);
  }

  /** Takes stored changes; false when they are not those that `missing` asked for. */
  loaded(key: DocumentKey, generation: number, changes: readonly Uint8Array[]): boolean {
    if (this.#noted.get(key) !== generation) return false;
    this.forget(key);
    const document = new LiveDocument(this.#actor, this.#hash);
    try {
      document.apply(changes);
      // Without its founding it is no better than the one after it.
      if (document.heads().length === 0) return true;
      const read = { generation, value: document.read(), includes: document.includes() };
      this.#read.set(key, read);
    } catch {
      // Automerge refused its changes: there is nothing to go on from.
    } finally {
      document.free();
    }
    return true;
  }
}
