// A map from bytes to bytes in the order of the keys.
import type { StoreEntry, StoreOperation, StoreRange } from './store.ts';

/** Entries that are kept together; twice as many are split. Inserting moves this many, not all there are. */
const CHUNK_ENTRIES = 256;

/** Keeps the bytes it is given, without copies: they are never changed. */
export class SortedBytesMap {
  /** In order, none of them empty. */
  readonly #chunks: StoreEntry[][];

  constructor(chunks: StoreEntry[][] = []) {
    this.#chunks = chunks;
  }

  /** In the order of their keys, as they are now. */
  get entries(): readonly StoreEntry[] {
    return this.#chunks.flat();
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const chunk = this.#chunks[this.#chunkOf(key)];
    const entry = chunk?.[placeIn(chunk, key)];
    return isAt(entry, key) ? entry.value : undefined;
  }

  /** Returns the entry that was there before. */
  apply(operation: StoreOperation): StoreEntry | undefined {
    const { key } = operation;
    const index = this.#chunkOf(key);
    const chunk = this.#chunks[index] ?? [];
    const place = placeIn(chunk, key);
    const entry = chunk[place];
    const before = isAt(entry, key) ? entry : undefined;
    if (operation.type === 'delete') {
      if (before !== undefined) chunk.splice(place, 1);
      if (before !== undefined && chunk.length === 0) this.#chunks.splice(index, 1);
      return before;
    }
    chunk.splice(place, before === undefined ? 0 : 1, { key, value: operation.value });
    if (this.#chunks.length === 0) this.#chunks.push(chunk);
    if (chunk.length >= 2 * CHUNK_ENTRIES) {
      this.#chunks.splice(index + 1, 0, chunk.splice(CHUNK_ENTRIES));
    }
    return before;
  }

  /** The entries of a range as they are now; later changes do not show. */
  range({ from, to, reverse, limit }: StoreRange): StoreEntry[] {
    const entries: StoreEntry[] = [];
    if (Buffer.compare(from, to) >= 0) return entries;
    const last = this.#chunkOf(to);
    for (let index = this.#chunkOf(from); index <= last; index++) {
      const chunk = this.#chunks[index] ?? [];
      for (const entry of chunk.slice(placeIn(chunk, from), placeIn(chunk, to)))
        entries.push(entry);
    }
    if (reverse === true) entries.reverse();
    return limit === undefined ? entries : entries.slice(0, limit);
  }

  copy(): SortedBytesMap {
    return new SortedBytesMap(this.#chunks.map((chunk) => [...chunk]));
  }

  /** The last chunk that does not begin behind the key: where the key is or belongs. */
  #chunkOf(key: Uint8Array): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [first] = this.#chunks[middle] as StoreEntry[];
      if (Buffer.compare((first as StoreEntry).key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** Where the key is, or where it would have to be inserted. */
function placeIn(entries: readonly StoreEntry[], key: Uint8Array): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (Buffer.compare((entries[middle] as StoreEntry).key, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isAt(entry: StoreEntry | undefined, key: Uint8Array): entry is StoreEntry {
  return entry !== undefined && Buffer.compare(entry.key, key) === 0;
}
