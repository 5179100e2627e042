// Where a sidecar's store comes from, as often as it must be opened again.
import type { Damage } from '../store/damage.ts';
import type { Store } from '../store/store.ts';

export interface StoreLosses {
  /** What was lost by the store's own account, or what is known to be unreadable. */
  readonly damage: readonly Damage[];
  /** Whether parts of it cannot be read: then it must be closed and made anew of the rest. */
  readonly unreadable: boolean;
}

export interface StoreSource {
  /** Opens it; the one opened before is closed by then. Rejects with StartupError. */
  open(): Promise<Store>;
  /** What was lost when it was opened last. */
  losses(): Promise<StoreLosses>;
  /** Makes a store of whatever can still be read, while it is closed. */
  rebuild(): Promise<void>;
}
