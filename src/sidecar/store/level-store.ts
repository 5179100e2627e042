// The store port on LevelDB, with the guards that its habits call for.
import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { HoldfastError } from '../../core/index.ts';
import { createFileDurably, errorCode } from '../durable-file.ts';
import { explainOpenFailure } from './level-open-failure.ts';
import type { Store, StoreEntry, StoreOperation, StoreRange } from './store.ts';
import { WriteQueue } from './write-queue.ts';

/** Says that a store was created here. LevelDB alone takes a directory that lost its CURRENT file for a new one. */
const MARKER_FILE = 'HOLDFAST';
const MARKER_TEXT =
  'A holdfast store lives here. Deleting single files of this directory loses data.\n';
const MARKER_MODE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

type Database = Level<Uint8Array, Uint8Array>;

/** Opens the store in a directory; creates it at the first start. Rejects with StartupError. */
export async function openLevelStore(directory: string): Promise<Store> {
  try {
    await mkdir(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    const createIfMissing = !(await hasMarker(directory));
    const database: Database = new Level(directory, {
      keyEncoding: 'view',
      valueEncoding: 'view',
      createIfMissing,
    });
    await database.open();
    try {
      if (createIfMissing) await writeMarker(directory);
    } catch (error) {
      await database.close();
      throw error;
    }
    return new LevelStore(database);
  } catch (error) {
    throw explainOpenFailure(error, directory);
  }
}

/** Makes a store of whatever can still be read in the directory. What LevelDB cannot read is moved to its folder `lost`. */
export async function rebuildLevelStore(directory: string): Promise<void> {
  try {
    // The types of the package leave it out, because its store for browsers has none.
    const repair: unknown = Reflect.get(Level, 'repair');
    if (typeof repair !== 'function') throw new Error('this version of level cannot repair');
    await Reflect.apply(repair, Level, [directory]);
  } catch (error) {
    throw explainOpenFailure(error, directory);
  }
}

class LevelStore implements Store {
  readonly #database: Database;
  readonly #writes: WriteQueue;
  #closing: Promise<void> | undefined;

  constructor(database: Database) {
    this.#database = database;
    // LevelDB goes on acknowledging after a failed write and loses what it acknowledged; the queue does not.
    this.#writes = new WriteQueue(
      (operations, options) => database.batch(operations.map(toLevelOperation), options),
      writesRefused,
    );
  }

  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    return plain(await this.#database.get(key).catch(readFailed));
  }

  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    this.#assertOpen();
    const values = await this.#database.getMany([...keys]).catch(readFailed);
    return values.map(plain);
  }

  async *range(range: StoreRange): AsyncGenerator<StoreEntry> {
    this.#assertOpen();
    const { from, to, reverse = false, limit } = range;
    const entries = this.#database.iterator({
      gte: from,
      lt: to,
      reverse,
      ...(limit === undefined ? {} : { limit }),
    });
    try {
      for (;;) {
        const entry = await entries.next().catch(readFailed);
        if (entry === undefined) return;
        yield { key: plain(entry[0]), value: plain(entry[1]) };
      }
    } finally {
      // Also when the reader stops early: an open iterator keeps old files alive.
      await entries.close();
    }
  }

  async write(operations: readonly StoreOperation[], options: { sync: boolean }): Promise<void> {
    this.#assertOpen();
    await this.#writes.write(operations, options);
  }

  async approximateBytes({ from, to }: StoreRange): Promise<number> {
    this.#assertOpen();
    // The types of the package leave it out, because its store for browsers has none.
    const measure: unknown = Reflect.get(this.#database, 'approximateSize');
    if (typeof measure !== 'function') throw new Error('this version of level tells no sizes');
    return Number(await Reflect.apply(measure, this.#database, [from, to]).catch(readFailed));
  }

  /** Waits for the writes that were called before. */
  close(): Promise<void> {
    this.#closing ??= this.#writes.idle().then(() => this.#database.close());
    return this.#closing;
  }

  #assertOpen(): void {
    if (this.#closing !== undefined)
      throw new HoldfastError('STORE_FAILED', 'The store is closed.');
  }
}

function toLevelOperation(operation: StoreOperation) {
  return operation.type === 'put'
    ? { type: 'put' as const, key: operation.key, value: operation.value }
    : { type: 'del' as const, key: operation.key };
}

/** The same bytes as Uint8Array: LevelDB gives Buffers, which compare and print differently. */
function plain(bytes: Uint8Array): Uint8Array;
function plain(bytes: Uint8Array | undefined): Uint8Array | undefined;
function plain(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes && new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readFailed(cause: unknown): never {
  throw new HoldfastError('STORE_FAILED', `The store could not be read: ${messageOf(cause)}.`, {
    cause,
  });
}

function writesRefused(cause: unknown): HoldfastError {
  return new HoldfastError(
    'STORE_FAILED',
    `Nothing was written: ${messageOf(cause)}. The store takes no writes until it is opened again.`,
    { cause },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function hasMarker(directory: string): Promise<boolean> {
  try {
    await access(join(directory, MARKER_FILE));
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function writeMarker(directory: string): Promise<void> {
  const path = join(directory, MARKER_FILE);
  await createFileDurably({
    path,
    content: MARKER_TEXT,
    mode: MARKER_MODE,
    temporaryPath: `${path}.tmp`,
  });
}
