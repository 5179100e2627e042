// The records of a journal file: one a line, each with a checksum before it, so that a damaged one is told from a whole one.
//
//   5f1c2a90 {"journal":"holdfast-commands","version":1,"claimant":"j-…"}
//   0a6e11d3 {"started":"<id>","attempt":1,"expires":1790000000000}
//   c4410e2b {"ended":"<id>","report":{"state":"succeeded","result":{…}}}
//   77d0be11 {"reported":"<id>"}
import { crc32 } from 'node:zlib';
import type { CommandReport } from '../commands/command-values.ts';
import { HoldfastClientError } from '../error.ts';
import type { JsonObject, JsonValue } from '../types.ts';
import type { JournalEntries } from './command-journal.ts';

const FORMAT = 'holdfast-commands';
const VERSION = 1;
const CHECKSUM_DIGITS = 8;
const REPORT_STATES = ['succeeded', 'failed', 'cancelled', 'timed_out', 'unknown'] as const;
const NEWLINE = 0x0a;
/** The sidecar takes half of it; a larger result would be refused after a restart as it was before. */
const MAX_RESULT_CHARACTERS = 64 * 1024;

export function headerRecord(claimant: string): string {
  return lineOf({ journal: FORMAT, version: VERSION, claimant });
}

export function startedRecord(id: string, attempt: number, expires: number): string {
  return lineOf({ started: id, attempt, expires });
}

export function endedRecord(id: string, { state, message, result }: CommandReport): string {
  const isKept = result !== undefined && JSON.stringify(result).length <= MAX_RESULT_CHARACTERS;
  const report: JsonObject = {
    state,
    ...(message !== undefined && { message }),
    ...(isKept && { result }),
  };
  return lineOf({ ended: id, report });
}

export function reportedRecord(id: string): string {
  return lineOf({ reported: id });
}

/** All that a journal must still know, as records. */
export function* recordsOf(entries: JournalEntries): Generator<string> {
  for (const [id, { attempt, report, isReported, expiresMs }] of entries.all()) {
    yield startedRecord(id, attempt, expiresMs);
    if (report !== undefined) yield endedRecord(id, report);
    if (isReported) yield reportedRecord(id);
  }
}

export interface JournalText {
  readonly claimant: string;
  /** Bytes of whole records: what is behind them was torn by a crash while it was written, and never counted. */
  readonly wholeBytes: number;
}

/** Reads a journal into `entries`. Throws HoldfastClientError `data_loss` for a file that is damaged, or no journal. */
export function readJournal(bytes: Buffer, path: string, entries: JournalEntries): JournalText {
  let claimant: string | undefined;
  let at = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(NEWLINE, at);
    // Every record was synced before it counted, newline included, so what has none was never acted upon.
    if (end === -1) break;
    const record = parseLine(bytes.subarray(at, end));
    if (record === undefined) throw damaged(path, line);
    if (line === 1) claimant = claimantOf(record, path);
    else if (!apply(record, entries)) throw damaged(path, line);
    at = end + 1;
  }
  if (claimant === undefined) throw damaged(path, 1);
  return { claimant, wholeBytes: at };
}

function lineOf(record: JsonObject): string {
  const text = JSON.stringify(record);
  return `${checksum(Buffer.from(text))} ${text}\n`;
}

function checksum(bytes: Uint8Array): string {
  return crc32(bytes).toString(16).padStart(CHECKSUM_DIGITS, '0');
}

function parseLine(line: Buffer): JsonObject | undefined {
  const text = line.subarray(CHECKSUM_DIGITS + 1);
  const head = line.subarray(0, CHECKSUM_DIGITS + 1).toString('latin1');
  if (head !== `${checksum(text)} `) return undefined;
  try {
    const value: JsonValue = JSON.parse(text.toString('utf8'));
    return isObject(value) ? value : undefined;
  } catch {
    // Not ours: only JSON was ever written.
    return undefined;
  }
}

function claimantOf({ journal, version, claimant }: JsonObject, path: string): string {
  if (journal !== FORMAT || typeof claimant !== 'string') throw damaged(path, 1);
  if (version === VERSION) return claimant;
  throw new HoldfastClientError(
    'failed_precondition',
    `the journal ${path} is of version ${String(version)}, which this version of holdfast does not read; no command was run. Start the newer version again`,
  );
}

function apply(record: JsonObject, entries: JournalEntries): boolean {
  const { started, ended, reported } = record;
  if (typeof started === 'string') {
    const { attempt, expires } = record;
    if (typeof attempt !== 'number' || typeof expires !== 'number') return false;
    entries.started(started, attempt, expires);
    return true;
  }
  if (typeof ended === 'string') {
    const report = parseReport(record.report);
    if (report === undefined) return false;
    entries.ended(ended, report);
    return true;
  }
  if (typeof reported !== 'string') return false;
  entries.reported(reported);
  return true;
}

function parseReport(value: JsonValue | undefined): CommandReport | undefined {
  if (!isObject(value)) return undefined;
  const state = REPORT_STATES.find((known) => known === value.state);
  const { message, result } = value;
  if (state === undefined) return undefined;
  return {
    state,
    ...(typeof message === 'string' && { message }),
    ...(isObject(result) && { result }),
  };
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function damaged(path: string, line: number): HoldfastClientError {
  return new HoldfastClientError(
    'data_loss',
    `the journal ${path} is damaged in line ${line}, so nobody can tell which commands were begun; no command was run. Move the file away and start again: what it held claimed is then offered again where it may be repeated, and ends as unknown otherwise`,
  );
}
