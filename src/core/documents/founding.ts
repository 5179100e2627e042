// The ops of the first change of a document: its whole value, written without a live document.
import type * as Automerge from '@automerge/automerge';
import type { Incarnation } from '../values/ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../values/json.ts';

type Op = ReturnType<typeof Automerge.decodeChange>['ops'][number];
/** Where a value goes: a key of a map, or behind an element of a list. */
type Slot = { readonly key: string } | { readonly elemId: string; readonly insert: true };

/**
 * True when the ops of a value can be encoded without loss. Automerge's encoder takes numbers as JSON text and reads fractions
 * one unit in the last place off now and then (3.5.0), so a value that holds one is written through a live document.
 */
export function canEncode(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value);
  return (
    typeof value !== 'object' ||
    value === null ||
    Object.values(value).every((item) => canEncode(item as JsonValue))
  );
}

/** Ops that make an empty document equal to `value`, numbered from 1. */
export function foundingOps(value: JsonObject, actor: Incarnation): Op[] {
  const ops: Op[] = [];

  const write = (object: string, slot: Slot, item: JsonValue): string => {
    const id = `${ops.length + 1}@${actor}`;
    // Automerge's own type says every op has a key; list ops have an element instead.
    const add = (op: object): number =>
      ops.push({ obj: object, ...slot, pred: [], ...op } as unknown as Op);
    if (Array.isArray(item)) {
      add({ action: 'makeList' });
      writeItems(id, item);
    } else if (isJsonObject(item)) {
      add({ action: 'makeMap' });
      writeMembers(id, item);
    } else {
      add({ action: 'set', value: item, ...numberType(item) });
    }
    return id;
  };
  const writeMembers = (object: string, members: JsonObject): void => {
    for (const [key, item] of Object.entries(members)) write(object, { key }, item);
  };
  const writeItems = (object: string, items: JsonValue[]): void => {
    let previous = '_head';
    for (const item of items) previous = write(object, { elemId: previous, insert: true }, item);
  };

  writeMembers('_root', value);
  return ops;
}

function numberType(value: string | number | boolean | null): { datatype?: string } {
  return typeof value === 'number' ? { datatype: 'int' } : {};
}
