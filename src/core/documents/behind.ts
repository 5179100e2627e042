// Documents with changes that their views do not show yet, found by key and by how their ids begin.
import { type DocumentKey, documentKey, splitDocumentKey } from '../values/ids.ts';
import { SortedIds } from '../values/sorted-ids.ts';

export class BehindDocuments {
  readonly #keys = new Set<DocumentKey>();
  readonly #ids = new SortedIds();

  get size(): number {
    return this.#keys.size;
  }

  has(key: DocumentKey): boolean {
    return this.#keys.has(key);
  }

  set(key: DocumentKey, isBehind: boolean): void {
    if (isBehind === this.#keys.has(key)) return;
    const { collection, id } = splitDocumentKey(key);
    if (isBehind) {
      this.#keys.add(key);
      this.#ids.add(collection, id);
    } else {
      this.#keys.delete(key);
      this.#ids.remove(collection, id);
    }
  }

  /** At most `limit` of some collections, or of all where none is named: those that became so first. */
  first(collections: readonly string[], limit: number): DocumentKey[] {
    const found: DocumentKey[] = [];
    for (const key of this.#keys) {
      if (found.length >= limit) break;
      const isAny = collections.length === 0;
      if (isAny || collections.includes(splitDocumentKey(key).collection)) found.push(key);
    }
    return found;
  }

  /** Those of a collection whose ids begin with `prefix`; all there are without a collection. */
  of(collection: string | undefined, prefix: string): DocumentKey[] {
    if (collection === undefined) return [...this.#keys];
    return [...this.#ids.range(collection, prefix, '')].map((id) => documentKey(collection, id));
  }
}
