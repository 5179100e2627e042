// The store port in memory, for tests and the simulator: it can also lose power, crash and run out of disk.
import { HoldfastError } from '../../core/index.ts';
import { SortedBytesMap } from './sorted-bytes-map.ts';
import type { Store, StoreEntry, StoreOperation, StoreRange } from './store.ts';

export class MemoryStore implements Store {
  /** What reads see. */
  readonly #written: SortedBytesMap;
  /** What a power cut leaves: `#written` as of the last sync. */
  readonly #synced: SortedBytesMap;
  /** What lies between the two, in order. */
  #unsynced: StoreOperation[];
  #failure: Error | undefined;
  #closed = false;

  private constructor(synced: SortedBytesMap, unsynced: readonly StoreOperation[]) {
    this.#synced = synced;
    this.#unsynced = [...unsynced];
    this.#written = synced.copy();
    for (const operation of unsynced) this.#written.apply(operation);
  }

  static empty(): MemoryStore {
    return new MemoryStore(new SortedBytesMap(), []);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return this.#written.get(key)?.slice();
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertOpen();
    return keys.map((key) => this.#written.get(key)?.slice());
  }

  async *range(range: StoreRange): AsyncGenerator<StoreEntry> {
    this.#assertOpen();
    for (const { key, value } of this.#written.range(range)) {
      this.#assertOpen();
      yield { key: key.slice(), value: value.slice() };
    }
  }

  async write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void> {
    this.#assertOpen();
    if (this.#failure !== undefined) throw writesRefused(this.#failure);
    // Copies, because the caller may use its buffers again.
    const own = operations.map(copyOf);
    for (const operation of own) this.#written.apply(operation);
    this.#unsynced.push(...own);
    if (!options.sync) return;
    for (const operation of this.#unsynced) this.#synced.apply(operation);
    this.#unsynced = [];
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** What is found after a power cut now: everything up to the last write with `sync`. A new open store; this one goes on. */
  snapshotSynced(): MemoryStore {
    return new MemoryStore(this.#synced.copy(), []);
  }

  /** What is found after the process died now: everything written, synced or not. A new open store; this one goes on. */
  snapshotWritten(): MemoryStore {
    return new MemoryStore(this.#synced.copy(), this.#unsynced);
  }

  /** Makes the next write and all later ones reject, as a full disk does. A snapshot writes again. */
  failWrites(error: Error): void {
    this.#failure = error;
  }

  #assertOpen(): void {
    if (this.#closed) throw new HoldfastError('STORE_FAILED', 'The store is closed.');
  }
}

export function createMemoryStore(): MemoryStore {
  return MemoryStore.empty();
}

function writesRefused(cause: Error): HoldfastError {
  return new HoldfastError(
    'STORE_FAILED',
    `Nothing was written: ${cause.message}. The store takes no writes until it is opened again.`,
    { cause },
  );
}

function copyOf(operation: StoreOperation): StoreOperation {
  return operation.type === 'put'
    ? { type: 'put', key: operation.key.slice(), value: operation.value.slice() }
    : { type: 'delete', key: operation.key.slice() };
}
