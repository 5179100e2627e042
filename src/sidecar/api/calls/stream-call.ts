// One streaming call: the library's handler for the protocol, between Node's request and response.
import type { ContextValues } from '@connectrpc/connect';
import type { UniversalHandler, UniversalServerResponse } from '@connectrpc/connect/protocol';
import { drained } from './drain.ts';
import type { ApiRequest, ApiResponse } from './respond.ts';

/** Rejects only for faults. When the client goes away the handler's generators are ended and nothing is said. */
export async function serveStream(
  handler: UniversalHandler,
  contextValues: ContextValues,
  request: ApiRequest,
  response: ApiResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => {
    gone.abort();
  });
  const answer = await handler({
    httpVersion: request.httpVersion,
    method: request.method ?? '',
    // Host and scheme were checked before and mean nothing to a handler.
    url: new URL(handler.requestPath, 'http://localhost').toString(),
    header: toWebHeaders(request),
    body: bodyOf(request),
    signal: gone.signal,
    contextValues,
  });
  await send(answer, response, gone.signal);
  request.resume();
}

function toWebHeaders(request: ApiRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !name.startsWith(':')) headers.set(name, String(value));
  }
  return headers;
}

/** The library stops reading when it refuses a request; that must not destroy the connection its answer goes out on. */
async function* bodyOf(request: ApiRequest): AsyncGenerator<Uint8Array> {
  yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
}

/** Sends each piece when the one before it was taken, so that a slow client slows the handler down. */
async function send(
  answer: UniversalServerResponse,
  response: ApiResponse,
  gone: AbortSignal,
): Promise<void> {
  const pieces = answer.body?.[Symbol.asyncIterator]();
  try {
    // The headers wait for the first piece, until when the handler may still change them.
    let piece = await pieces?.next();
    if (gone.aborted) return;
    response.writeHead(answer.status, Object.fromEntries(answer.header ?? []));
    while (piece !== undefined && piece.done !== true) {
      if (!response.write(piece.value)) await drained(response, gone);
      if (gone.aborted) return;
      piece = await pieces?.next();
    }
    if (gone.aborted) return;
    if (answer.trailer !== undefined) response.addTrailers(Object.fromEntries(answer.trailer));
    response.end();
  } finally {
    await pieces?.return?.();
  }
}
