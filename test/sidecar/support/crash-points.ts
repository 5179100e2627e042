// A store that remembers what a crash and a power cut would have left after each of its writes.
import { createMemoryStore, type MemoryStore } from '../../../src/sidecar/store/memory-store.ts';
import type { Store, StoreOperation, StoreRange } from '../../../src/sidecar/store/store.ts';

export interface CrashPoint {
  /** What the next start finds after the process died here; a fresh store at each call. */
  afterKill(): MemoryStore;
  /** What it finds after a power cut here. */
  afterPowerCut(): MemoryStore;
}

export class CrashPoints implements Store {
  readonly #store: MemoryStore;
  /** After each write, in order. */
  readonly points: CrashPoint[] = [];

  constructor(store: MemoryStore = createMemoryStore()) {
    this.#store = store;
  }

  get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#store.get(key);
  }

  getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    return this.#store.getMany(keys);
  }

  range(range: StoreRange): ReturnType<Store['range']> {
    return this.#store.range(range);
  }

  async write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void> {
    await this.#store.write(operations, options);
    const written = this.#store.snapshotWritten();
    this.points.push({
      afterKill: () => written.snapshotWritten(),
      afterPowerCut: () => written.snapshotSynced(),
    });
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}
