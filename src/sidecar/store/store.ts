// The store port: an ordered map from bytes to bytes. What is in it is none of its business.
//
// Contract, checked for every adapter by test/compliance/store-compliance.ts:
// - Keys sort by unsigned bytes. A range yields keys in that order, as they were when the range began.
// - `write` is atomic: after a crash all of its operations are there or none.
// - `write` with `sync: true` returns after the bytes survive a power cut. With `sync: false` they survive a crash of the
//   process, and whatever is synced later syncs them too.
// - Writes take effect in the order of the calls. A read sees every write that returned before it.
// - After a failed write every later write fails until the store is closed and opened again.
// - The opener closes. Using a closed store rejects with an error.

export type StoreOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'delete'; readonly key: Uint8Array };

export interface StoreRange {
  /** First key, inclusive. */
  readonly from: Uint8Array;
  /** Last key, exclusive. */
  readonly to: Uint8Array;
  /** Largest keys first. */
  readonly reverse?: boolean;
  /** At most so many entries. */
  readonly limit?: number;
}

export interface StoreEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export interface Store {
  /** The value, or undefined. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** Values in the order of the keys; undefined where there is none. */
  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]>;
  range(range: StoreRange): AsyncIterable<StoreEntry>;
  write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void>;
  /** About how much a range takes on the disk, not counting what was written last; left out by a store that lies on none. */
  approximateBytes?(range: Pick<StoreRange, 'from' | 'to'>): Promise<number>;
  close(): Promise<void>;
}

/** Opens the store of one place: at the start, and again after a failed write. The caller closes what it got before. */
export type OpenStore = () => Promise<Store>;
