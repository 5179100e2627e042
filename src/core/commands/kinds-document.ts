// The kinds of commands an agent takes, as the document `command-kinds/{agent}` that its sidecar writes, and whether a command is one of them.

import { type OutputUnit, Validator } from '@cfworker/json-schema';
import type { KindDeclaration } from '../values/command-values.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonDepth } from '../values/json.ts';

export type KindsDocument = ReadonlyMap<string, KindDeclaration>;

export const MAX_KINDS = 64;
/** JSON text of one schema: what people write by hand, and all kinds of an agent fit one document. */
export const MAX_SCHEMA_BYTES = 8 * 1024;
const MAX_SCHEMA_DEPTH = 12;
const DRAFT = '2020-12';

/**
 * What a schema may say. References could run in circles, and patterns can keep a regular expression busy for hours: schemas come from
 * other machines. Whoever needs a pattern checks it in the handler.
 */
const KEYWORDS: ReadonlySet<string> = new Set([
  '$schema',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'type',
  'enum',
  'const',
  'properties',
  'required',
  'additionalProperties',
  'minProperties',
  'maxProperties',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'allOf',
  'anyOf',
  'oneOf',
  'not',
]);
/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const NESTED: ReadonlySet<string> = new Set(['additionalProperties', 'items', 'not']);
const NESTED_LISTS: ReadonlySet<string> = new Set(['prefixItems', 'allOf', 'anyOf', 'oneOf']);

/** Why a schema cannot be declared, with the place in it; undefined when it can. */
export function doubtSchema(schema: JsonObject): string | undefined {
  if (jsonDepth(schema, MAX_SCHEMA_DEPTH + 1) > MAX_SCHEMA_DEPTH) {
    return `it is nested deeper than ${MAX_SCHEMA_DEPTH} levels`;
  }
  const size = JSON.stringify(schema).length;
  if (size > MAX_SCHEMA_BYTES)
    return `it has ${size} bytes of JSON, at most ${MAX_SCHEMA_BYTES} fit`;
  return doubtKeywords(schema, '#') ?? doubtUse(schema);
}

/** What the checker itself stumbles over, such as `"required": 1`. */
function doubtUse(schema: JsonObject): string | undefined {
  const answer = check(schema, {});
  return typeof answer === 'string' ? answer : undefined;
}

function doubtKeywords(schema: JsonValue | undefined, at: string): string | undefined {
  if (typeof schema === 'boolean') return undefined;
  if (!isJsonObject(schema)) return `${at} is not a schema (an object, true or false)`;
  for (const [keyword, value] of Object.entries(schema)) {
    const doubt = doubtKeyword(keyword, value, `${at}/${keyword}`);
    if (doubt !== undefined) return doubt;
  }
  return undefined;
}

function doubtKeyword(keyword: string, value: JsonValue, at: string): string | undefined {
  if (!KEYWORDS.has(keyword)) {
    return `${at}: "${keyword.slice(0, 64)}" is not taken (no references, no patterns, no formats)`;
  }
  if (NESTED.has(keyword)) return doubtKeywords(value, at);
  if (NESTED_LISTS.has(keyword)) {
    if (!Array.isArray(value)) return `${at} is not a list of schemas`;
    return firstDoubt(value.map((item, index) => [`${at}/${index}`, item]));
  }
  if (keyword !== 'properties') return undefined;
  if (!isJsonObject(value)) return `${at} is not an object of schemas`;
  return firstDoubt(Object.entries(value).map(([name, item]) => [`${at}/${name}`, item]));
}

function firstDoubt(schemas: readonly (readonly [string, JsonValue])[]): string | undefined {
  for (const [at, schema] of schemas) {
    const doubt = doubtKeywords(schema, at);
    if (doubt !== undefined) return doubt;
  }
  return undefined;
}

export function kindsToJson(kinds: readonly KindDeclaration[]): JsonObject {
  return {
    kinds: Object.fromEntries(
      kinds.map(({ kind, schema, description }) => [
        kind,
        { ...(schema !== undefined && { schema }), ...(description !== '' && { description }) },
      ]),
    ),
  };
}

/** What an agent declared; undefined for what is no such document. A schema this version does not take counts as none. */
export function parseKinds(value: JsonObject): KindsDocument | undefined {
  if (!isJsonObject(value.kinds)) return undefined;
  const kinds = new Map<string, KindDeclaration>();
  for (const [kind, declared] of Object.entries(value.kinds).slice(0, MAX_KINDS)) {
    if (!isJsonObject(declared)) continue;
    const { schema, description } = declared;
    const usable = isJsonObject(schema) && doubtSchema(schema) === undefined;
    kinds.set(kind, {
      kind,
      schema: usable ? schema : undefined,
      description: typeof description === 'string' ? description : '',
    });
  }
  return kinds;
}

/** Why an agent with these kinds would refuse a command; empty when it takes it. */
export function doubtCommand(kinds: KindsDocument, kind: string, args: JsonObject): string {
  const declared = kinds.get(kind);
  if (declared === undefined) {
    const known = [...kinds.keys()].sort().slice(0, 10).join(', ');
    return `the agent takes no commands of kind "${kind}" (it takes ${known === '' ? 'none' : known})`;
  }
  if (declared.schema === undefined) return '';
  const errors = check(declared.schema, args);
  if (typeof errors === 'string') return `args: the schema of "${kind}" cannot be used: ${errors}`;
  return errors.length === 0 ? '' : `args: ${describe(errors)}`;
}

/** What is wrong with a value, or a sentence when the schema cannot be used. */
function check(schema: JsonObject, value: JsonObject): readonly OutputUnit[] | string {
  try {
    return new Validator(schema, DRAFT, false).validate(value).errors;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The deepest complaint: those above only say that something below them is wrong. */
function describe(errors: readonly OutputUnit[]): string {
  const deepest = errors.reduce<OutputUnit | undefined>(
    (best, unit) =>
      best === undefined || unit.instanceLocation.length > best.instanceLocation.length
        ? unit
        : best,
    undefined,
  );
  if (deepest === undefined) return 'they do not fit the schema of the kind';
  const place = deepest.instanceLocation.replace(/^#\/?/, '').replaceAll('/', '.');
  return `${place === '' ? '' : `${place}: `}${wordsOf(deepest.error)}`;
}

/** The checker's sentence as part of ours. What no schema allows it calls a boolean one. */
function wordsOf(error: string): string {
  return error.startsWith('False boolean schema')
    ? 'it is not among them'
    : error.replace(/\.$/, '');
}
