// The one error type of holdfast: a reason from a closed list, the field at fault, and a sentence that says what was not done.

/** Every reason a call can fail for. The API's `ErrorReason` and docs/ERRORS.md carry the same list; a test compares all three. */
export const ERROR_REASONS = [
  'INVALID_FIELD',
  'MALFORMED_REQUEST',
  'BODY_TOO_LARGE',
  'DOCUMENT_TOO_LARGE',
  'DOCUMENT_TOO_DEEP',
  'UNKNOWN_COLLECTION',
  'COLLECTION_RESERVED',
  'NOT_OWNER',
  'NOT_FOUND',
  'REVISION_MISMATCH',
  'IDEMPOTENCY_CONFLICT',
  'TOKEN_MISSING',
  'TOKEN_WRONG',
  'SCOPE_MISSING',
  'AGENT_MISMATCH',
  'HOST_REFUSED',
  'ORIGIN_REFUSED',
  'CURSOR_MALFORMED',
  'COMMAND_EXPIRED',
  'COMMAND_STATE',
  'CLOCK_SUSPECT',
  'PEER_ADDRESS_INVALID',
  'LIMIT_REACHED',
  'STOPPING',
  'STORE_FAILED',
  'DISK_FULL',
  'INTERNAL',
  'UNKNOWN_METHOD',
  'BUNDLE_UNREADABLE',
  'FLEET_OPEN',
  'NOT_GRANTED',
  'EJECTED',
  'IMMUTABLE',
  'RANK_MISSING',
  'STATEMENT_REFUSED',
  'NO_SEALING_KEY',
  'TOO_OLD',
  'NOT_ISSUER',
  'NAME_TAKEN',
  'TOKEN_SPENT',
  'TOKEN_EXPIRED',
  'TOKEN_UNKNOWN',
  'REQUEST_REFUSED',
  'ROTATION_REFUSED',
  'KIND_REFUSED',
] as const;

export type ErrorReason = (typeof ERROR_REASONS)[number];

export interface ErrorFacts {
  /** Path of the field at fault, as the caller wrote it. */
  readonly field?: string;
  /** How long to wait before trying again, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** Thrown or returned wherever a request cannot be carried out. The message is for people and says what was not done and what to do. */
export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly reason: ErrorReason;
  readonly field: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(reason: ErrorReason, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.reason = reason;
    this.field = facts.field;
    this.retryAfterMs = facts.retryAfterMs;
  }
}
