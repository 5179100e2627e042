// One unary call, start to end, in any protocol: read, decode, check, handle, encode, answer.
//
// Written by hand, because the library's pipeline of generators costs several times the call itself, answers unreadable
// requests without our error details, and cuts the connection of an oversized one. Streams, which live long, use the library.
import type { DescMethod } from '@bufbuild/protobuf';
import { decodeMessage, encodeMessage } from './codec.ts';
import { type ReportFault, toConnectError } from './connect-error.ts';
import type { UnaryHandler } from './method.ts';
import type { Encoding } from './protocol.ts';
import { ClientGoneError, readMessage } from './request-body.ts';
import { type ApiRequest, type ApiResponse, sendError, sendMessage } from './respond.ts';
import { checkRequest } from './validate.ts';

/** Reads a message's bytes, carries the call out, and returns the answer's bytes. */
export type UnaryCall<C> = (message: Uint8Array, binary: boolean, caller: C) => Promise<Uint8Array>;

export function createUnaryCall<M extends DescMethod, C>(
  method: M,
  handle: UnaryHandler<M, C>,
): UnaryCall<C> {
  return async (bytes, binary, caller) => {
    const input: M['input'] = method.input;
    const request = decodeMessage(input, bytes, binary);
    checkRequest(input, request);
    return encodeMessage<M['output']>(method.output, await handle(request, caller), binary);
  };
}

/** Never rejects. */
export async function serveUnary<C>(
  call: UnaryCall<C>,
  caller: C,
  encoding: Encoding,
  request: ApiRequest,
  response: ApiResponse,
  reportFault: ReportFault,
): Promise<void> {
  try {
    const message = await readMessage(request, encoding);
    sendMessage(response, encoding, await call(message, encoding.binary, caller));
  } catch (error) {
    if (error instanceof ClientGoneError) return;
    sendError(response, encoding, toConnectError(error, reportFault));
    // What was not read is read and forgotten, so that neither side waits for the other.
    request.resume();
  }
}
