// Opens a store that may be damaged: what is damaged is dropped or mended, and told, before anything is read from it.
import { type Crypto, HoldfastError } from '../../core/index.ts';
import type { Damage } from '../store/damage.ts';
import { type Salvage, salvage } from '../store/salvage.ts';
import type { Store } from '../store/store.ts';
import type { StoreSource } from './store-source.ts';

export interface OpenedStore {
  readonly store: Store;
  readonly salvage: Salvage;
  /** Everything that was found, the store's own account first. */
  readonly damage: readonly Damage[];
}

export interface OpenParts {
  readonly crypto: Crypto;
  readonly fleetId: Uint8Array;
  /** Keys that could not be read before. */
  readonly suspects?: readonly Uint8Array[];
  readonly thorough?: boolean;
  readonly remade?: boolean;
  onProgress?(records: number): void;
}

/** Rejects with StartupError, or with what the store throws when it cannot be read. Then it is closed. */
export async function openStore(source: StoreSource, parts: OpenParts): Promise<OpenedStore> {
  const unreadable: Damage[] = [];
  const opened = await openOnce(source, parts, unreadable);
  if (opened !== undefined) return opened;
  await source.rebuild();
  const again = await openOnce(source, { ...parts, thorough: true, remade: true }, unreadable);
  if (again === undefined) {
    const why = unreadable.map(({ what, detail }) => `${what} ${detail}`).join('; ');
    throw new HoldfastError('STORE_FAILED', `The store could not be made anew: ${why}.`);
  }
  return { ...again, damage: [...unreadable, ...again.damage] };
}

/** Undefined, and what cannot be read in `unreadable`, when the store must be made anew first. Then it is closed. */
async function openOnce(
  source: StoreSource,
  parts: OpenParts,
  unreadable: Damage[],
): Promise<OpenedStore | undefined> {
  const store = await source.open();
  try {
    const losses = await source.losses();
    if (losses.unreadable) {
      unreadable.push(...losses.damage);
      await store.close();
      return undefined;
    }
    const thorough = losses.damage.length > 0 || parts.thorough === true;
    const found = await salvage(store, { ...parts, thorough });
    return { store, salvage: found, damage: [...losses.damage, ...found.damage] };
  } catch (error) {
    await store.close();
    if (!isUnreadable(error)) throw error;
    unreadable.push({ what: 'a file of the store', detail: `cannot be read: ${error.message}` });
    return undefined;
  }
}

/** Bytes that LevelDB itself knows to be wrong; a disk that does not answer is something else. */
function isUnreadable(error: unknown): error is HoldfastError {
  return (
    error instanceof HoldfastError &&
    error.reason === 'STORE_FAILED' &&
    /corrupt/i.test(error.message)
  );
}
