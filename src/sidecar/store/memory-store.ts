// The store port in memory, for tests and the simulator, on a disk that can do whatever disks do: lose power in the middle of
// writing, fill up, refuse to read, flip a bit, lose the tail of its log, be slow, or be an old copy of itself.
import { HoldfastError, type Random, type Timers } from '../../core/index.ts';
import { ByteAccount, growthBy } from './memory-account.ts';
import { MemoryLog } from './memory-log.ts';
import type { SortedBytesMap } from './sorted-bytes-map.ts';
import type { Store, StoreEntry, StoreOperation, StoreRange } from './store.ts';

/** What is wrong with the disk; stays wrong when a store is opened again, and goes with every snapshot. */
interface DiskFaults {
  readonly capacityBytes: number;
  readonly failsToRead: (key: Uint8Array) => boolean;
  readonly slowSync: { readonly timers: Timers; readonly ms: number } | undefined;
}

const SOUND_DISK: DiskFaults = {
  capacityBytes: Number.POSITIVE_INFINITY,
  failsToRead: () => false,
  slowSync: undefined,
};

export class MemoryStore implements Store {
  readonly #log: MemoryLog;
  /** What reads see. */
  readonly #written: SortedBytesMap;
  /** Kept from the first question on. */
  #account: ByteAccount | undefined;
  #faults: DiskFaults;
  #failure: Error | undefined;
  #closed = false;
  /** Syncs that a slow disk has not ended yet. */
  readonly #syncing = new Set<Promise<void>>();

  private constructor(log: MemoryLog, faults: DiskFaults) {
    this.#log = log;
    this.#written = log.replay();
    this.#faults = faults;
  }

  static empty(): MemoryStore {
    return new MemoryStore(new MemoryLog(), SOUND_DISK);
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertReadable(key);
    return this.#written.get(key)?.slice();
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertOpen();
    for (const key of keys) this.#assertReadable(key);
    return keys.map((key) => this.#written.get(key)?.slice());
  }

  async *range(range: StoreRange): AsyncGenerator<StoreEntry> {
    this.#assertOpen();
    for (const { key, value } of this.#written.range(range)) {
      this.#assertReadable(key);
      yield { key: key.slice(), value: value.slice() };
    }
  }

  async write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void> {
    this.#assertOpen();
    this.#failWhenFull(operations);
    if (this.#failure !== undefined) throw writesRefused(this.#failure);
    // Copies, because the caller may use its buffers again.
    const own = operations.map(copyOf);
    for (const operation of own) {
      const before = this.#written.apply(operation);
      this.#account?.note(operation, before);
    }
    const end = this.#log.append(own);
    if (!options.sync) return;
    const { slowSync } = this.#faults;
    if (slowSync !== undefined) await this.#wait(slowSync.timers, slowSync.ms);
    this.#log.syncTo(end);
  }

  /** Waits for the syncs that were called before. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#syncing);
  }

  /** Closes this store, if it is open, and opens what it left behind; the disk is as it was. */
  async reopen(): Promise<MemoryStore> {
    await this.close();
    return this.snapshotWritten();
  }

  /**
   * What is found after a power cut now: everything up to the last write with `sync`. A new open store; this one goes on.
   * Kept for later, any number of stores can be opened from it: each `snapshotSynced` of it is a clone of its own.
   */
  snapshotSynced(): MemoryStore {
    return this.#snapshot(this.#log.synced);
  }

  /** What is found after the process died now: everything written, synced or not. A new open store; this one goes on. */
  snapshotWritten(): MemoryStore {
    return this.#snapshot(this.#log.synced + this.#log.unsynced);
  }

  /** What is found after a power cut in the middle of writing: of the writes that were not synced the first few, whole. */
  snapshotTorn(random: Random): MemoryStore {
    const kept = Math.floor(random.fraction() * (this.#log.unsynced + 1));
    return this.#snapshot(this.#log.synced + kept);
  }

  /**
   * What is found when the log lost its tail: nothing unsynced, and not the newest `writes` with what was synced before. Damage
   * reaches back MAX_SYNCED_WRITES_IN_LOG writes; older ones are safe.
   */
  snapshotTruncated(writes: number): MemoryStore {
    return this.#snapshot(this.#log.synced - writes);
  }

  /** Makes the next write and all later ones reject. A snapshot writes again. */
  failWrites(error: Error): void {
    this.#failure = error;
  }

  /**
   * Room for keys and values, in bytes. A write that would need more rejects, its cause an error with code ENOSPC, and so does
   * every later one until the store is opened again. A write that shrinks the store has room always.
   */
  setCapacity(bytes: number): void {
    this.#faults = { ...this.#faults, capacityBytes: bytes };
  }

  /** Makes reads of the keys that are chosen reject; asked at each read, so that dice can choose. `undefined` ends it. */
  failReads(chooses: ((key: Uint8Array) => boolean) | undefined): void {
    this.#faults = { ...this.#faults, failsToRead: chooses ?? SOUND_DISK.failsToRead };
  }

  /** Makes each sync take so long. What waits for its sync is lost in a power cut. `undefined` ends it. */
  slowSync(slow: { readonly timers: Timers; readonly ms: number } | undefined): void {
    this.#faults = { ...this.#faults, slowSync: slow };
  }

  /** Flips one bit of one value among those chosen, for good. Returns its key, or undefined when there is none. */
  flipBit(
    random: Random,
    chooses: (key: Uint8Array) => boolean = () => true,
  ): Uint8Array | undefined {
    const candidates = this.#written.entries.filter(
      ({ key, value }) => value.length > 0 && chooses(key),
    );
    const entry = candidates[Math.floor(random.fraction() * candidates.length)];
    if (entry === undefined) return undefined;
    const value = entry.value.slice();
    const bit = Math.floor(random.fraction() * value.length * 8);
    value[bit >>> 3] = (value[bit >>> 3] as number) ^ (1 << (bit & 7));
    this.#written.apply({ type: 'put', key: entry.key, value });
    this.#log.damage(entry.key, value);
    return entry.key.slice();
  }

  /** Bytes of all keys and values. */
  get bytesUsed(): number {
    return this.#counted.total;
  }

  /** The same by the letter with which a key begins. */
  get bytesByLetter(): ReadonlyMap<string, number> {
    return this.#counted.byLetter;
  }

  get #counted(): ByteAccount {
    this.#account ??= ByteAccount.of(this.#written.entries);
    return this.#account;
  }

  #snapshot(writes: number): MemoryStore {
    return new MemoryStore(this.#log.cut(writes), this.#faults);
  }

  #failWhenFull(operations: readonly StoreOperation[]): void {
    const { capacityBytes } = this.#faults;
    if (this.#failure !== undefined || capacityBytes === Number.POSITIVE_INFINITY) return;
    const growth = growthBy(operations, (key) => this.#written.get(key));
    if (growth > 0 && this.bytesUsed + growth > capacityBytes) {
      this.#failure = systemError('ENOSPC', 'No space left on device');
    }
  }

  #wait(timers: Timers, ms: number): Promise<void> {
    const waiting = new Promise<void>((resolve) => {
      timers.after(ms, resolve);
    });
    this.#syncing.add(waiting);
    return waiting.finally(() => this.#syncing.delete(waiting));
  }

  #assertOpen(): void {
    if (this.#closed) throw new HoldfastError('STORE_FAILED', 'The store is closed.');
  }

  #assertReadable(key: Uint8Array): void {
    this.#assertOpen();
    if (!this.#faults.failsToRead(key)) return;
    const cause = systemError('EIO', 'Input/output error');
    throw new HoldfastError('STORE_FAILED', `The store could not be read: ${cause.message}.`, {
      cause,
    });
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

/** An error as the operating system’s calls give it. */
function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function copyOf(operation: StoreOperation): StoreOperation {
  return operation.type === 'put'
    ? { type: 'put', key: operation.key.slice(), value: operation.value.slice() }
    : { type: 'delete', key: operation.key.slice() };
}
