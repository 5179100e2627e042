// About how many bytes the records of each kind take on the disk.
import { KINDS, kindRange } from './keys.ts';
import type { Store } from './store.ts';

export type RecordKind = (typeof KINDS)[keyof typeof KINDS];

/** Undefined where the store cannot tell. */
export async function storeSizes(store: Store): Promise<Map<RecordKind, number> | undefined> {
  const { approximateBytes } = store;
  if (approximateBytes === undefined) return undefined;
  const kinds = Object.entries(KINDS) as [keyof typeof KINDS, RecordKind][];
  const sizes = await Promise.all(
    kinds.map(([kind]) => approximateBytes.call(store, kindRange(kind))),
  );
  return new Map(kinds.map(([, name], i) => [name, sizes[i] ?? 0]));
}
