// Gives every heartbeat the sidecar's figures of the host; the core uses them where the agent sends none itself.
import type { JsonObject } from '../../core/index.ts';
import type { Submit } from '../submit.ts';

/** `figures`: what was measured just now; undefined for nothing. */
export function attachFigures(figures: () => JsonObject | undefined, submit: Submit): Submit {
  return (method, caller, body) =>
    submit(method, caller, method === 'heartbeat' ? { ...body, hostFigures: figures() } : body);
}
