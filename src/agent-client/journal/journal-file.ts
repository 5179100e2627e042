// The journal of an agent on disk: appended to and synced before anything depends on it, written anew when it has grown.
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import process from 'node:process';
import type { CommandReport } from '../commands/command-values.ts';
import type { Clock } from '../environment.ts';
import { HoldfastClientError } from '../error.ts';
import { type CommandJournal, JournalEntries, type JournalEntry } from './command-journal.ts';
import { lockJournal } from './journal-lock.ts';
import {
  endedRecord,
  headerRecord,
  readJournal,
  recordsOf,
  reportedRecord,
  startedRecord,
} from './journal-records.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
/** A file that grew by this, and doubled, is written anew. */
const LEAST_GROWTH_BYTES = 1024 * 1024;
/** Ten thousand commands with a sentence each are a tenth of it; whoever has more has no journal there. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** A record on its way to the disk. */
interface Waiting {
  readonly record: string;
  readonly isSynced: boolean;
  /** Called before the record counts as written. */
  readonly note: () => void;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Opened {
  readonly claimant: string;
  readonly entries: JournalEntries;
  readonly bytes: number;
  readonly unlock: () => void;
}

/**
 * Opens the journal, or makes one that bears the name `freshClaimant`. Throws HoldfastClientError when it is damaged (`data_loss`), when
 * another process uses it (`failed_precondition`), or cannot be read or made (`permission_denied`, `unavailable`).
 */
export function openJournal(path: string, freshClaimant: string, clock: Clock): JournalFile {
  try {
    return new JournalFile(path, openOnDisk(path, freshClaimant), clock);
  } catch (error) {
    if (error instanceof HoldfastClientError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new HoldfastClientError(
      'failed_precondition',
      `the journal ${path} cannot be used, so no command is run: ${why}`,
      { cause: error },
    );
  }
}

function openOnDisk(path: string, freshClaimant: string): Opened {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
  const unlock = lockJournal(path);
  try {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) make(path, freshClaimant);
    if (statSync(path).size > MAX_FILE_BYTES) {
      throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
    }
    const entries = new JournalEntries();
    const { claimant, wholeBytes } = readJournal(readFileSync(path), path, entries);
    return { claimant, entries, bytes: wholeBytes, unlock };
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Whole or not at all, also when the power goes. */
function make(path: string, claimant: string): void {
  const half = `${path}.new`;
  write(half, [headerRecord(claimant)]);
  linkSync(half, path);
  unlinkSync(half);
  syncFolder(path);
}

/** Returns how many bytes it has. */
function write(path: string, records: Iterable<string>): number {
  const file = openSync(path, 'w', FILE_MODE);
  let bytes = 0;
  try {
    for (const record of records) bytes += writeAll(file, Buffer.from(record));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return bytes;
}

function writeAll(file: number, bytes: Buffer): number {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
  return bytes.length;
}

function syncFolder(path: string): void {
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

export class JournalFile implements CommandJournal {
  readonly claimant: string;
  readonly isDurable = true;
  readonly #path: string;
  readonly #entries: JournalEntries;
  readonly #clock: Clock;
  readonly #unlock: () => void;
  /** Bytes that are known to be whole; what is behind them is cut off before the next write. */
  #bytes: number;
  #compactBytes: number;
  #file: FileHandle | undefined;
  #isTorn = true;
  #isClosed = false;
  /** In order; never longer than what is under way in the agent. */
  readonly #waiting: Waiting[] = [];
  /** While records are written. Never rejects. */
  #writing: Promise<void> | undefined;

  constructor(path: string, { claimant, entries, bytes, unlock }: Opened, clock: Clock) {
    this.#path = path;
    this.claimant = claimant;
    this.#entries = entries;
    this.#bytes = bytes;
    this.#compactBytes = 0;
    this.#unlock = unlock;
    this.#clock = clock;
    process.once('exit', this.#unlock);
  }

  get(id: string): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  started(id: string, attempt: number, expiresMs: number): Promise<void> {
    return this.#append(startedRecord(id, attempt, expiresMs), true, () =>
      this.#entries.started(id, attempt, expiresMs),
    );
  }

  ended(id: string, report: CommandReport): Promise<void> {
    return this.#append(endedRecord(id, report), true, () => this.#entries.ended(id, report));
  }

  reported(id: string): void {
    const note = () => this.#entries.reported(id);
    // A record that is lost costs a report that is made twice, which is harmless.
    void this.#append(reportedRecord(id), false, note).catch(note);
  }

  /** A second call does the same. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
    process.off('exit', this.#unlock);
    this.#unlock();
  }

  #append(record: string, isSynced: boolean, note: () => void): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error(`the journal ${this.#path} is closed`));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ record, isSynced, note, resolve, reject });
    this.#writing ??= this.#writeAll();
    return promise;
  }

  /** What comes while the disk is busy waits, and is written and synced together. Never rejects. */
  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const records = this.#waiting.splice(0);
      try {
        const text = records.map(({ record }) => record).join('');
        await this.#write(
          text,
          records.some(({ isSynced }) => isSynced),
        );
      } catch (error) {
        for (const { reject } of records) reject(error);
        continue;
      }
      for (const { note, resolve } of records) {
        note();
        resolve();
      }
      this.#compact();
    }
    this.#writing = undefined;
  }

  async #write(records: string, isSynced: boolean): Promise<void> {
    this.#file ??= await open(this.#path, 'r+');
    if (this.#isTorn) await this.#file.truncate(this.#bytes);
    this.#isTorn = true;
    const bytes = Buffer.from(records);
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(
        bytes,
        at,
        bytes.length - at,
        this.#bytes + at,
      );
      at += bytesWritten;
    }
    if (isSynced) await this.#file.datasync();
    this.#bytes += bytes.length;
    this.#isTorn = false;
  }

  /** Synchronous: it is rare, and nothing may be appended in the middle of it. */
  #compact(): void {
    if (this.#bytes < Math.max(LEAST_GROWTH_BYTES, 2 * this.#compactBytes)) return;
    this.#entries.forget(this.#clock.now().wallMs);
    const half = `${this.#path}.new`;
    const old = this.#file;
    try {
      const bytes = write(half, [headerRecord(this.claimant), ...recordsOf(this.#entries)]);
      renameSync(half, this.#path);
      this.#bytes = bytes;
      this.#compactBytes = bytes;
      this.#file = undefined;
      void old?.close();
      syncFolder(this.#path);
    } catch {
      // It goes on in the old file, and tries again when that has grown once more.
      this.#compactBytes = this.#bytes;
    }
  }
}
