// The disk beneath a store in memory: a table and, behind it, a log of the newest writes, whole ones, of which the last may not be
// synced yet. A cut through the log is what a crash or a damaged disk leaves.
import { SortedBytesMap } from './sorted-bytes-map.ts';
import type { StoreOperation } from './store.ts';

/** Synced writes that a damaged tail can still take; older ones are in the table for good. */
export const MAX_SYNCED_WRITES_IN_LOG = 64;

export class MemoryLog {
  /** Everything before the log. */
  readonly #table: SortedBytesMap;
  #writes: (readonly StoreOperation[])[];
  /** How many of them are synced, from the oldest. */
  #synced: number;
  /** Writes that were ever moved from the log to the table: turns a place in the log into a name that stays. */
  #moved = 0;

  constructor(
    table: SortedBytesMap = new SortedBytesMap(),
    writes: readonly (readonly StoreOperation[])[] = [],
    synced = 0,
  ) {
    this.#table = table;
    this.#writes = [...writes];
    this.#synced = synced;
  }

  get synced(): number {
    return this.#synced;
  }

  get unsynced(): number {
    return this.#writes.length - this.#synced;
  }

  /** Returns what to give to `syncTo`. */
  append(operations: readonly StoreOperation[]): number {
    return this.#moved + this.#writes.push(operations);
  }

  /** Everything up to that write survives a power cut. */
  syncTo(end: number): void {
    this.#synced = Math.max(this.#synced, end - this.#moved);
    const old = this.#synced - MAX_SYNCED_WRITES_IN_LOG;
    if (old <= 0) return;
    for (const operation of this.#writes.splice(0, old).flat()) this.#table.apply(operation);
    this.#synced -= old;
    this.#moved += old;
  }

  /** A copy with the first so many writes of its log. */
  cut(writes: number): MemoryLog {
    const kept = Math.max(0, Math.min(writes, this.#writes.length));
    const left = this.#writes.slice(0, kept);
    return new MemoryLog(this.#table.copy(), left, Math.min(this.#synced, kept));
  }

  /** All of it as one map. */
  replay(): SortedBytesMap {
    const map = this.#table.copy();
    for (const operation of this.#writes.flat()) map.apply(operation);
    return map;
  }

  /** Replaces the value that the newest write of a key left, as damage does: without a write. */
  damage(key: Uint8Array, value: Uint8Array): void {
    const writes = this.#writes.findLastIndex((one) => one.some((each) => isOf(each, key)));
    const newest = this.#writes[writes];
    if (newest === undefined) {
      this.#table.apply({ type: 'put', key, value });
      return;
    }
    const place = newest.findLastIndex((each) => isOf(each, key));
    // Copies have the same writes, and are not damaged.
    this.#writes[writes] = newest.with(place, { type: 'put', key, value });
  }
}

function isOf(operation: StoreOperation, key: Uint8Array): boolean {
  return Buffer.compare(operation.key, key) === 0;
}
