// The answer to bytes that are no HTTP request at all, or one that takes too long: the same error body, written by hand.
import type { Duplex } from 'node:stream';
import { errorToJson } from '@connectrpc/connect/protocol-connect';
import { fromHoldfastError, malformed } from './connect-error.ts';
import { MAX_HEADER_BYTES } from './limits.ts';

/** Answers in place of the request listener, which never saw the request, and closes the connection. */
export function answerUnparsable(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, what] = describe(error.code);
  const body = JSON.stringify(errorToJson(fromHoldfastError(malformed(what)), undefined));
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function describe(code: string | undefined): readonly [status: string, what: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [
        '431 Request Header Fields Too Large',
        `its headers are over ${MAX_HEADER_BYTES} bytes`,
      ];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'it took too long to arrive'];
    default:
      return ['400 Bad Request', 'it is not HTTP'];
  }
}
