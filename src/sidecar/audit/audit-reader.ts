// Reads an audit log from a place on, step by step, also while it is being written.
import type { Crypto } from '../../core/index.ts';
import { errorCode } from '../durable-file.ts';
import { linesOf } from './audit-chain.ts';
import { decodeLine, MAX_LINE_BYTES } from './audit-line.ts';
import type { FileAuditLog } from './file-audit-log.ts';

/** A step of a read: some hundred entries. */
const STEP_BYTES = 2 * MAX_LINE_BYTES;

export interface AuditRow {
  /** 0 for a line that only chains or signs. */
  readonly seq: number;
  /** Milliseconds since 1970, as the wall clock said. */
  readonly wallMs: number;
  readonly event: string;
  readonly by: string;
  readonly what: Readonly<Record<string, string>>;
  /** The line as it lies in the file, without line end. */
  readonly line: string;
}

export interface AuditRange {
  /** Entries up to this number are left out. */
  readonly afterSeq: number;
  /** Entries from before are left out; undefined for none. */
  readonly sinceMs: number | undefined;
  /** With the lines that chain and sign, from the beginning of the file in which the first entry lies: so it can be verified. */
  readonly whole: boolean;
}

export class AuditReader {
  readonly #log: FileAuditLog;
  readonly #crypto: Crypto;
  readonly #range: AuditRange;
  #file: number | undefined;
  #offset = 0;

  constructor(log: FileAuditLog, crypto: Crypto, range: AuditRange) {
    this.#log = log;
    this.#crypto = crypto;
    this.#range = range;
  }

  /** The next rows; undefined when there are none now. Rejects where a file cannot be read. */
  async next(): Promise<readonly AuditRow[] | undefined> {
    this.#file ??= await this.#first();
    for (;;) {
      const { files, offset: end } = this.#log.written;
      // A file that was dropped meanwhile is left out; the entry that says so comes.
      const at = files.findIndex(({ file }) => file >= (this.#file ?? 0));
      const current = files[at]?.file;
      if (current === undefined) return undefined;
      if (current !== this.#file) [this.#file, this.#offset] = [current, 0];
      const isLast = at === files.length - 1;
      const limit = isLast ? Math.min(STEP_BYTES, end - this.#offset) : STEP_BYTES;
      const bytes = limit <= 0 ? new Uint8Array(0) : await this.#read(current, limit);
      const { lines } = linesOf(bytes);
      const read = lines.at(-1)?.end;
      if (read === undefined) {
        if (isLast) return undefined;
        [this.#file, this.#offset] = [current + 1, 0];
        continue;
      }
      this.#offset += read;
      const rows = lines.flatMap(({ text }) => this.#row(text));
      if (rows.length > 0) return rows;
    }
  }

  async #read(file: number, maxBytes: number): Promise<Uint8Array> {
    try {
      return await this.#log.files.read(file, this.#offset, maxBytes);
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return new Uint8Array(0);
      throw error;
    }
  }

  /** The last file in which everything wanted still lies behind its beginning. */
  async #first(): Promise<number | undefined> {
    const { afterSeq, sinceMs } = this.#range;
    const { files } = this.#log.written;
    let start = files[0]?.file;
    for (const { file, firstSeq } of files.slice(1)) {
      if (firstSeq > afterSeq + 1 && afterSeq > 0) break;
      if (afterSeq === 0 && sinceMs === undefined) break;
      if (sinceMs !== undefined && (await this.#beginsMs(file)) > sinceMs) break;
      start = file;
    }
    return start;
  }

  async #beginsMs(file: number): Promise<number> {
    const { lines } = linesOf(await this.#log.files.read(file, 0, STEP_BYTES));
    for (const { text } of lines) {
      const line = decodeLine(text, this.#crypto)?.line;
      if (line !== undefined && 'event' in line) return Date.parse(line.at);
    }
    return 0;
  }

  #row(text: string): AuditRow[] {
    const { afterSeq, sinceMs = 0, whole } = this.#range;
    const line = decodeLine(text, this.#crypto)?.line;
    if (line === undefined || !('event' in line)) {
      return whole ? [{ seq: 0, wallMs: 0, event: '', by: '', what: {}, line: text }] : [];
    }
    const { seq, event, by, what } = line;
    const wallMs = Date.parse(line.at);
    if (!whole && (seq <= afterSeq || wallMs < sinceMs)) return [];
    return [{ seq, wallMs, event, by, what, line: text }];
  }
}
