// The value of a document that has only its first change, read from the ops without a document: ten times cheaper than Automerge.
import * as Automerge from '@automerge/automerge';
import type { JsonObject, JsonValue } from '../values/json.ts';

type Op = ReturnType<typeof Automerge.decodeChange>['ops'][number];
/** A list op names the element it stands behind; Automerge's own type says every op has a key. */
type Place = { readonly key?: string; readonly elemId?: string; readonly insert?: boolean };

/**
 * The value that the first change of a document makes. Undefined for anything unusual, which Automerge itself must read: places
 * written twice, elements that are not appended, values that JSON does not have.
 */
export function foundingValue(change: Uint8Array): JsonObject | undefined {
  const { ops, startOp, deps, actor } = Automerge.decodeChange(change);
  if (startOp !== 1 || deps.length > 0) return undefined;
  const root: JsonObject = {};
  const objects = new Map<string, JsonObject | JsonValue[]>([['_root', root]]);
  const lastElement = new Map<string, string>();
  for (const [index, op] of ops.entries()) {
    const value = valueMadeBy(op);
    const parent = objects.get(op.obj);
    if (value === undefined || parent === undefined || op.pred.length > 0) return undefined;
    const id = `${index + 1}@${actor}`;
    const { key, elemId, insert }: Place = op;
    if (Array.isArray(parent)) {
      if (insert !== true || elemId !== (lastElement.get(op.obj) ?? '_head')) return undefined;
      lastElement.set(op.obj, id);
      parent.push(value);
    } else {
      if (key === undefined || key === '__proto__' || Object.hasOwn(parent, key)) return undefined;
      parent[key] = value;
    }
    if (typeof value === 'object' && value !== null) objects.set(id, value);
  }
  return root;
}

function valueMadeBy({ action, value, datatype }: Op): JsonValue | undefined {
  if (action === 'makeMap') return {};
  if (action === 'makeList') return [];
  if (action !== 'set') return undefined;
  if (typeof value === 'number') {
    const isPlain = datatype === 'int' || datatype === 'float64';
    return isPlain && Number.isFinite(value) ? value : undefined;
  }
  if (datatype !== undefined) return undefined;
  const isScalar = value === null || typeof value === 'string' || typeof value === 'boolean';
  return isScalar ? value : undefined;
}
