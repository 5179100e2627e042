// One unary call, start to end, in any protocol: read, decode, check, handle, encode, answer.
//
// Written by hand, because the library's pipeline of generators costs several times the call itself, answers unreadable
// requests without our error details, and cuts the connection of an oversized one. Most streams, which live long, use the library; event-call.ts says which do not.
import type { DescMethod } from '@bufbuild/protobuf';
import { decodeMessage, encodeMessage } from './codec.ts';
import { type ReportFault, toConnectError } from './connect-error.ts';
import type { UnaryHandler } from './method.ts';
import type { Encoding } from './protocol.ts';
import { ClientGoneError, readMessage } from './request-body.ts';
import { type ApiRequest, type ApiResponse, sendError, sendMessage } from './respond.ts';
import { checkRequest } from './validate.ts';

/** Reads a message's bytes, carries the call out, and returns the answer's bytes. */
export type UnaryCall<C> = (
  message: Uint8Array,
  binary: boolean,
  caller: C,
  onRead?: (request: object) => void,
) => Promise<Uint8Array>;

export function createUnaryCall<M extends DescMethod, C>(
  method: M,
  handle: UnaryHandler<M, C>,
): UnaryCall<C> {
  return async (bytes, binary, caller, onRead) => {
    const input: M['input'] = method.input;
    const request = decodeMessage(input, bytes, binary);
    checkRequest(input, request);
    onRead?.(request);
    return encodeMessage<M['output']>(method.output, await handle(request, caller), binary);
  };
}

/** Never rejects. `onEnd` is told how it ended, before the caller is. */
export async function serveUnary<C>(
  call: UnaryCall<C>,
  caller: C,
  encoding: Encoding,
  request: ApiRequest,
  response: ApiResponse,
  reportFault: ReportFault,
  onEnd?: (request: object | undefined, error?: unknown) => void,
): Promise<void> {
  let read: object | undefined;
  try {
    const message = await readMessage(request, encoding);
    const answer = await call(message, encoding.binary, caller, (decoded) => {
      read = decoded;
    });
    onEnd?.(read);
    sendMessage(response, encoding, answer);
  } catch (error) {
    if (error instanceof ClientGoneError) return;
    onEnd?.(read, error);
    sendError(response, encoding, toConnectError(error, reportFault));
    // What was not read is read and forgotten, so that neither side waits for the other.
    request.resume();
  }
}
