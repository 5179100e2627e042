// A piece of what an attempt wrote, as the document `command-logs/{agent}/{command}/{attempt}/{number}`: lines and gaps without holes.

import { utf8 } from '../values/bytes.ts';
import {
  GAP_REASONS,
  LOG_STREAMS,
  type LogEntry,
  type LogStream,
} from '../values/command-values.ts';
import type { JsonObject, JsonValue } from '../values/json.ts';

export const LOG_COLLECTION = 'command-logs';

export interface LogChunk {
  /** Of its first entry. */
  readonly first: number;
  readonly entries: readonly LogEntry[];
  /** What the chunks before it hold. */
  readonly linesBefore: number;
  readonly bytesBefore: number;
  /** True behind the limit of the attempt: older lines make room for newer ones. */
  readonly isTail: boolean;
  /** True when nothing follows. */
  readonly isFinal: boolean;
  /** Until when the command may be started: a log is kept for some time beyond it. Milliseconds since 1970. */
  readonly expiresAtMs: number;
}

const LETTER: Readonly<Record<LogStream, string>> = { stdout: 'o', stderr: 'e', event: 'v' };
const GAP_LETTER = 'g';
const STREAM = new Map(LOG_STREAMS.map((stream) => [LETTER[stream], stream]));
const ENTRY = /^([oevg])(-?\d{1,15}) ([\s\S]*)$/;
const GAP = /^(\d{1,12}) (\d{1,15}) ([a-z]{1,16})$/;
/** Digits of the numbers in ids, so that they sort. */
const ATTEMPT_DIGITS = 4;
const NUMBER_DIGITS = 6;

/** In front of the ids of an attempt's chunks. */
export function attemptPrefix(agent: string, id: string, attempt: number): string {
  return `${agent}/${id}/${String(attempt).padStart(ATTEMPT_DIGITS, '0')}/`;
}

/** `number` counts an attempt's chunks from 0. */
export function chunkId(agent: string, id: string, attempt: number, number: number): string {
  return attemptPrefix(agent, id, attempt) + String(number).padStart(NUMBER_DIGITS, '0');
}

export interface ChunkPlace {
  readonly agent: string;
  readonly id: string;
  readonly attempt: number;
  readonly number: number;
}

/** Where a chunk belongs by the id of its document; undefined for one that is none. */
export function parseChunkId(text: string): ChunkPlace | undefined {
  const [agent = '', id = '', attempt = '', number = '', rest] = text.split('/');
  const isNumber = [attempt, number].every((digits) => /^\d{1,9}$/.test(digits));
  if (rest !== undefined || !isNumber || agent === '' || id === '') return undefined;
  return { agent, id, attempt: Number(attempt), number: Number(number) };
}

/** Of the entry behind it. */
export function seqAfter(entry: LogEntry): number {
  return entry.seq + (entry.type === 'gap' ? entry.count : 1);
}

/** Of the entry behind the last one. */
export function chunkEnd({ first, entries }: Pick<LogChunk, 'first' | 'entries'>): number {
  const last = entries.at(-1);
  return last === undefined ? first : seqAfter(last);
}

/** What surrounds the text of a line: its stream, its time and its place in the list. */
const LINE_OVERHEAD_BYTES = 12;
/** What a gap takes of a chunk. */
export const GAP_BYTES = 48;

/** What an entry takes of a chunk, in bytes. */
export function entryBytes(entry: LogEntry): number {
  return entry.type === 'line' ? utf8(entry.text).length + LINE_OVERHEAD_BYTES : GAP_BYTES;
}

export function chunkToJson(chunk: LogChunk): JsonObject {
  const { first, entries, linesBefore, bytesBefore, isTail, isFinal, expiresAtMs } = chunk;
  const atMs = entries.find((entry) => entry.atMs > 0)?.atMs ?? 0;
  return {
    first,
    atMs,
    expiresAtMs,
    ...(linesBefore > 0 && { linesBefore, bytesBefore }),
    lines: entries.map((entry) => entryToText(entry, atMs)),
    ...(isTail && { tail: true }),
    ...(isFinal && { final: true }),
  };
}

/** A chunk as the sidecar of the agent wrote it; undefined when it is none. */
export function parseChunk(value: JsonObject): LogChunk | undefined {
  const { first, atMs, expiresAtMs, lines } = value;
  if (!isCount(first) || first < 1 || !isCount(atMs) || !Array.isArray(lines)) return undefined;
  const entries: LogEntry[] = [];
  let seq = first;
  for (const line of lines) {
    const entry = parseEntry(line, seq, atMs);
    if (entry === undefined) return undefined;
    entries.push(entry);
    seq = seqAfter(entry);
  }
  return {
    first,
    entries,
    linesBefore: isCount(value.linesBefore) ? value.linesBefore : 0,
    bytesBefore: isCount(value.bytesBefore) ? value.bytesBefore : 0,
    isTail: value.tail === true,
    isFinal: value.final === true,
    expiresAtMs: isCount(expiresAtMs) ? expiresAtMs : 0,
  };
}

/** Number of the first entry, without reading the others. */
export function firstOf(value: JsonObject): number | undefined {
  return isCount(value.first) ? value.first : undefined;
}

function entryToText(entry: LogEntry, baseMs: number): string {
  // A gap that nobody saw happen has no time; it is said as that of the chunk.
  const afterMs = entry.atMs === 0 ? 0 : entry.atMs - baseMs;
  if (entry.type === 'line') return `${LETTER[entry.stream]}${afterMs} ${entry.text}`;
  return `${GAP_LETTER}${afterMs} ${entry.count} ${entry.bytes} ${entry.reason}`;
}

function parseEntry(text: JsonValue, seq: number, baseMs: number): LogEntry | undefined {
  const [, letter = '', after = '', rest = ''] =
    (typeof text === 'string' && ENTRY.exec(text)) || [];
  const atMs = baseMs + Number(after);
  const stream = STREAM.get(letter);
  if (stream !== undefined) return { type: 'line', seq, stream, atMs, text: rest };
  const [, count, bytes, word] = GAP.exec(rest) ?? [];
  // What a later version may say is a gap all the same.
  const reason = GAP_REASONS.find((known) => known === word) ?? 'lost';
  if (letter !== GAP_LETTER || Number(count ?? 0) < 1) return undefined;
  return { type: 'gap', seq, count: Number(count), bytes: Number(bytes), atMs, reason };
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
