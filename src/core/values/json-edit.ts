// What one write changed in a value, as a list of places: enough to make the same write again on another value.
import { isJsonObject, type JsonObject, type JsonValue, jsonEqual } from './json.ts';

/**
 * A value at a path of keys; without a value the key was taken away. Objects are written place by place; an empty one says that
 * there is an object. Lists are values: they are not looked into.
 */
export interface JsonEdit {
  readonly path: readonly string[];
  readonly value?: JsonValue;
}

/** The edits that make `after` of `before`. */
export function editsBetween(before: JsonObject, after: JsonObject): JsonEdit[] {
  const edits: JsonEdit[] = [];
  const compare = (old: JsonObject, young: JsonObject, path: readonly string[]): void => {
    for (const key of Object.keys(old)) {
      if (!Object.hasOwn(young, key)) edits.push({ path: [...path, key] });
    }
    for (const [key, value] of Object.entries(young)) {
      const was = Object.hasOwn(old, key) ? old[key] : undefined;
      if (!isJsonObject(value)) {
        if (!jsonEqual(was, value)) edits.push({ path: [...path, key], value });
        continue;
      }
      if (!isJsonObject(was)) edits.push({ path: [...path, key], value: {} });
      compare(isJsonObject(was) ? was : {}, value, [...path, key]);
    }
  };
  compare(before, after, []);
  return edits;
}

/** A copy of `value` with the edits made, in their order. Objects on the way to a place are made where they are missing. */
export function applyEdits(value: JsonObject, edits: readonly JsonEdit[]): JsonObject {
  return edits.reduce((result, edit) => applyEdit(result, edit.path, edit), value);
}

function applyEdit(value: JsonObject, path: readonly string[], edit: JsonEdit): JsonObject {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const { [key]: old, ...others } = value;
  if (rest.length > 0) {
    if (edit.value === undefined && !isJsonObject(old)) return value;
    return { ...others, [key]: applyEdit(isJsonObject(old) ? old : {}, rest, edit) };
  }
  if (edit.value === undefined) return others;
  return isJsonObject(edit.value) && isJsonObject(old) ? value : { ...others, [key]: edit.value };
}
