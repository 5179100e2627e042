// Writes one message, the ends of a stream, or one error in the form of the protocol the request came in.
import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { ConnectError } from '@connectrpc/connect';
import {
  codeToHttpStatus,
  errorToJson,
  errorToJsonBytes,
} from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { trailerSerialize } from '@connectrpc/connect/protocol-grpc-web';
import { END_STREAM_FLAG, type Encoding, encodeEnvelope, TRAILER_FLAG } from './protocol.ts';

export type ApiRequest = IncomingMessage | Http2ServerRequest;
export type HeaderFields = Readonly<Record<string, string>>;

/** What Node's responses of HTTP/1.1 and HTTP/2 have in common, as far as we use it. */
export interface ApiResponse {
  readonly headersSent: boolean;
  readonly destroyed: boolean;
  writeHead(status: number, headers: HeaderFields): unknown;
  addTrailers(trailers: HeaderFields): void;
  /** False when the client is slow: more is welcome after `drain`. */
  write(chunk: Uint8Array): boolean;
  end(body?: Uint8Array | string): unknown;
  destroy(): unknown;
  once(event: 'close' | 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

const GRPC_OK = { 'grpc-status': '0' };
const GRPC_WEB_OK = encodeEnvelope(TRAILER_FLAG, Buffer.from('grpc-status: 0\r\n'));

/** The successful answer of a unary call. */
export function sendMessage(
  response: ApiResponse,
  { wire, contentType }: Encoding,
  message: Uint8Array,
): void {
  switch (wire) {
    case 'connect':
      sendBody(response, 200, { 'content-type': contentType }, message);
      return;
    case 'grpc':
      response.writeHead(200, { 'content-type': contentType });
      response.addTrailers(GRPC_OK);
      response.end(encodeEnvelope(0, message));
      return;
    case 'grpc-web':
      sendBody(
        response,
        200,
        { 'content-type': contentType },
        Buffer.concat([encodeEnvelope(0, message), GRPC_WEB_OK]),
      );
      return;
    case 'connect-stream':
      throw new Error('A unary call cannot come in as a Connect stream.');
  }
}

/** The head of a stream of envelopes. */
export function beginStream(response: ApiResponse, { contentType }: Encoding): void {
  response.writeHead(200, { 'content-type': contentType });
}

/** The end of a stream that was begun; `error` is why, undefined for all was said. */
export function endStream(response: ApiResponse, { wire }: Encoding, error?: ConnectError): void {
  if (response.destroyed) return;
  if (wire === 'grpc') {
    const trailers = error && Object.fromEntries(setTrailerStatus(new Headers(), error));
    response.addTrailers(trailers ?? GRPC_OK);
    response.end();
  } else if (wire === 'grpc-web') {
    const trailers = error && trailerSerialize(setTrailerStatus(new Headers(), error));
    response.end(trailers === undefined ? GRPC_WEB_OK : encodeEnvelope(TRAILER_FLAG, trailers));
  } else {
    response.end(endOfConnectStream(error));
  }
}

function endOfConnectStream(error?: ConnectError): Buffer {
  const end = error && {
    error: errorToJson(error, undefined),
    metadata: metadataLists(error.metadata),
  };
  return encodeEnvelope(END_STREAM_FLAG, Buffer.from(JSON.stringify(end ?? {})));
}

/** An error before any message was sent. `status` replaces the HTTP status that follows from the code, where HTTP decides. */
export function sendError(
  response: ApiResponse,
  { wire, contentType }: Encoding,
  error: ConnectError,
  status: number = codeToHttpStatus(error.code),
  headers: HeaderFields = {},
): void {
  if (response.headersSent || response.destroyed) return;
  switch (wire) {
    case 'connect': {
      const fields = { ...Object.fromEntries(error.metadata), ...headers };
      const body = errorToJsonBytes(error, undefined);
      sendBody(response, status, { ...fields, 'content-type': 'application/json' }, body);
      return;
    }
    case 'connect-stream':
      sendBody(response, 200, { 'content-type': contentType }, endOfConnectStream(error));
      return;
    case 'grpc':
      response.writeHead(200, { 'content-type': contentType });
      response.addTrailers(Object.fromEntries(setTrailerStatus(new Headers(), error)));
      response.end();
      return;
    case 'grpc-web': {
      const trailers = trailerSerialize(setTrailerStatus(new Headers(), error));
      sendBody(
        response,
        200,
        { 'content-type': contentType },
        encodeEnvelope(TRAILER_FLAG, trailers),
      );
      return;
    }
  }
}

/** A whole answer with a body of known length. */
export function sendBody(
  response: ApiResponse,
  status: number,
  headers: HeaderFields,
  body: Uint8Array | string,
): void {
  const length = typeof body === 'string' ? Buffer.byteLength(body) : body.length;
  response.writeHead(status, { ...headers, 'content-length': String(length) });
  response.end(body);
}

function metadataLists(headers: Headers): Record<string, string[]> {
  return Object.fromEntries([...headers].map(([name, value]) => [name, [value]]));
}
