// Turns whatever went wrong into the error a client sees: a Connect code, an ErrorDetail with the reason, and a sentence.

import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { HoldfastError, type ErrorReason as Reason } from '../../../core/index.ts';
import { ErrorDetailSchema, ErrorReason } from '../../../gen/holdfast/v1/common_pb.ts';

/** The code for each reason. Codes say what kind of thing to do about it, reasons say what happened. */
export const CODE_BY_REASON: Readonly<Record<Reason, Code>> = {
  INVALID_FIELD: Code.InvalidArgument,
  MALFORMED_REQUEST: Code.InvalidArgument,
  BODY_TOO_LARGE: Code.ResourceExhausted,
  DOCUMENT_TOO_LARGE: Code.InvalidArgument,
  DOCUMENT_TOO_DEEP: Code.InvalidArgument,
  UNKNOWN_COLLECTION: Code.InvalidArgument,
  COLLECTION_RESERVED: Code.PermissionDenied,
  NOT_OWNER: Code.PermissionDenied,
  NOT_FOUND: Code.NotFound,
  REVISION_MISMATCH: Code.Aborted,
  IDEMPOTENCY_CONFLICT: Code.AlreadyExists,
  TOKEN_MISSING: Code.Unauthenticated,
  TOKEN_WRONG: Code.Unauthenticated,
  SCOPE_MISSING: Code.PermissionDenied,
  AGENT_MISMATCH: Code.PermissionDenied,
  HOST_REFUSED: Code.PermissionDenied,
  ORIGIN_REFUSED: Code.PermissionDenied,
  CURSOR_MALFORMED: Code.InvalidArgument,
  COMMAND_EXPIRED: Code.FailedPrecondition,
  COMMAND_STATE: Code.FailedPrecondition,
  CLOCK_SUSPECT: Code.Unavailable,
  PEER_ADDRESS_INVALID: Code.InvalidArgument,
  LIMIT_REACHED: Code.ResourceExhausted,
  STOPPING: Code.Unavailable,
  STORE_FAILED: Code.Unavailable,
  DISK_FULL: Code.ResourceExhausted,
  INTERNAL: Code.Internal,
  UNKNOWN_METHOD: Code.Unimplemented,
  BUNDLE_UNREADABLE: Code.InvalidArgument,
  NOT_ISSUER: Code.FailedPrecondition,
  NAME_TAKEN: Code.AlreadyExists,
  TOKEN_SPENT: Code.FailedPrecondition,
  TOKEN_EXPIRED: Code.FailedPrecondition,
  TOKEN_UNKNOWN: Code.NotFound,
  REQUEST_REFUSED: Code.InvalidArgument,
  ROTATION_REFUSED: Code.FailedPrecondition,
  KIND_REFUSED: Code.InvalidArgument,
  FLEET_OPEN: Code.FailedPrecondition,
  NOT_GRANTED: Code.PermissionDenied,
  EJECTED: Code.PermissionDenied,
  IMMUTABLE: Code.FailedPrecondition,
  RANK_MISSING: Code.PermissionDenied,
  STATEMENT_REFUSED: Code.InvalidArgument,
  NO_SEALING_KEY: Code.FailedPrecondition,
  TOO_OLD: Code.FailedPrecondition,
};

/** Told of faults of ours, which clients must not see. */
export type ReportFault = (error: unknown) => void;

/** The error to send. What is neither a HoldfastError nor finished already is a fault of ours: reported, and hidden. */
export function toConnectError(error: unknown, reportFault: ReportFault): ConnectError {
  if (error instanceof ConnectError && error.findDetails(ErrorDetailSchema).length > 0)
    return error;
  if (error instanceof HoldfastError) {
    // STORE_FAILED and INTERNAL of the core have a cause that only the log may tell.
    if (error.reason === 'INTERNAL') reportFault(error);
    return fromHoldfastError(error);
  }
  reportFault(error);
  return fromHoldfastError(
    new HoldfastError(
      'INTERNAL',
      'The sidecar failed to carry out the call. Its log has the details.',
    ),
  );
}

/** `code` differs from the reason's own only where a protocol prescribes it. */
export function fromHoldfastError(
  error: HoldfastError,
  code: Code = CODE_BY_REASON[error.reason],
): ConnectError {
  const detail = {
    reason: ErrorReason[error.reason],
    field: error.field ?? '',
    ...(error.retryAfterMs !== undefined && { retryAfter: durationFromMs(error.retryAfterMs) }),
  };
  const headers = error.retryAfterMs === undefined ? {} : retryAfterHeader(error.retryAfterMs);
  return new ConnectError(
    error.message,
    code,
    headers,
    [{ desc: ErrorDetailSchema, value: detail }],
    error,
  );
}

/** HTTP counts whole seconds; rounded down, a quarter of one would invite a tight loop. */
function retryAfterHeader(retryAfterMs: number): { 'retry-after': string } {
  return { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
}

/**
 * An error that the Connect library raised over a stream's request, before any of our code saw it: the message could not be
 * read as the method's request. Other errors pass.
 */
export function fromLibraryError(error: ConnectError): ConnectError {
  switch (error.code) {
    case Code.ResourceExhausted:
      return fromHoldfastError(bodyTooLarge());
    case Code.DeadlineExceeded:
      return deadlinePassed();
    case Code.Unimplemented:
      return fromHoldfastError(malformed(error.rawMessage), Code.Unimplemented);
    default:
      return fromHoldfastError(malformed(error.rawMessage));
  }
}

export function deadlinePassed(): ConnectError {
  return fromHoldfastError(
    new HoldfastError(
      'LIMIT_REACHED',
      'The deadline the client set for the stream has passed. Call again; a watch resumes with its last cursor.',
    ),
    Code.DeadlineExceeded,
  );
}

export function bodyTooLarge(): HoldfastError {
  return new HoldfastError(
    'BODY_TOO_LARGE',
    'The request is over 1 MiB. Nothing was done; send less at once, for example smaller batches.',
  );
}

/** `what` says how the request breaks the form, without a full stop. */
export function malformed(what: string, field?: string): HoldfastError {
  return new HoldfastError(
    'MALFORMED_REQUEST',
    `The request cannot be read: ${what}. Nothing was done.`,
    field === undefined ? {} : { field },
  );
}
