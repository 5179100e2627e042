// Writing reports: chunks first, then the document that names them, then the old chunks away, all in one turn and in this order in
// one feed. Whoever takes the feed up to any commit finds either report, and never half of each.

import { type Context, ownStamp } from '../context.ts';
import { agentCaller } from '../desks/permission.ts';
import { checkGranted } from '../desks/trust-door.ts';
import { writeAll } from '../documents/writes.ts';
import { checkRoom } from '../feeds/own-quota.ts';
import type { PutItem, RequestOf, ResponseOf } from '../request.ts';
import { toBase32, utf8 } from '../values/bytes.ts';
import type { Caller } from '../values/caller.ts';
import { checkValue } from '../values/collection.ts';
import { HoldfastError } from '../values/error.ts';
import { type DocumentKey, documentKey } from '../values/ids.ts';
import { canonicalJson, type JsonObject, jsonDepth } from '../values/json.ts';
import {
  CHUNK_BYTES,
  MAX_REPORT_BYTES,
  MAX_REPORT_ROWS,
  MAX_REPORTS_OF_AGENT,
  MAX_ROW_BYTES,
  MAX_ROW_DEPTH,
} from './limits.ts';
import { findReport, inventoryRow, noReport, reportsOf } from './list.ts';
import { chunkId, type ReportDocument, reportId, reportToJson } from './report-document.ts';

const COLLECTION = 'inventory';
/** Base32 characters of the hash in a generation: two sidecars that count alike name different contents differently. */
const GENERATION_HASH = 12;

export function reportInventory(
  context: Context,
  caller: Caller,
  { name, rows, summary }: RequestOf<'reportInventory'>,
): ResponseOf<'reportInventory'> {
  const agent = agentCaller(caller);
  checkGranted(context, COLLECTION, reportId(agent, name));
  checkRows(rows, summary);
  const before = findReport(context, agent, name);
  if (before === undefined) checkCount(context, agent);
  const hash = toBase32(context.crypto.blake2b(utf8(canonicalJson([summary, [...rows]]))));
  const reportedAtMs = Math.floor(context.now.wallMs);
  if (before?.report.hash === hash && inventoryRow(context, before).isWhole) {
    const value = reportToJson({ ...before.report, reportedAtMs });
    writeAll(context, [{ collection: COLLECTION, id: reportId(agent, name), value }], 'rows');
    return { report: written(context, agent, name), changed: false };
  }
  const chunks = chunksOf(rows);
  const generation = `${countOf(before?.report.generation) + 1}-${hash.slice(0, GENERATION_HASH)}`;
  const report: ReportDocument = {
    ...{ generation, hash, reportedAtMs, count: rows.length, summary, rows },
    chunks: chunks.length > 1 ? chunks.length : 0,
  };
  const old = chunkKeys(context, agent, name);
  checkDeletes(context, old);
  const parts: readonly PutItem[] =
    report.chunks === 0
      ? []
      : chunks.map((part, index) => ({
          collection: COLLECTION,
          id: chunkId({ agent, name }, generation, index),
          value: { rows: [...part] },
        }));
  const first = { collection: COLLECTION, id: reportId(agent, name), value: reportToJson(report) };
  writeAll(context, [...parts, first], 'rows');
  const kept = new Set(parts.map(({ id }) => documentKey(COLLECTION, id)));
  deleteAll(
    context,
    old.filter((key) => !kept.has(key)),
  );
  return { report: written(context, agent, name), changed: true };
}

export function removeInventory(
  context: Context,
  caller: Caller,
  { name }: RequestOf<'removeInventory'>,
): ResponseOf<'removeInventory'> {
  const agent = agentCaller(caller);
  checkGranted(context, COLLECTION, reportId(agent, name));
  if (findReport(context, agent, name) === undefined) throw noReport(agent, name);
  const keys = [documentKey(COLLECTION, reportId(agent, name)), ...chunkKeys(context, agent, name)];
  checkDeletes(context, keys);
  deleteAll(context, keys);
  return {};
}

function written(context: Context, agent: string, name: string) {
  const found = findReport(context, agent, name);
  if (found === undefined)
    throw new Error(`the report ${name} cannot be read after it was written`);
  return inventoryRow(context, found);
}

/** Every chunk of a report that is known here, of whichever generation. */
function chunkKeys(context: Context, agent: string, name: string): DocumentKey[] {
  const prefix = `${reportId(agent, name)}/`;
  return [...context.documents.views.rows(COLLECTION, prefix)].map(({ key }) => key);
}

function checkDeletes(context: Context, keys: readonly DocumentKey[]): void {
  const bytes = keys.reduce((sum, key) => sum + key.length, 0);
  checkRoom(context, 'state', { ops: keys.length, bytes }, { deletes: true });
}

function deleteAll(context: Context, keys: readonly DocumentKey[]): void {
  if (keys.length === 0) return;
  const stamp = ownStamp(context);
  context.turn.write(
    'state',
    keys.map((key) => context.writer.delete(key, stamp)),
  );
}

/** Rows in pieces of CHUNK_BYTES, a row at least. */
function chunksOf(rows: readonly JsonObject[]): JsonObject[][] {
  const chunks: JsonObject[][] = [];
  let room = 0;
  for (const row of rows) {
    const size = sizeOf(row);
    if (chunks.length === 0 || size > room) {
      chunks.push([]);
      room = CHUNK_BYTES;
    }
    chunks.at(-1)?.push(row);
    room -= size;
  }
  return chunks;
}

function countOf(generation: string | undefined): number {
  const count = Number.parseInt(generation ?? '', 10);
  return Number.isSafeInteger(count) && count > 0 ? count : 0;
}

function checkRows(rows: readonly JsonObject[], summary: JsonObject): void {
  if (rows.length > MAX_REPORT_ROWS) {
    throw tooLarge('rows', `${rows.length} rows, at most ${MAX_REPORT_ROWS} fit`);
  }
  checkRow(summary, 'summary');
  let bytes = 0;
  for (const [index, row] of rows.entries()) bytes += checkRow(row, `rows[${index}]`);
  if (bytes > MAX_REPORT_BYTES) {
    throw tooLarge('rows', `${bytes} bytes of JSON, at most ${MAX_REPORT_BYTES} fit`);
  }
}

function checkRow(row: JsonObject, field: string): number {
  if (jsonDepth(row, MAX_ROW_DEPTH + 1) > MAX_ROW_DEPTH) {
    throw new HoldfastError(
      'DOCUMENT_TOO_DEEP',
      `${field}: nested deeper than ${MAX_ROW_DEPTH} levels. Nothing was written; flatten it.`,
      { field },
    );
  }
  checkValue(row, field);
  const bytes = sizeOf(row);
  if (bytes > MAX_ROW_BYTES) {
    throw tooLarge(field, `${bytes} bytes of JSON, at most ${MAX_ROW_BYTES} fit`);
  }
  return bytes;
}

/** With the comma behind it. */
function sizeOf(row: JsonObject): number {
  return utf8(JSON.stringify(row)).length + 1;
}

function checkCount(context: Context, agent: string): void {
  if ([...reportsOf(context, agent)].length < MAX_REPORTS_OF_AGENT) return;
  throw new HoldfastError(
    'LIMIT_REACHED',
    `name: the agent has ${MAX_REPORTS_OF_AGENT} reports, and no more fit. Nothing was written; remove one.`,
    { field: 'name' },
  );
}

function tooLarge(field: string, what: string): HoldfastError {
  return new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `${field}: ${what}. Nothing was written; report less, or under several names.`,
    { field },
  );
}
