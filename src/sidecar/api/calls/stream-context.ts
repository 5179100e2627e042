// What streams on the Connect library's router have around them: their caller, their deadline, and errors with details.
import {
  Code,
  ConnectError,
  type ContextValues,
  createContextKey,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from '@connectrpc/connect';
import type { TokenHolder } from '../../../core/index.ts';
import { type ObserveCall, seenCall } from './call-observer.ts';
import { fromLibraryError, type ReportFault, toConnectError } from './connect-error.ts';

const callerKey = createContextKey<TokenHolder | undefined>(undefined);

/** `caller` is undefined for methods that need no token. */
export function contextValuesFor(caller: TokenHolder | undefined): ContextValues {
  return createContextValues().set(callerKey, caller);
}

export function callerFrom(context: HandlerContext): TokenHolder {
  const caller = context.values.get(callerKey);
  if (caller === undefined) throw new Error('A method that needs a caller was called without one.');
  return caller;
}

/** A stream that ended because the client's deadline passed says so; one whose client left has nobody to tell. */
export function endAtDeadline(signal: AbortSignal): void {
  if (isDeadline(signal.reason)) throw signal.reason;
}

/** Gives every error of a stream its code, reason and sentence, whether ours or the library's over an unreadable request. */
export function describeStreamErrors(reportFault: ReportFault, observe?: ObserveCall): Interceptor {
  return (next) => async (request) => {
    const describe = (error: unknown): ConnectError => {
      if (request.signal.aborted && !isDeadline(error))
        return new ConnectError('The client left.', Code.Canceled);
      const isLibraryError = error instanceof ConnectError && error.details.length === 0;
      return isLibraryError ? fromLibraryError(error) : toConnectError(error, reportFault);
    };
    const caller = request.contextValues.get(callerKey);
    const told = (error?: unknown): void => {
      if (caller !== undefined)
        observe?.(seenCall(new URL(request.url).pathname, caller, undefined, error));
    };
    const failed = (error: unknown): ConnectError => {
      told(error);
      return describe(error);
    };
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: mapErrors(response.message, failed, told) };
    } catch (error) {
      throw failed(error);
    }
  };
}

async function* mapErrors<T>(
  messages: AsyncIterable<T>,
  describe: (error: unknown) => ConnectError,
  ended: () => void,
): AsyncGenerator<T> {
  try {
    yield* messages;
    ended();
  } catch (error) {
    throw describe(error);
  }
}

function isDeadline(error: unknown): error is ConnectError {
  return error instanceof ConnectError && error.code === Code.DeadlineExceeded;
}
