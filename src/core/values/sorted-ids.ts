// The ids of each collection in order, for lists and pages. New ids wait unsorted until somebody reads: a batch is sorted once.

/** So many new ids are put in their places one by one; more are cheaper sorted with the rest. */
const MAX_SINGLE_INSERTS = 32;

interface Ids {
  sorted: string[];
  readonly added: Set<string>;
}

export class SortedIds {
  readonly #idsByCollection = new Map<string, Ids>();

  add(collection: string, id: string): void {
    const ids = this.#idsByCollection.get(collection) ?? { sorted: [], added: new Set<string>() };
    this.#idsByCollection.set(collection, ids);
    ids.added.add(id);
  }

  remove(collection: string, id: string): void {
    const ids = this.#idsByCollection.get(collection);
    if (ids === undefined) return;
    ids.added.delete(id);
    const at = lowerBound(ids.sorted, id);
    if (ids.sorted[at] === id) ids.sorted.splice(at, 1);
    if (ids.sorted.length + ids.added.size === 0) this.#idsByCollection.delete(collection);
  }

  /** Ids that begin with `prefix` and sort behind `after`, in order. */
  *range(collection: string, prefix: string, after: string): Iterable<string> {
    const ids = this.#idsByCollection.get(collection);
    if (ids === undefined) return;
    sortIn(ids);
    const { sorted } = ids;
    let at = lowerBound(sorted, prefix > after ? prefix : after);
    if (sorted[at] === after) at++;
    for (; at < sorted.length && (sorted[at] as string).startsWith(prefix); at++) {
      yield sorted[at] as string;
    }
  }
}

function sortIn(ids: Ids): void {
  if (ids.added.size <= MAX_SINGLE_INSERTS) {
    for (const id of ids.added) {
      const at = lowerBound(ids.sorted, id);
      if (ids.sorted[at] !== id) ids.sorted.splice(at, 0, id);
    }
  } else {
    ids.sorted = [...new Set([...ids.sorted, ...ids.added])].sort(byCodeUnits);
  }
  ids.added.clear();
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
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
