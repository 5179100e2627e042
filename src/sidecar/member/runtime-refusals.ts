// What whoever asks is told when the loop takes nothing.
import { HoldfastError, IdentityReusedError } from '../../core/index.ts';

const RETRY_AFTER_QUEUE_MS = 250;
const RETRY_AFTER_FAILURE_MS = 1000;

/** After the end, or after a failure: whether something was done is not known then. */
export function refusalOf(failure: Error | undefined, hasFailed: boolean): HoldfastError {
  if (failure instanceof IdentityReusedError) {
    return new HoldfastError(
      'STOPPING',
      'The sidecar was rolled back or cloned and starts anew inside. Nothing was done; try again.',
      { retryAfterMs: RETRY_AFTER_FAILURE_MS },
    );
  }
  return hasFailed
    ? new HoldfastError(
        'STORE_FAILED',
        'The store failed. It is not known whether this was written; the store is opened again, read before you write again.',
        { retryAfterMs: RETRY_AFTER_FAILURE_MS },
      )
    : new HoldfastError(
        'STOPPING',
        'The sidecar is stopping. Nothing was done; try again after its restart.',
        { retryAfterMs: RETRY_AFTER_FAILURE_MS },
      );
}

export function queueFull(limit: number): HoldfastError {
  return new HoldfastError(
    'LIMIT_REACHED',
    `${limit} requests wait already. Nothing was done; try again.`,
    { retryAfterMs: RETRY_AFTER_QUEUE_MS },
  );
}
