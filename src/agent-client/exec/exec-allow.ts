// What the ready kind `exec` may run: a list that the local administrator writes, and the command line that a command makes of it.
//
//   { "name": "restart-unit", "command": "/usr/bin/systemctl", "args": ["restart", "{unit}"],
//     "params": { "unit": { "enum": ["nginx", "app"] } }, "timeoutMs": 60000 }
import { isAbsolute } from 'node:path';
import { HoldfastClientError } from '../error.ts';
import type { JsonObject, JsonValue } from '../types.ts';

/** What a command may put in the place of a placeholder. Exactly one of `enum` and `type`. */
export interface ExecParam {
  /** One of these texts. */
  readonly enum?: readonly string[] | undefined;
  readonly type?: 'string' | 'integer' | undefined;
  /** Of a string, in characters; default 256. */
  readonly maxLength?: number | undefined;
  /** Of an integer. */
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
}

/** One thing that may be run. */
export interface ExecEntry {
  /** What commands call it. */
  readonly name: string;
  readonly description?: string | undefined;
  /** Absolute path of the program. It is started as it is: there is no shell anywhere. */
  readonly command: string;
  /** Its arguments; `{name}` in one stands for a parameter. */
  readonly args?: readonly string[] | undefined;
  readonly params?: Readonly<Record<string, ExecParam>> | undefined;
  /** Absolute path; default `/`. */
  readonly cwd?: string | undefined;
  /** The whole environment of the program, besides PATH: nothing of the agent's is passed on. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** How long it may run, 100 to 86,400,000 ms; default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** How much of the end of each output is kept, 0 to 12,288 bytes; default 8,192. */
  readonly maxOutputBytes?: number | undefined;
}

/** An entry that was looked through, with its defaults. */
export interface AllowedExec extends ExecEntry {
  readonly args: readonly string[];
  readonly params: Readonly<Record<string, ExecParam>>;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

const NAME = /^[a-z][a-z0-9._-]{0,62}$/;
const PLACEHOLDER = /\{([a-z][a-z0-9_]{0,31})\}/g;
const PARAM_NAME = /^[a-z][a-z0-9_]{0,31}$/;
const MAX_ENTRIES = 200;
const MAX_ARGS = 64;
const MAX_TEXT = 4_096;
const DEFAULT_MAX_LENGTH = 256;
const DEFAULT_TIMEOUT_MS = 60_000;
const LONGEST_TIMEOUT_MS = 24 * 3_600_000;
const DEFAULT_OUTPUT_BYTES = 8 * 1024;
/** Both outputs, and the JSON around them, fit the 32 KiB of a result. */
const MOST_OUTPUT_BYTES = 12 * 1024;
const FIELDS = [
  'name',
  'description',
  'command',
  'args',
  'params',
  'cwd',
  'env',
  'timeoutMs',
  'maxOutputBytes',
];
const PARAM_FIELDS = ['enum', 'type', 'maxLength', 'minimum', 'maximum'];

/**
 * Looks through an allow-list: an array of entries, or `{"allow": […]}` as a file has it. Throws HoldfastClientError `invalid_argument`
 * that names the entry and the field: nothing is allowed by half a list.
 */
export function parseAllowList(value: unknown): ReadonlyMap<string, AllowedExec> {
  const list = isObject(value) ? value.allow : value;
  if (!Array.isArray(list)) throw wrong('allow', 'it is not a list of entries');
  if (list.length === 0 || list.length > MAX_ENTRIES) {
    throw wrong('allow', `it has ${list.length} entries; 1 to ${MAX_ENTRIES} are taken`);
  }
  const allowed = new Map<string, AllowedExec>();
  for (const [index, item] of list.entries()) {
    const at = `allow[${index}]`;
    if (!isObject(item)) throw wrong(at, 'it is not an object');
    const entry = parseEntry(item, at);
    if (allowed.has(entry.name)) throw wrong(`${at}.name`, `"${entry.name}" is there twice`);
    allowed.set(entry.name, entry);
  }
  return allowed;
}

/** The arguments of the program. Throws Error with a sentence about a value that is not allowed. */
export function argumentsOf({ args, params }: AllowedExec, given: JsonObject): string[] {
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(params, name)) throw new Error(`params.${name}: there is no such parameter`);
  }
  const values = new Map(
    Object.entries(params).map(([name, param]) => [name, textOf(name, param, given[name])]),
  );
  return args.map((part) =>
    part.replaceAll(PLACEHOLDER, (_, name: string) => values.get(name) ?? ''),
  );
}

function textOf(name: string, param: ExecParam, value: JsonValue | undefined): string {
  const refuse = (what: string) => new Error(`params.${name}: ${what}`);
  if (value === undefined) throw refuse('it is missing');
  if (param.enum !== undefined) {
    const found = param.enum.find((one) => one === value);
    if (found === undefined) throw refuse(`it must be one of ${param.enum.join(', ')}`);
    return found;
  }
  if (param.type === 'integer') {
    if (typeof value !== 'number' || !Number.isSafeInteger(value))
      throw refuse('it must be a whole number');
    const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = param;
    if (value < minimum || value > maximum) throw refuse(`it must be ${minimum} to ${maximum}`);
    return String(value);
  }
  const { maxLength = DEFAULT_MAX_LENGTH } = param;
  if (typeof value !== 'string') throw refuse('it must be a text');
  if (value.length > maxLength) throw refuse(`it must have at most ${maxLength} characters`);
  // A program would take it for one of its options, which nobody allowed.
  if (value.startsWith('-')) throw refuse('it must not begin with "-"');
  if (value.includes('\0')) throw refuse('it must not contain a zero character');
  return value;
}

function parseEntry(item: Record<string, unknown>, at: string): AllowedExec {
  knownFields(item, FIELDS, at);
  const { name, description, command, cwd = '/', args = [], env = {}, params = {} } = item;
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw wrong(`${at}.name`, 'it must be a word of small letters, digits and . _ -');
  }
  if (!isText(command) || !isAbsolute(command)) {
    throw wrong(`${at}.command`, 'it must be the absolute path of a program');
  }
  if (!isText(cwd) || !isAbsolute(cwd)) throw wrong(`${at}.cwd`, 'it must be an absolute path');
  if (description !== undefined && !isText(description)) {
    throw wrong(`${at}.description`, 'it must be a text');
  }
  if (!Array.isArray(args) || args.length > MAX_ARGS || !args.every(isText)) {
    throw wrong(`${at}.args`, `it must be a list of at most ${MAX_ARGS} texts`);
  }
  if (!isObject(env) || !Object.values(env).every(isText)) {
    throw wrong(`${at}.env`, 'it must be an object of texts');
  }
  const known = parseParams(params, `${at}.params`);
  checkPlaceholders(args, known, at);
  return {
    name,
    ...(isText(description) && { description }),
    command,
    args,
    params: known,
    cwd,
    env: Object.fromEntries(Object.entries(env).map(([key, text]) => [key, String(text)])),
    timeoutMs: numberOf(item, 'timeoutMs', DEFAULT_TIMEOUT_MS, 100, LONGEST_TIMEOUT_MS, at),
    maxOutputBytes: numberOf(
      item,
      'maxOutputBytes',
      DEFAULT_OUTPUT_BYTES,
      0,
      MOST_OUTPUT_BYTES,
      at,
    ),
  };
}

function checkPlaceholders(
  args: readonly string[],
  params: Readonly<Record<string, ExecParam>>,
  at: string,
): void {
  const used = new Set(
    args.flatMap((part) => [...part.matchAll(PLACEHOLDER)].map(([, name]) => name)),
  );
  for (const name of used) {
    if (name !== undefined && !Object.hasOwn(params, name)) {
      throw wrong(`${at}.args`, `{${name}} is not among its params`);
    }
  }
  for (const name of Object.keys(params)) {
    if (!used.has(name)) throw wrong(`${at}.params.${name}`, 'no argument uses it');
  }
}

function parseParams(value: unknown, at: string): Record<string, ExecParam> {
  if (!isObject(value)) throw wrong(at, 'it must be an object');
  return Object.fromEntries(
    Object.entries(value).map(([name, param]) => [name, parseParam(name, param, `${at}.${name}`)]),
  );
}

function parseParam(name: string, value: unknown, at: string): ExecParam {
  if (!PARAM_NAME.test(name)) throw wrong(at, 'its name must be small letters, digits and _');
  if (!isObject(value)) throw wrong(at, 'it must be an object');
  knownFields(value, PARAM_FIELDS, at);
  const { enum: texts, type, maxLength, minimum, maximum } = value;
  if (Array.isArray(texts) && texts.length > 0 && texts.every(isText) && type === undefined) {
    return { enum: texts };
  }
  if (texts !== undefined || (type !== 'string' && type !== 'integer')) {
    throw wrong(at, 'say either "enum" with texts, or "type": "string" or "integer"');
  }
  const isNumber = (bound: unknown) => bound === undefined || Number.isSafeInteger(bound);
  if (![maxLength, minimum, maximum].every(isNumber))
    throw wrong(at, 'its bounds must be whole numbers');
  const bound = (key: string, given: unknown) =>
    typeof given === 'number' ? { [key]: given } : {};
  return {
    type,
    ...bound('maxLength', maxLength),
    ...bound('minimum', minimum),
    ...bound('maximum', maximum),
  };
}

function numberOf(
  item: Record<string, unknown>,
  field: string,
  standard: number,
  least: number,
  most: number,
  at: string,
): number {
  const { [field]: value = standard } = item;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most)
    return value;
  throw wrong(`${at}.${field}`, `it must be a whole number from ${least} to ${most}`);
}

function knownFields(item: Record<string, unknown>, known: readonly string[], at: string): void {
  const stranger = Object.keys(item).find((key) => !known.includes(key));
  if (stranger !== undefined) {
    throw wrong(`${at}.${stranger}`, `there is no such field (there are ${known.join(', ')})`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT && !value.includes('\0');
}

function wrong(field: string, what: string): HoldfastClientError {
  return new HoldfastClientError(
    'invalid_argument',
    `the allow-list of exec: ${field}: ${what}. Nothing of it is allowed.`,
    { field },
  );
}
