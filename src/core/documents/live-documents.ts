// The live Automerge documents of a node: few, in order of use, loaded from their stored changes and dropped again.

import type { Hash } from '../values/environment.ts';
import { HoldfastError } from '../values/error.ts';
import type { DocumentKey, Incarnation } from '../values/ids.ts';
import type { JsonObject } from '../values/json.ts';
import { LiveDocument } from './document.ts';

interface Loading {
  /** -1 when what is read may be out of date: the load ends without a result, and whoever needs it begins another. */
  generation: number;
  /** Changes that arrived while the stored ones are read. */
  readonly changes: Uint8Array[];
}

export class LiveDocuments {
  readonly #actor: Incarnation;
  readonly #hash: Hash;
  readonly #limit: number;
  /** In order of use, oldest first. */
  readonly #live = new Map<DocumentKey, LiveDocument>();
  readonly #loading = new Map<DocumentKey, Loading>();

  constructor(actor: Incarnation, hash: Hash, limit: number) {
    this.#actor = actor;
    this.#hash = hash;
    this.#limit = limit;
  }

  get size(): number {
    return this.#live.size;
  }

  get(key: DocumentKey): LiveDocument | undefined {
    return this.#live.get(key);
  }

  /** A document without changes, in place of what was there. */
  begin(key: DocumentKey): LiveDocument {
    this.drop(key);
    const document = new LiveDocument(this.#actor, this.#hash);
    this.#live.set(key, document);
    return document;
  }

  /** Marks a load as begun; false when one is under way. */
  beginLoad(key: DocumentKey, generation: number): boolean {
    if (this.#loading.has(key)) return false;
    this.#loading.set(key, { generation, changes: [] });
    return true;
  }

  /** What a load under way has read may not be all there is any more. */
  restartLoad(key: DocumentKey): void {
    const loading = this.#loading.get(key);
    if (loading !== undefined) loading.generation = -1;
  }

  /** Ends a load: all changes that are known of that generation, or undefined when another one was asked for. */
  endLoad(
    key: DocumentKey,
    generation: number,
    stored: readonly Uint8Array[],
  ): Uint8Array[] | undefined {
    const loading = this.#loading.get(key);
    this.#loading.delete(key);
    return loading?.generation === generation ? [...stored, ...loading.changes] : undefined;
  }

  /** A change arrived: it belongs to the live document and to one that is being loaded. */
  apply(key: DocumentKey, change: Uint8Array): void {
    this.#loading.get(key)?.changes.push(change);
    this.#live.get(key)?.apply([change]);
  }

  /** The smallest change that makes the document equal to `value`; undefined when it is already. */
  change(key: DocumentKey, value: JsonObject): Uint8Array | undefined {
    try {
      return this.#use(key).put(value);
    } catch (error) {
      // A change that is not committed must not stay in the document: later ones would depend on it.
      this.drop(key);
      throw error;
    }
  }

  /** The first change of a document with this value, which takes the place of what was there. */
  found(key: DocumentKey, value: JsonObject): Uint8Array {
    const document = new LiveDocument(this.#actor, this.#hash);
    const bytes = document.found(value);
    this.drop(key);
    this.#live.set(key, document);
    return bytes;
  }

  drop(key: DocumentKey): void {
    this.#live.get(key)?.free();
    this.#live.delete(key);
  }

  /** Frees documents beyond the limit, least recently used first. Only between turns, when everything is stored. */
  evict(): void {
    for (const key of this.#live.keys()) {
      if (this.#live.size <= this.#limit) return;
      this.drop(key);
    }
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
}
