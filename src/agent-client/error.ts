// The one error of the client: the Connect code, the reason from the closed list, the field at fault, and when to try again.
import { Code, ConnectError } from '@connectrpc/connect';
import { ErrorDetailSchema, ErrorReason } from '../gen/holdfast/v1/common_pb.ts';
import { durationMs } from './convert.ts';

/** Connect's codes as they are written on the wire. */
export type ErrorCode =
  | 'canceled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated';

/** Names of the API's `ErrorReason`, for example `REVISION_MISMATCH`. */
export type ErrorReasonName = Exclude<keyof typeof ErrorReason, 'UNSPECIFIED'>;

export interface ErrorFacts {
  readonly reason?: ErrorReasonName | undefined;
  readonly field?: string | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly unreachable?: boolean;
  readonly cause?: unknown;
}

/**
 * Why a call failed. The message is the sidecar's own sentence: what was not done and what to do.
 *
 * @example
 * try {
 *   await client.put('notes', 'a', { text: 'hi' }, { ifRevision: seen.freshness.revision });
 * } catch (error) {
 *   if (error instanceof HoldfastClientError && error.reason === 'REVISION_MISMATCH') return readAgain();
 *   throw error;
 * }
 */
export class HoldfastClientError extends Error {
  override readonly name = 'HoldfastClientError';
  readonly code: ErrorCode;
  /** Absent when the sidecar did not answer, or something that is not a sidecar did. */
  readonly reason: ErrorReasonName | undefined;
  /** Path of the field at fault, for example `value.telemetry`. */
  readonly field: string | undefined;
  /** How long to wait before trying again, in milliseconds. Absent when the sidecar did not say. */
  readonly retryAfterMs: number | undefined;
  /** True when no sidecar answered: it does not run, or the connection broke. Whether a write was done is then not known. */
  readonly unreachable: boolean;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.reason = facts.reason;
    this.field = facts.field;
    this.retryAfterMs = facts.retryAfterMs;
    this.unreachable = facts.unreachable ?? false;
  }

  /** True when the sidecar read the request and will refuse it again: trying again without a change is useless. */
  get refused(): boolean {
    return this.reason !== undefined && REFUSALS.has(this.code);
  }
}

const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'invalid_argument',
  'not_found',
  'already_exists',
  'failed_precondition',
  'out_of_range',
  'unimplemented',
]);

/** Codes of Node's errors that mean: one side does not take the certificate of the other. */
const CERTIFICATE_CODE =
  /^(?:ERR_SSL_|ERR_TLS_CERT_)|CERT_|_CERT$|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^INVALID_CA$/;

/** Codes of Node's errors that mean: nobody there, or gone in the middle. A missing socket file is ENOENT. */
const UNREACHABLE_NODE_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ERR_STREAM_PREMATURE_CLOSE',
]);
/** How Connect reports a stream that ended without its end: the sidecar was killed while it sent. */
const BROKEN_STREAM = 'protocol error: missing EndStreamResponse';

/** Turns whatever a call threw into the client's error. */
export function toClientError(thrown: unknown): HoldfastClientError {
  if (thrown instanceof HoldfastClientError) return thrown;
  const error = ConnectError.from(thrown);
  // A token file that cannot be read is found while the request is built, inside Connect.
  if (error.cause instanceof HoldfastClientError) return error.cause;
  const detail = error.findDetails(ErrorDetailSchema)[0];
  if (detail !== undefined) {
    return new HoldfastClientError(codeName(error.code), error.rawMessage, {
      reason: reasonName(detail.reason),
      field: detail.field === '' ? undefined : detail.field,
      retryAfterMs: detail.retryAfter === undefined ? undefined : durationMs(detail.retryAfter),
      cause: thrown,
    });
  }
  return withoutDetail(error, thrown);
}

function withoutDetail(error: ConnectError, cause: unknown): HoldfastClientError {
  const nodeCode = nodeCodeOf(error);
  if (nodeCode === 'EACCES') {
    return new HoldfastClientError('permission_denied', error.rawMessage, { cause });
  }
  const broken = error.rawMessage === BROKEN_STREAM;
  if (broken || (nodeCode !== undefined && UNREACHABLE_NODE_CODES.has(nodeCode))) {
    const message = broken ? 'the sidecar ended the connection' : error.rawMessage;
    return new HoldfastClientError('unavailable', message, { unreachable: true, cause });
  }
  if (nodeCode !== undefined && CERTIFICATE_CODE.test(nodeCode)) {
    const message = `no TLS connection was made, so nothing was sent: ${error.rawMessage} (${nodeCode})`;
    return new HoldfastClientError('unauthenticated', message, { cause });
  }
  return new HoldfastClientError(codeName(error.code), error.rawMessage, { cause });
}

/** The first error code of Node in a chain of causes; a few links are all there ever are. */
function nodeCodeOf(error: Error): string | undefined {
  let link: unknown = error;
  for (let depth = 0; depth < 4 && link instanceof Error; depth++) {
    if ('code' in link && typeof link.code === 'string') return link.code;
    link = link.cause;
  }
  return undefined;
}

/** `PermissionDenied` is written `permission_denied`. */
function codeName(code: Code): ErrorCode {
  return Code[code]
    .replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    .slice(1) as ErrorCode;
}

const REASON_NAMES = new Map<number, ErrorReasonName>(
  Object.entries(ErrorReason)
    .filter(([name]) => name !== 'UNSPECIFIED')
    .map(([name, number]) => [number, name as ErrorReasonName]),
);

/** Undefined for a reason that a newer sidecar knows and this client does not. */
function reasonName(reason: number): ErrorReasonName | undefined {
  return REASON_NAMES.get(reason);
}
