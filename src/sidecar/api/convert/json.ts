// Checks JSON objects from outside: what a google.protobuf.Struct can hold and a document must not.
import { toJson } from '@bufbuild/protobuf';
import { type Value, ValueSchema } from '@bufbuild/protobuf/wkt';
import { HoldfastError, type JsonObject, type JsonValue } from '../../../core/index.ts';

/**
 * The object itself, once nothing in it can do harm: no NaN or infinity, which JSON has no word for; no `__proto__`, which
 * an assignment would take for the prototype; no half surrogate pairs, which UTF-8 cannot hold. Depth is the parser's business.
 * Throws HoldfastError INVALID_FIELD with the path of the place.
 */
export function checkedObject(value: JsonObject, field: string): JsonObject {
  checkMembers(value, field);
  return value;
}

/** A value of any kind, under the same conditions. Throws HoldfastError INVALID_FIELD. */
export function checkedValue(value: Value | undefined, field: string): JsonValue {
  if (value === undefined) return null;
  try {
    const json = toJson(ValueSchema, value);
    checkValue(json, field);
    return json;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw refuse(field, 'it holds a number JSON cannot hold, or nothing');
  }
}

function checkMembers(value: JsonObject, path: string): void {
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw refuse(path, 'the key "__proto__" is not allowed');
    if (!key.isWellFormed()) throw refuse(path, 'a key is not valid Unicode');
    const member = value[key];
    // Paths are only needed in refusals, so scalars pass without one being made.
    if (typeof member === 'object' && member !== null) checkValue(member, `${path}.${key}`);
    else if (!isPlain(member)) throw refuse(`${path}.${key}`, describe(member));
  }
}

function checkValue(value: JsonValue, path: string): void {
  if (Array.isArray(value))
    value.forEach((item, index) => {
      checkValue(item, `${path}[${index}]`);
    });
  else if (typeof value === 'object' && value !== null) checkMembers(value, path);
  else if (!isPlain(value)) throw refuse(path, describe(value));
}

function isPlain(value: JsonValue | undefined): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value !== 'string' || value.isWellFormed();
}

function describe(value: JsonValue | undefined): string {
  return typeof value === 'number'
    ? `${value} is not a number JSON can hold`
    : 'the text is not valid Unicode';
}

function refuse(path: string, what: string): HoldfastError {
  return new HoldfastError('INVALID_FIELD', `${path}: ${what}. Nothing was done.`, { field: path });
}
