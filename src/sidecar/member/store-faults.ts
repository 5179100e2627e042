// What callers hear while the store is away or its disk is full, and which errors are the store's.
import { HoldfastError, type Method } from '../../core/index.ts';
import { StoreDamagedError } from '../store/damage.ts';

const RETRY_DOWN_MS = 1000;
const RETRY_FULL_MS = 5000;

/** Calls that write nothing: they are answered while the disk is full. */
export const READS: ReadonlySet<Method> = new Set<Method>([
  ...(['get', 'list', 'changes', 'listPlatforms', 'getPlatform'] as const),
  ...(['listDeployments', 'findPackage', 'listCommands', 'summary'] as const),
]);

/** Whether the store is at fault, and not the core. */
export function isStoreFault(error: unknown): boolean {
  if (error instanceof StoreDamagedError) return true;
  return error instanceof HoldfastError && error.reason === 'STORE_FAILED';
}

export function storeDown(): HoldfastError {
  return new HoldfastError(
    'STORE_FAILED',
    'The store is being opened again after a failure. Nothing was done; try again.',
    { retryAfterMs: RETRY_DOWN_MS },
  );
}

export function diskFull(): HoldfastError {
  return new HoldfastError(
    'DISK_FULL',
    'The disk is nearly full. Nothing was written; free some space, reads go on meanwhile.',
    { retryAfterMs: RETRY_FULL_MS },
  );
}
