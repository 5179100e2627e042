// The audit log in files: entries gather, are chained by hash, signed and synced together, and old files make room for new ones.
//
//   record ─► queue ─► write: [new file] entries, seal ─► synced ─► listeners
//                 └──failed: kept, tried again; beyond the limit counted, and the next entry says so
import {
  type Clock,
  type Crypto,
  hlcTick,
  type QueueFigure,
  type Signer,
  type Timers,
  toHex,
  utf8,
} from '../../core/index.ts';
import { errorCode } from '../durable-file.ts';
import { isCounted } from './audit-events.ts';
import type { AuditFiles } from './audit-files.ts';
import { AUDIT_FORMAT, encodeLine, sealedBytes } from './audit-line.ts';
import { type AuditEntry, type AuditLog, BY_SIDECAR } from './audit-log.ts';
import { type AuditTail, findTail } from './audit-tail.ts';
import { Repetitions } from './repetitions.ts';

const MAX_QUEUED = 1000;
const MAX_BATCH = 256;
const RETRY_MS = 5_000;
const COUNT_SPAN_MS = 10 * 60_000;
const MAX_FIELDS = 12;
const MAX_FIELD_NAME = 40;
const MAX_TEXT = 256;

export interface AuditLimits {
  /** A file that has so many bytes is followed by the next. */
  readonly fileBytes: number;
  /** Files kept, at least 2; the oldest makes room. */
  readonly files: number;
}

export const DEFAULT_AUDIT_LIMITS: AuditLimits = { fileBytes: 1024 * 1024, files: 16 };

export interface FileAuditLogParts {
  readonly files: AuditFiles;
  /** The node's key. */
  readonly signer: Signer;
  /** Public signing key in hex that the node had before: a log of that key goes on in the next file. */
  readonly nodeBefore?: string | undefined;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly limits?: AuditLimits;
}

interface Queued {
  readonly entry: AuditEntry;
  readonly wallMs: number;
}

/** The newest entry that is on the disk, and the hash of the newest line: whoever notes both can tell later that nothing was cut off. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

export class FileAuditLog implements AuditLog {
  readonly #parts: FileAuditLogParts;
  readonly #limits: AuditLimits;
  /** Public signing key in hex. */
  readonly node: string;
  readonly #repetitions = new Repetitions(COUNT_SPAN_MS);
  readonly #listeners = new Set<() => void>();
  #queue: Queued[] = [];
  #tail: AuditTail | undefined;
  /** What was found at the start and is to be said in the next entries. */
  #notes: readonly AuditEntry[] = [];
  #lost = 0;
  #dropped = 0;
  #failures = 0;
  #lostSinceMs = 0;
  #trouble: string | undefined;
  #running: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;
  #cancelCount: (() => void) | undefined;
  #closed = false;

  constructor(parts: FileAuditLogParts) {
    this.#parts = parts;
    this.#limits = parts.limits ?? DEFAULT_AUDIT_LIMITS;
    this.node = toHex(parts.signer.publicKey);
  }

  record(entry: AuditEntry): void {
    if (this.#closed) return;
    const { monotonicMs } = this.#parts.clock.now();
    if (isCounted(entry.event) && !this.#repetitions.take(entry, monotonicMs)) return;
    this.#enqueue(entry);
    if (isCounted(entry.event)) this.#armCount();
  }

  /** Undefined before the first entry is on the disk. */
  get head(): AuditHead | undefined {
    return this.#tail && { seq: this.#tail.nextSeq - 1, hash: this.#tail.head };
  }

  get files(): AuditFiles {
    return this.#parts.files;
  }

  /** The files whose lines are chained and signed, and how far the last one is. */
  get written(): Pick<AuditTail, 'files' | 'offset' | 'nextSeq'> {
    return this.#tail ?? { files: [], offset: 0, nextSeq: 1 };
  }

  /** Entries on the disk, writes that failed, and what waits to be written. */
  get figures(): {
    readonly entries: number;
    readonly failures: number;
    readonly queue: QueueFigure;
  } {
    return {
      entries: this.head?.seq ?? 0,
      failures: this.#failures,
      queue: { depth: this.#queue.length, capacity: MAX_QUEUED, drops: this.#dropped },
    };
  }

  /** What an operator should know of, one sentence each. */
  warnings(): readonly string[] {
    if (this.#trouble === undefined) return [];
    const lost = this.#lost === 0 ? '' : ` ${this.#lost} entries are lost so far.`;
    return [`The audit log cannot be written: ${this.#trouble}. It is tried on.${lost}`];
  }

  /** Calls back after entries were written. Returns how to stop it. */
  onWritten(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when nothing is being written: all is on the disk, or could not be. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** Writes what waits, once, and ends. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return this.idle();
    this.#cancelCount?.();
    for (const entry of this.#repetitions.due(0, true)) this.#enqueue(entry);
    this.#closed = true;
    await this.idle();
    this.#cancelRetry?.();
    if (this.#queue.length > 0 && this.#trouble !== undefined) {
      this.#cancelRetry = undefined;
      this.#schedule();
      await this.idle();
    }
    this.#cancelRetry?.();
  }

  #enqueue(entry: AuditEntry): void {
    const { wallMs } = this.#parts.clock.now();
    if (this.#queue.length >= MAX_QUEUED) {
      if (this.#lost === 0) this.#lostSinceMs = wallMs;
      this.#lost++;
      this.#dropped++;
      return;
    }
    this.#queue.push({ entry: bounded(entry), wallMs });
    if (this.#cancelRetry === undefined) this.#schedule();
  }

  #armCount(): void {
    if (this.#cancelCount !== undefined || this.#closed) return;
    const { clock, timers } = this.#parts;
    const inMs = this.#repetitions.nextInMs(clock.now().monotonicMs);
    if (inMs === undefined) return;
    this.#cancelCount = timers.after(inMs, () => {
      this.#cancelCount = undefined;
      const due = this.#repetitions.due(clock.now().monotonicMs);
      for (const entry of due) this.#enqueue(entry);
      this.#armCount();
    });
  }

  #schedule(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // Whatever else is recorded in this moment shares the write.
    await Promise.resolve();
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue.slice(0, MAX_BATCH);
        await this.#write(batch);
        this.#queue = this.#queue.slice(batch.length);
        this.#trouble = undefined;
        for (const listener of [...this.#listeners]) listener();
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#running = undefined;
    }
  }

  #failed(error: unknown): void {
    this.#failures++;
    this.#trouble = error instanceof Error ? error.message : String(error);
    // Whoever took the newest file away finds the next one in its place, and the gap stays visible.
    if (errorCode(error) === 'ENOENT' && this.#tail !== undefined) {
      this.#tail = { ...this.#tail, offset: 0 };
    }
    if (this.#closed) return;
    this.#cancelRetry = this.#parts.timers.after(RETRY_MS, () => {
      this.#cancelRetry = undefined;
      this.#schedule();
    });
  }

  async #write(batch: readonly Queued[]): Promise<void> {
    const { files, crypto, clock } = this.#parts;
    if (this.#tail === undefined) {
      const found = await findTail(files, crypto, [this.node, this.#parts.nodeBefore]);
      this.#tail = found.tail;
      this.#notes = found.notes;
    }
    const notes = [...this.#notes];
    const lost = this.#lost;
    if (lost > 0) notes.push(this.#lossNote());
    const retired = this.#retired(this.#tail);
    if (retired !== undefined) notes.push(retired.note);
    const { wallMs } = clock.now();
    const entries = [...notes.map((entry) => ({ entry, wallMs })), ...batch];
    const { file, bytes, next } = this.#encode(this.#tail, entries);
    const at = this.#begins(this.#tail) ? 0 : this.#tail.offset;
    const cut = await files.write(file, at, bytes);
    const kept = retired === undefined ? next.files : next.files.slice(retired.count);
    this.#tail = { ...next, files: kept };
    this.#lost -= lost;
    this.#notes = [];
    for (const old of next.files.slice(0, retired?.count ?? 0)) await files.remove(old.file);
    if (cut > 0 && this.#trouble === undefined && !notes.some(isRecovery))
      this.#noteForeign(file, cut);
  }

  #noteForeign(file: number, bytes: number): void {
    const what = { file: String(file), bytes: String(bytes) };
    this.#queue.push(this.#stamped({ event: 'audit.foreign_bytes', by: BY_SIDECAR, what }));
  }

  #stamped(entry: AuditEntry): Queued {
    return { entry, wallMs: this.#parts.clock.now().wallMs };
  }

  #lossNote(): AuditEntry {
    const since = new Date(this.#lostSinceMs).toISOString();
    const what = { entries: String(this.#lost), since, why: this.#trouble ?? 'too many at once' };
    return { event: 'audit.lost', by: BY_SIDECAR, what };
  }

  #begins({ offset }: AuditTail): boolean {
    return offset === 0 || offset >= this.#limits.fileBytes;
  }

  /** The files that must go before the next one is begun, and the entry that says so. */
  #retired(tail: AuditTail): { readonly count: number; readonly note: AuditEntry } | undefined {
    if (!this.#begins(tail)) return undefined;
    const count = tail.files.length + 1 - this.#limits.files;
    if (count <= 0) return undefined;
    const through = (tail.files[count]?.firstSeq ?? tail.nextSeq) - 1;
    const what = { through: String(through), files: String(count) };
    return { count, note: { event: 'audit.dropped', by: BY_SIDECAR, what } };
  }

  #encode(tail: AuditTail, entries: readonly Queued[]) {
    const { crypto, signer } = this.#parts;
    const begins = this.#begins(tail);
    const newest = tail.files.at(-1)?.file ?? 0;
    const file = begins ? newest + 1 : newest;
    let { head, nextSeq: seq, hlc } = tail;
    const texts: string[] = [];
    const push = ({ text, hash }: { text: string; hash: string }): void => {
      texts.push(`${text}\n`);
      head = hash;
    };
    if (begins) {
      push(encodeLine({ file, format: AUDIT_FORMAT, node: this.node, seq, prev: head }, crypto));
    }
    for (const { entry, wallMs } of entries) {
      hlc = hlcTick(hlc, wallMs);
      const at = new Date(wallMs).toISOString();
      const { event, by, what = {} } = entry;
      const line = { seq, at, hlc: String(hlc), event, by, what, prev: head };
      push(encodeLine(line, crypto));
      seq++;
    }
    const sig = toHex(signer.sign(sealedBytes(head)));
    push(encodeLine({ seal: seq - 1, prev: head, sig }, crypto));
    const bytes = utf8(texts.join(''));
    const files = begins ? [...tail.files, { file, firstSeq: tail.nextSeq }] : tail.files;
    const offset = (begins ? 0 : tail.offset) + bytes.length;
    return { file, bytes, next: { files, offset, nextSeq: seq, head, hlc } };
  }
}

function isRecovery({ event }: AuditEntry): boolean {
  return event === 'audit.recovered';
}

function bounded({ event, by, what = {} }: AuditEntry): AuditEntry {
  const fields = Object.entries(what)
    .slice(0, MAX_FIELDS)
    .map(([name, value]) => [name.slice(0, MAX_FIELD_NAME), shortened(value)] as const);
  return { event, by: shortened(by), what: Object.fromEntries(fields) };
}

function shortened(text: string): string {
  const whole = text.toWellFormed();
  return whole.length <= MAX_TEXT ? whole : `${whole.slice(0, MAX_TEXT - 1).toWellFormed()}…`;
}
