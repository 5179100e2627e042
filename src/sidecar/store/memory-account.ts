// Counts the bytes of keys and values in a store, by the letter with which a key begins.
import type { StoreEntry, StoreOperation } from './store.ts';

export class ByteAccount {
  readonly #bytesByLetter = new Map<string, number>();
  #total = 0;

  static of(entries: readonly StoreEntry[]): ByteAccount {
    const account = new ByteAccount();
    for (const { key, value } of entries) account.note({ type: 'put', key, value }, undefined);
    return account;
  }

  get total(): number {
    return this.#total;
  }

  /** Letters without bytes are not in it. */
  get byLetter(): ReadonlyMap<string, number> {
    return new Map([...this.#bytesByLetter].filter(([, bytes]) => bytes > 0));
  }

  /** An operation was carried out, and that entry was there before. */
  note(operation: StoreOperation, before: StoreEntry | undefined): void {
    const after = operation.type === 'put' ? sizeOf(operation) : 0;
    const grownBy = after - (before === undefined ? 0 : sizeOf(before));
    const letter = String.fromCharCode(operation.key[0] ?? 0);
    this.#bytesByLetter.set(letter, (this.#bytesByLetter.get(letter) ?? 0) + grownBy);
    this.#total += grownBy;
  }
}

/** By how many bytes a store grows when these are carried out in order; negative when it shrinks. */
export function growthBy(
  operations: readonly StoreOperation[],
  get: (key: Uint8Array) => Uint8Array | undefined,
): number {
  const last = new Map(operations.map((one) => [Buffer.from(one.key).toString('latin1'), one]));
  let growth = 0;
  for (const operation of last.values()) {
    const before = get(operation.key);
    if (before !== undefined) growth -= sizeOf({ key: operation.key, value: before });
    if (operation.type === 'put') growth += sizeOf(operation);
  }
  return growth;
}

function sizeOf({ key, value }: StoreEntry): number {
  return key.length + value.length;
}
