// Reads what was typed: durations, document names, JSON. Refuses with a sentence that says what would be right.
import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../agent-client/index.ts';
import type { CliContext } from './context.ts';
import { usageFailure } from './errors.ts';

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `500ms`, `30s`, `5m`, `2h`, `7d`, in milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unitMs === undefined) {
    throw new InvalidArgumentError(
      'Write a number and a unit, for example 500ms, 30s, 5m, 2h or 7d.',
    );
  }
  return Number(match[1]) * unitMs;
}

/** A time such as `2026-05-01T02:00:00Z`, or a duration from now. `nowMs` is milliseconds since 1970. */
export function parseMoment(text: string, nowMs: number): Date {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return new Date(nowMs + parseDuration(text));
  const date = new Date(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw usageFailure(
    `"${text}" is no time. Write one such as 2026-05-01T02:00:00Z, or a duration from now such as 10m. Nothing was sent.`,
  );
}

/** For flags that may be repeated. */
export function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

export function parseCount(text: string): number {
  const number = Number(text);
  if (!/^\d{1,6}$/.test(text) || number === 0) {
    throw new InvalidArgumentError('Write a whole number from 1 to 999999.');
  }
  return number;
}

const SIZE_UNITS: Readonly<Record<string, number>> = {
  '': 1,
  k: 1000,
  m: 1000 ** 2,
  g: 1000 ** 3,
  ki: 1024,
  mi: 1024 ** 2,
  gi: 1024 ** 3,
};

/** `20MB`, `500k`, `1.5GiB` or plain bytes, in bytes. */
export function parseSize(text: string): number {
  const match = /^(\d{1,12}(?:\.\d+)?) ?([kmg]i?)?b?$/i.exec(text);
  const bytes = Math.floor(
    Number(match?.[1]) * (SIZE_UNITS[(match?.[2] ?? '').toLowerCase()] ?? 0),
  );
  if (match === null || !Number.isSafeInteger(bytes) || bytes === 0) {
    throw new InvalidArgumentError('Write a number and a unit, for example 20MB, 500k or 1GiB.');
  }
  return bytes;
}

export interface DocumentName {
  readonly collection: string;
  readonly id: string;
}

/** `collection/id`; the id may have slashes of its own. */
export function parseDocumentName(text: string): DocumentName {
  const slash = text.indexOf('/');
  if (slash > 0 && slash < text.length - 1) {
    return { collection: text.slice(0, slash), id: text.slice(slash + 1) };
  }
  throw new InvalidArgumentError('Write collection/id, for example notes/today.');
}

/** A JSON object; `what` names it in the refusal. */
export function parseObject(text: string, what: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`${what} cannot be read as JSON: ${why}\nNothing was sent.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // JSON.parse makes nothing but JSON values.
    return value as JsonObject;
  }
  throw usageFailure(`${what} must be a JSON object such as {"key": "value"}. Nothing was sent.`);
}

/** The object given as JSON on the command line, in a file, or with `-` on standard input. */
export async function readObject(source: string, context: CliContext): Promise<JsonObject> {
  if (source.trimStart().startsWith('{')) return parseObject(source, 'The value');
  let text: string;
  try {
    text = await context.read(source);
  } catch (error) {
    // A list or a text that was meant as the value is no name of a file.
    if (/^\s*[["]/.test(source)) return parseObject(source, 'The value');
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`The value cannot be read: ${why}\nNothing was sent.`);
  }
  return parseObject(text, source === '-' ? 'Standard input' : source);
}
