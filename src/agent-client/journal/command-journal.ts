// What an agent remembers of the commands it began, so that none is run twice and none that ended is forgotten: as a type, and in memory.
import type { CommandReport } from '../commands/command-values.ts';

/** The newest attempt at one command. */
export interface JournalEntry {
  readonly attempt: number;
  /** How it ended; undefined while it runs, and when the process died in the middle of it. */
  readonly report: CommandReport | undefined;
  /** The sidecar has the report. */
  readonly isReported: boolean;
  /** When the command can no longer be offered, milliseconds since 1970. */
  readonly expiresMs: number;
}

export interface CommandJournal {
  /** Names this journal to the sidecar: what it claimed, its next process may go on with. */
  readonly claimant: string;
  /** Whether it outlives the process. */
  readonly isDurable: boolean;
  get(id: string): JournalEntry | undefined;
  /** Resolves when it is safe to begin. Rejects when it could not be written: then do not begin. */
  started(id: string, attempt: number, expiresMs: number): Promise<void>;
  /** Resolves when the end is safe. */
  ended(id: string, report: CommandReport): Promise<void>;
  /** The sidecar has the report. Lost in a crash it costs a report that is made twice. */
  reported(id: string): void;
  close(): Promise<void>;
}

/** As many commands as an agent remembers; the oldest that are reported go first. */
export const MAX_REMEMBERED = 10_000;
/** A clock that is wrong by less than this does not make an agent forget what can still be offered, milliseconds. */
const FORGET_AFTER_MS = 24 * 3_600_000;

/** The entries of a journal, bounded. */
export class JournalEntries {
  readonly #entries = new Map<string, JournalEntry>();

  get(id: string): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  started(id: string, attempt: number, expiresMs: number): void {
    this.#entries.delete(id);
    this.#entries.set(id, { attempt, report: undefined, isReported: false, expiresMs });
    if (this.#entries.size > MAX_REMEMBERED) this.#dropOldest();
  }

  ended(id: string, report: CommandReport): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#entries.set(id, { ...entry, report });
  }

  /** The result is the sidecar's from now on; that it ended, and how, is enough to know here. */
  reported(id: string): void {
    const entry = this.#entries.get(id);
    if (entry?.report === undefined) return;
    const { state, message } = entry.report;
    const report = { state, ...(message !== undefined && { message }) };
    this.#entries.set(id, { ...entry, report, isReported: true });
  }

  forget(nowMs: number): void {
    for (const [id, { expiresMs, isReported }] of this.#entries) {
      if (isReported && nowMs > expiresMs + FORGET_AFTER_MS) this.#entries.delete(id);
    }
  }

  all(): IterableIterator<[string, JournalEntry]> {
    return this.#entries.entries();
  }

  #dropOldest(): void {
    let oldest: string | undefined;
    for (const [id, { isReported }] of this.#entries) {
      oldest ??= id;
      if (!isReported) continue;
      oldest = id;
      break;
    }
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

/** For an agent without a journal: what its process knows ends with it. */
export class MemoryJournal implements CommandJournal {
  readonly claimant: string;
  readonly isDurable = false;
  readonly #entries = new JournalEntries();

  constructor(claimant: string) {
    this.claimant = claimant;
  }

  get(id: string): JournalEntry | undefined {
    return this.#entries.get(id);
  }

  async started(id: string, attempt: number, expiresMs: number): Promise<void> {
    this.#entries.started(id, attempt, expiresMs);
  }

  async ended(id: string, report: CommandReport): Promise<void> {
    this.#entries.ended(id, report);
  }

  reported(id: string): void {
    this.#entries.reported(id);
  }

  async close(): Promise<void> {}
}
