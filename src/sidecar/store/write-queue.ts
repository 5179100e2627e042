// Puts writes in order and joins those that wait: one at a time reaches the disk, so a sync is shared by all that came meanwhile.
import type { StoreOperation } from './store.ts';

/** Bytes joined into one batch: as much as LevelDB itself joins. A single larger write still goes, alone. */
const MAX_BATCH_BYTES = 1024 * 1024;

export type WriteBatch = (
  operations: readonly StoreOperation[],
  options: { sync: boolean },
) => Promise<void>;

interface PendingWrite {
  readonly operations: readonly StoreOperation[];
  readonly sync: boolean;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The first failure is final: everything waiting and everything later rejects, each with what `refuse` makes of it. */
export class WriteQueue {
  readonly #writeBatch: WriteBatch;
  readonly #refuse: (cause: unknown) => Error;
  #waiting: PendingWrite[] = [];
  #running: Promise<void> | undefined;
  #failure: { readonly cause: unknown } | undefined;

  constructor(writeBatch: WriteBatch, refuse: (cause: unknown) => Error) {
    this.#writeBatch = writeBatch;
    this.#refuse = refuse;
  }

  write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#refuse(this.#failure.cause));
    return new Promise((resolve, reject) => {
      const bytes = operations.reduce((sum, operation) => sum + sizeOf(operation), 0);
      this.#waiting.push({ operations, sync: options.sync, bytes, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is waiting or on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // One tick later, so that writes called in one go share a batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch();
      try {
        await this.#writeBatch(
          batch.flatMap((write) => write.operations),
          { sync: batch.some((write) => write.sync) },
        );
        for (const write of batch) write.resolve();
      } catch (cause) {
        this.#failure = { cause };
        for (const write of [...batch, ...this.#waiting]) write.reject(this.#refuse(cause));
        this.#waiting = [];
      }
    }
    this.#running = undefined;
  }

  #takeBatch(): readonly PendingWrite[] {
    let count = 0;
    let bytes = 0;
    for (const write of this.#waiting) {
      bytes += write.bytes;
      if (count > 0 && bytes > MAX_BATCH_BYTES) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }
}

function sizeOf(operation: StoreOperation): number {
  return operation.key.length + (operation.type === 'put' ? operation.value.length : 0);
}
