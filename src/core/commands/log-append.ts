// What becomes of lines that an agent appends: those that are new go behind the newest chunk, those that do not fit become gaps. Pure.

import { utf8 } from '../values/bytes.ts';
import type { GapReason, LogEntry, LogGap, LogLine } from '../values/command-values.ts';
import type { DroppedLines, DropReason } from './command-tally.ts';
import { chunkEnd, entryBytes, GAP_BYTES, type LogChunk } from './log-chunk.ts';

/** Text of one line. What is longer is cut, and says so. */
export const MAX_LINE_BYTES = 4 * 1024;
/** What a chunk holds: it is sent whole when it is founded anew, and read whole. */
export const MAX_CHUNK_BYTES = 8 * 1024;
/** What is kept of an attempt from its beginning. Of what follows, the newest lines that fit one chunk are kept besides. */
export const MAX_ATTEMPT_LINES = 10_000;
export const MAX_ATTEMPT_BYTES = 1024 * 1024;

/** The newest chunk of an attempt. */
export interface LogEnd {
  /** Counts the chunks from 0. */
  readonly number: number;
  readonly chunk: LogChunk;
}

export interface Appended {
  /** In ascending order of their numbers. */
  readonly lines: readonly Omit<LogLine, 'type'>[];
  readonly isFinal: boolean;
  /** What of them may be written now, in bytes; of more the newest are kept. */
  readonly allowedBytes: number;
  readonly expiresAtMs: number;
  /** When gaps are said to begin. */
  readonly nowMs: number;
}

export interface AppendOutcome {
  /** Chunks to be written, new ones and the open one. */
  readonly writes: readonly LogEnd[];
  /** Of the next line that is new. */
  readonly nextSeq: number;
  /** What the lines that are written take. */
  readonly bytes: number;
  /** Lines that are gaps from now on. */
  readonly dropped: DroppedLines;
}

/** Where lines go in while chunks are filled one after the other. */
class Filling {
  readonly #full: LogEnd[] = [];
  readonly #expiresAtMs: number;
  #number: number;
  /** What the open chunk is besides its entries. */
  #head: Omit<LogChunk, 'entries'>;
  #entries: LogEntry[];
  #lines: number;
  #bytes: number;
  #isChanged = false;
  readonly #dropped: Record<DropReason, number> = { limit: 0, rate: 0, lost: 0 };

  constructor(end: LogEnd | undefined, expiresAtMs: number) {
    this.#expiresAtMs = expiresAtMs;
    this.#number = end?.number ?? 0;
    this.#head = end?.chunk ?? this.#fresh(1, 0, 0, false);
    this.#entries = [...(end?.chunk.entries ?? [])];
    this.#lines = linesOf(this.#entries);
    this.#bytes = sizeOf(this.#entries);
  }

  get nextSeq(): number {
    return chunkEnd({ first: this.#head.first, entries: this.#entries });
  }

  get dropped(): DroppedLines {
    return { ...this.#dropped };
  }

  line(line: LogLine): void {
    const bytes = entryBytes(line);
    if (!this.#head.isTail) {
      const isFull = this.#bytes + bytes > MAX_CHUNK_BYTES && this.#entries.length > 0;
      if (this.#isBeyond(bytes)) this.#begin(true);
      else if (isFull) this.#begin(false);
    }
    this.#add(line, bytes);
    this.#lines++;
  }

  gap(gap: LogGap & { readonly reason: DropReason }): void {
    this.#dropped[gap.reason] += gap.count;
    const last = this.#entries.at(-1);
    this.#isChanged = true;
    if (last?.type === 'gap' && last.reason === gap.reason)
      this.#entries.splice(-1, 1, sum(last, gap));
    else this.#add(gap, entryBytes(gap));
  }

  /** What is to be written. */
  writes(isFinal: boolean): LogEnd[] {
    if (!this.#isChanged && !isFinal) return this.#full;
    const entries = this.#head.isTail ? newestOf(this.#entries) : this.#entries;
    this.#dropped.limit += linesOf(this.#entries) - linesOf(entries);
    return [...this.#full, { number: this.#number, chunk: { ...this.#head, entries, isFinal } }];
  }

  #add(entry: LogEntry, bytes: number): void {
    this.#entries.push(entry);
    this.#bytes += bytes;
    this.#isChanged = true;
  }

  #isBeyond(bytes: number): boolean {
    const { linesBefore, bytesBefore } = this.#head;
    const isLong = linesBefore + this.#lines >= MAX_ATTEMPT_LINES;
    return isLong || bytesBefore + this.#bytes + bytes > MAX_ATTEMPT_BYTES;
  }

  #begin(isTail: boolean): void {
    const { linesBefore, bytesBefore } = this.#head;
    const head = this.#fresh(
      this.nextSeq,
      linesBefore + this.#lines,
      bytesBefore + this.#bytes,
      isTail,
    );
    if (this.#entries.length > 0) {
      if (this.#isChanged) {
        this.#full.push({ number: this.#number, chunk: { ...this.#head, entries: this.#entries } });
      }
      this.#number++;
    }
    this.#head = head;
    this.#entries = [];
    this.#lines = 0;
    this.#bytes = 0;
    this.#isChanged = false;
  }

  #fresh(
    first: number,
    linesBefore: number,
    bytesBefore: number,
    isTail: boolean,
  ): Omit<LogChunk, 'entries'> {
    const expiresAtMs = this.#expiresAtMs;
    return { first, linesBefore, bytesBefore, isTail, isFinal: false, expiresAtMs };
  }
}

/** `end` must not be final. Lines that were appended before are left out, so that a retry repeats nothing. */
export function appendLines(end: LogEnd | undefined, step: Appended): AppendOutcome {
  const filling = new Filling(end, step.expiresAtMs);
  const known = filling.nextSeq;
  const fresh = step.lines
    .filter(({ seq }) => seq >= known)
    .map((line): LogLine => ({ ...line, type: 'line', text: cutText(line.text) }));
  const kept = newestWithin(fresh, step.allowedBytes);
  let bytes = 0;
  for (const [index, line] of fresh.entries()) {
    const { nextSeq } = filling;
    if (line.seq > nextSeq) {
      filling.gap(gapAt(nextSeq, line.seq - nextSeq, 0, step.nowMs, 'lost'));
    }
    if (index < fresh.length - kept) {
      filling.gap(gapAt(line.seq, 1, entryBytes(line), step.nowMs, 'rate'));
    } else {
      bytes += entryBytes(line);
      filling.line(line);
    }
  }
  const writes = filling.writes(step.isFinal);
  return { writes, nextSeq: filling.nextSeq, bytes, dropped: filling.dropped };
}

/** The text of a line, cut where it is too long, never within a character. */
export function cutText(text: string): string {
  const bytes = utf8(text);
  if (bytes.length <= MAX_LINE_BYTES) return text;
  const kept = MAX_LINE_BYTES - 32;
  const cut = new TextDecoder().decode(bytes.subarray(0, kept)).replace(/\uFFFD+$/, '');
  return `${cut}… (${bytes.length - kept} bytes cut)`;
}

/** How many of the newest lines fit. */
function newestWithin(lines: readonly LogLine[], allowedBytes: number): number {
  let left = allowedBytes;
  let count = 0;
  for (const line of lines.toReversed()) {
    left -= entryBytes(line);
    if (left < 0) break;
    count++;
  }
  return count;
}

/** What fits a chunk of the newest entries: those before them are one gap. */
function newestOf(entries: readonly LogEntry[]): readonly LogEntry[] {
  if (sizeOf(entries) <= MAX_CHUNK_BYTES) return entries;
  let bytes = GAP_BYTES;
  let kept = 0;
  for (const entry of entries.toReversed()) {
    bytes += entryBytes(entry);
    if (bytes > MAX_CHUNK_BYTES) break;
    kept++;
  }
  const [first, ...more] = entries.slice(0, entries.length - kept).map(gapOf);
  const gap = first && { ...more.reduce(sum, first), reason: 'limit' as const };
  return [...(gap === undefined ? [] : [gap]), ...entries.slice(entries.length - kept)];
}

function gapOf(entry: LogEntry): LogGap {
  if (entry.type === 'gap') return entry;
  return gapAt(entry.seq, 1, entryBytes(entry), entry.atMs, 'limit');
}

function gapAt<Reason extends GapReason>(
  seq: number,
  count: number,
  bytes: number,
  atMs: number,
  reason: Reason,
): LogGap & { readonly reason: Reason } {
  return { type: 'gap', seq, count, bytes, atMs, reason };
}

/** Two gaps, one behind the other, as one. */
function sum(gap: LogGap, next: LogGap): LogGap {
  return { ...gap, count: gap.count + next.count, bytes: gap.bytes + next.bytes };
}

function linesOf(entries: readonly LogEntry[]): number {
  return entries.filter(({ type }) => type === 'line').length;
}

function sizeOf(entries: readonly LogEntry[]): number {
  return entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
}
