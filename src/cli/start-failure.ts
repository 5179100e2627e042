// Tells why a sidecar did not start. Its error comes from a module that is loaded late, so it is known by its shape.
import { CliFailure, toFailure } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** The failure with what to do on a line of its own. */
export function toStartFailure(error: unknown): CliFailure {
  if (error instanceof Error && 'hint' in error && typeof error.hint === 'string') {
    return new CliFailure(EXIT.failed, `${error.message}\n${error.hint}`, error);
  }
  return toFailure(error);
}
