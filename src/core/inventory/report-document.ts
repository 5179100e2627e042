// A report of an agent on what it has, as the document `inventory/{agent}/{name}` and, where that is too small, chunks beside it:
// `inventory/{agent}/{name}/{generation}.{number}`. A reader takes only chunks of the generation that the first document names.

import type { VisibleView } from '../documents/view.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../values/json.ts';

export interface ReportDocument {
  /** Names one content: a count, and the beginning of the content's hash. */
  readonly generation: string;
  /** BLAKE2b of summary and rows as canonical JSON, in base32. */
  readonly hash: string;
  /** When the agent said last that it is so, milliseconds since 1970 by its sidecar's clock. */
  readonly reportedAtMs: number;
  /** Rows in all. */
  readonly count: number;
  /** Documents that hold them; 0 where they are in this one. */
  readonly chunks: number;
  readonly summary: JsonObject;
  /** Those of a report without chunks. */
  readonly rows: readonly JsonObject[];
}

export interface FoundReport {
  readonly agent: string;
  readonly name: string;
  readonly report: ReportDocument;
  readonly view: VisibleView;
}

export function reportId(agent: string, name: string): string {
  return `${agent}/${name}`;
}

export function chunkId(
  { agent, name }: Pick<FoundReport, 'agent' | 'name'>,
  generation: string,
  chunk: number,
): string {
  return `${agent}/${name}/${generation}.${chunk}`;
}

export function reportToJson({ rows, ...rest }: ReportDocument): JsonObject {
  return { ...rest, ...(rest.chunks === 0 && { rows: [...rows] }) };
}

/** A report as another member wrote it; undefined for a chunk and for what is none. */
export function takeApartReport(view: VisibleView): FoundReport | undefined {
  const [agent = '', name = '', ...more] = splitDocumentKey(view.key).id.split('/');
  if (name === '' || more.length > 0) return undefined;
  const { generation, hash, reportedAtMs, count, chunks, summary, rows } = view.value;
  if (typeof generation !== 'string' || typeof hash !== 'string') return undefined;
  if (!isCount(count) || !isCount(chunks) || typeof reportedAtMs !== 'number') return undefined;
  const report = {
    ...{ generation, hash, reportedAtMs, count, chunks },
    summary: isJsonObject(summary) ? summary : {},
    rows: rowsIn(rows),
  };
  return { agent, name, report, view };
}

/** The rows in a document. What is no object is left out. */
export function rowsIn(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function isCount(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
