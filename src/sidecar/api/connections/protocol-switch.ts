// Tells HTTP/2 from HTTP/1.1 by the first bytes of a connection, so that one port serves both without TLS.
import type { Socket } from 'node:net';
import type { Timers } from '../../../core/index.ts';

export type HttpVersion = 'http1' | 'http2';

/** How an HTTP/2 client with prior knowledge begins. No method of HTTP/1.1 does. */
const HTTP2_PREFACE_START = Buffer.from('PRI');

/**
 * Calls back once with what the socket speaks, its bytes put back. A socket that says nothing within the timeout, or ends, is
 * destroyed and nothing is called.
 */
export function detectHttpVersion(
  socket: Socket,
  timers: Timers,
  timeoutMs: number,
  onDetected: (version: HttpVersion) => void,
): void {
  let head: Buffer = Buffer.alloc(0);
  const settle = (): void => {
    cancelTimeout();
    socket.off('data', onData).off('end', onSilence).off('close', settle);
  };
  const onSilence = (): void => {
    settle();
    socket.destroy();
  };
  const onData = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    const compared = Math.min(head.length, HTTP2_PREFACE_START.length);
    const mayBeHttp2 = head.subarray(0, compared).equals(HTTP2_PREFACE_START.subarray(0, compared));
    if (mayBeHttp2 && compared < HTTP2_PREFACE_START.length) return;
    settle();
    socket.pause();
    socket.unshift(head);
    onDetected(mayBeHttp2 ? 'http2' : 'http1');
    // An HTTP/2 session takes what is buffered itself; flowing, the bytes would pass it by.
    if (!mayBeHttp2) socket.resume();
  };
  const cancelTimeout = timers.after(timeoutMs, onSilence);
  socket.on('data', onData).on('end', onSilence).on('close', settle);
}
