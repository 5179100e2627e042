// In which order documents changed here: what a watch walks along. One entry a document counts, the newest; stale ones are skipped.
import type { DocumentKey } from '../values/ids.ts';

interface Entry {
  readonly version: number;
  readonly key: DocumentKey;
}

/** Stale entries are dropped when they outnumber the documents by this factor plus a floor, so that each costs its share once. */
const COMPACT_FACTOR = 2;
const COMPACT_FLOOR = 1024;

export class ChangeLog {
  #entries: Entry[] = [];
  readonly #newest = new Map<DocumentKey, number>();

  /** `version` is larger than every one before. */
  append(key: DocumentKey, version: number): void {
    this.#newest.set(key, version);
    this.#entries.push({ key, version });
    if (this.#entries.length > COMPACT_FACTOR * this.#newest.size + COMPACT_FLOOR) {
      this.#entries = this.#entries.filter((entry) => this.#isNewest(entry));
    }
  }

  /** Forgets a document. */
  drop(key: DocumentKey): void {
    this.#newest.delete(key);
  }

  /** Documents whose newest change is behind `version`, oldest first. */
  *since(version: number): Iterable<Entry> {
    for (let i = this.#firstBehind(version); i < this.#entries.length; i++) {
      const entry = this.#entries[i] as Entry;
      if (this.#isNewest(entry)) yield entry;
    }
  }

  #isNewest(entry: Entry): boolean {
    return this.#newest.get(entry.key) === entry.version;
  }

  #firstBehind(version: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#entries[middle] as Entry).version <= version) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
