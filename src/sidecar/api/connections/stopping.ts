// The refusal of a sidecar that stops, with when to come back.
import { HoldfastError } from '../../../core/index.ts';
import { STOPPING_RETRY_MS } from '../calls/limits.ts';

/** `consequence` says what became of the call. */
export function stoppingError(consequence: string): HoldfastError {
  return new HoldfastError('STOPPING', `The sidecar is stopping. ${consequence}`, {
    retryAfterMs: STOPPING_RETRY_MS,
  });
}
