// The ids of each collection in order, for lists and pages.

export class SortedIds {
  readonly #idsByCollection = new Map<string, string[]>();

  add(collection: string, id: string): void {
    const ids = this.#idsByCollection.get(collection) ?? [];
    this.#idsByCollection.set(collection, ids);
    const at = lowerBound(ids, id);
    if (ids[at] !== id) ids.splice(at, 0, id);
  }

  remove(collection: string, id: string): void {
    const ids = this.#idsByCollection.get(collection);
    if (ids === undefined) return;
    const at = lowerBound(ids, id);
    if (ids[at] === id) ids.splice(at, 1);
    if (ids.length === 0) this.#idsByCollection.delete(collection);
  }

  /** Ids that begin with `prefix` and sort behind `after`, in order. */
  *range(collection: string, prefix: string, after: string): Iterable<string> {
    const ids = this.#idsByCollection.get(collection) ?? [];
    let at = lowerBound(ids, prefix > after ? prefix : after);
    if (ids[at] === after) at++;
    for (; at < ids.length && (ids[at] as string).startsWith(prefix); at++) yield ids[at] as string;
  }
}

function lowerBound(ids: readonly string[], id: string): number {
  let low = 0;
  let high = ids.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ids[middle] as string) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}
