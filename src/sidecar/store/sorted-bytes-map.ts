// A map from bytes to bytes in the order of the keys.
import type { StoreEntry, StoreOperation, StoreRange } from './store.ts';

/** Keeps the bytes it is given, without copies: they are never changed. */
export class SortedBytesMap {
  readonly #entries: StoreEntry[];

  constructor(entries: StoreEntry[] = []) {
    this.#entries = entries;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const entry = this.#entries[this.#placeOf(key)];
    return entry !== undefined && Buffer.compare(entry.key, key) === 0 ? entry.value : undefined;
  }

  apply(operation: StoreOperation): void {
    const place = this.#placeOf(operation.key);
    const entry = this.#entries[place];
    const replaced = entry !== undefined && Buffer.compare(entry.key, operation.key) === 0 ? 1 : 0;
    if (operation.type === 'delete') {
      this.#entries.splice(place, replaced);
      return;
    }
    const { key, value } = operation;
    if (replaced === 1) this.#entries[place] = { key, value };
    else this.#entries.splice(place, 0, { key, value });
  }

  /** The entries of a range as they are now; later changes do not show. */
  range(range: StoreRange): StoreEntry[] {
    const entries = this.#entries.slice(this.#placeOf(range.from), this.#placeOf(range.to));
    if (range.reverse === true) entries.reverse();
    return range.limit === undefined ? entries : entries.slice(0, range.limit);
  }

  copy(): SortedBytesMap {
    return new SortedBytesMap([...this.#entries]);
  }

  /** Where the key is, or where it would have to be inserted. */
  #placeOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (Buffer.compare((this.#entries[middle] as StoreEntry).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
