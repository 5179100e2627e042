// Tells of calls that ended, for the audit log: what was called, by whom, and how it ended.

import { Code, ConnectError } from '@connectrpc/connect';
import { codeToString } from '@connectrpc/connect/protocol-connect';
import { type ErrorReason, HoldfastError, type TokenHolder } from '../../../core/index.ts';
import { CODE_BY_REASON } from './connect-error.ts';

export interface SeenCall {
  /** As in `MeshService/Pause`; as it was asked for, cut off, where there is no such method. */
  readonly method: string;
  /** Undefined where nobody was recognised. */
  readonly caller: TokenHolder | undefined;
  /** The request, where it was read. It may hold secrets. */
  readonly request: object | undefined;
  /** Undefined for a call that was carried out. */
  readonly reason: ErrorReason | undefined;
  /** It was refused for who calls or from where. */
  readonly isRefusal: boolean;
  /** From the headers to the answer, of a unary call that was begun. */
  readonly tookMs?: number;
}

export type ObserveCall = (call: SeenCall) => void;

/** `ok`, then the codes of Connect as it spells them. */
export const API_CODES: readonly string[] = [
  'ok',
  ...Object.values(Code).flatMap((code) => (typeof code === 'number' ? codeToString(code) : [])),
];

/** How a call ended. */
export function codeOf({ reason }: SeenCall): string {
  return reason === undefined ? 'ok' : codeToString(CODE_BY_REASON[reason]);
}

const MAX_METHOD = 80;
const REFUSALS: ReadonlySet<Code> = new Set([Code.Unauthenticated, Code.PermissionDenied]);

/** `error` is what the call ended with; undefined for one that was carried out. */
export function seenCall(
  path: string,
  caller: TokenHolder | undefined,
  request: object | undefined,
  error: unknown,
): SeenCall {
  const reason = error === undefined ? undefined : reasonOf(error);
  const isRefusal = reason !== undefined && REFUSALS.has(CODE_BY_REASON[reason]);
  const method = path.replace(/^\/(?:holdfast\.v1\.)?/, '').slice(0, MAX_METHOD);
  return { method, caller, request, reason, isRefusal };
}

function reasonOf(error: unknown): ErrorReason {
  const own = error instanceof ConnectError ? error.cause : error;
  return own instanceof HoldfastError ? own.reason : 'INTERNAL';
}
