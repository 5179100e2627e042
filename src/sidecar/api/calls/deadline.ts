// The deadline a client sets for a stream.
import { parseTimeout as parseConnectTimeout } from '@connectrpc/connect/protocol-connect';
import { parseTimeout as parseGrpcTimeout } from '@connectrpc/connect/protocol-grpc';
import { fromLibraryError } from './connect-error.ts';
import type { Encoding } from './protocol.ts';
import { headerText } from './request-body.ts';
import type { ApiRequest } from './respond.ts';

/** What a timer can wait for: 24 days. No stream lives that long without a break. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Milliseconds from now; undefined for none. Throws ConnectError for a header that is no time. */
export function timeoutOf(request: ApiRequest, { wire }: Encoding): number | undefined {
  const isConnect = wire === 'connect-stream';
  const header = headerText(request, isConnect ? 'connect-timeout-ms' : 'grpc-timeout') ?? null;
  const parse = isConnect ? parseConnectTimeout : parseGrpcTimeout;
  const { timeoutMs, error } = parse(header, Number.MAX_SAFE_INTEGER);
  if (error !== undefined) throw fromLibraryError(error);
  return timeoutMs && Math.min(timeoutMs, MAX_TIMEOUT_MS);
}
