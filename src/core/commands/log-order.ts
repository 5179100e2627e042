// The log of an attempt as it is read: its chunks in order, whatever order they came in, every line once, holes said as gaps. Pure.
import type { LogEntry } from '../values/command-values.ts';
import { chunkEnd, entryBytes, type LogChunk, seqAfter } from './log-chunk.ts';

export interface LogRange {
  /** The first line that is wanted; 1 for all. */
  readonly from: number;
  /** Entries, at most. */
  readonly limit: number;
  /** What they take together, at most; one is read in any case. */
  readonly maxBytes: number;
  /** True: nothing is read beyond a hole that may still be filled. */
  readonly stopAtHole: boolean;
}

export interface LogPage {
  readonly entries: readonly LogEntry[];
  /** Where to go on. */
  readonly nextSeq: number;
  /** True when all that is here was read. */
  readonly isEnd: boolean;
  /** True when the read ended in front of a hole. */
  readonly isHole: boolean;
  /** True when all was read and the log ends there for good. */
  readonly isFinal: boolean;
}

/** One page of the chunks of an attempt. */
export function readChunks(chunks: readonly LogChunk[], range: LogRange): LogPage {
  const entries: LogEntry[] = [];
  let nextSeq = range.from;
  let bytes = 0;
  for (const entry of entriesFrom(chunks, range.from)) {
    if (range.stopAtHole && entry.type === 'gap' && entry.reason === 'missing') {
      return { entries, nextSeq, isEnd: false, isHole: true, isFinal: false };
    }
    bytes += entryBytes(entry);
    const isFull = entries.length >= range.limit || (entries.length > 0 && bytes > range.maxBytes);
    if (isFull) return { entries, nextSeq, isEnd: false, isHole: false, isFinal: false };
    entries.push(entry);
    nextSeq = seqAfter(entry);
  }
  const isFinal = chunks.some((chunk) => chunk.isFinal && chunkEnd(chunk) <= nextSeq);
  return { entries, nextSeq, isEnd: true, isHole: false, isFinal };
}

/** Where to begin so that only so many lines are left, gaps between them not counted; `from` where there are fewer. */
export function seqOfLast(chunks: readonly LogChunk[], count: number, from: number): number {
  const lines = [...entriesFrom(chunks, from)].filter(({ type }) => type === 'line');
  return lines.length <= count ? from : (lines.at(-count)?.seq ?? from);
}

/** Entries from a number on, in order. */
function* entriesFrom(chunks: readonly LogChunk[], from: number): Iterable<LogEntry> {
  let next = from;
  for (const { entries } of chunks.toSorted((a, b) => a.first - b.first)) {
    for (const entry of entries) {
      const after = seqAfter(entry);
      if (after <= next) continue;
      if (entry.seq > next) {
        const count = entry.seq - next;
        yield { type: 'gap', seq: next, count, bytes: 0, atMs: 0, reason: 'missing' };
      }
      // Of a gap of which a part was read before.
      if (entry.seq < next) yield { ...entry, seq: next, ...partOf(entry, after - next) };
      else yield entry;
      next = after;
    }
  }
}

function partOf(entry: LogEntry, count: number): { count?: number; bytes?: number } {
  return entry.type === 'gap' ? { count, bytes: 0 } : {};
}
