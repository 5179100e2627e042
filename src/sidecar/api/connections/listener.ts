// One place that accepts connections, TCP, TLS or Unix socket, and speaks HTTP/1.1 and HTTP/2 on it.
import { createServer as createHttp1Server, type Server as Http1Server } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
} from 'node:http2';
import { createServer, type Server, Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket } from 'node:tls';
import type { Timers } from '../../../core/index.ts';
import { answerUnparsable } from '../calls/client-error.ts';
import {
  ABANDONED_STREAM_GRACE_MS,
  type ApiLimits,
  LAST_WORDS_MS,
  MAX_HEADER_BYTES,
  MAX_HEADER_COUNT,
  MAX_HTTP2_STREAMS,
} from '../calls/limits.ts';
import type { ApiRequest, ApiResponse } from '../calls/respond.ts';
import { bind, type TcpTarget, type UnixTarget } from './bind.ts';
import { Http1Connections } from './http1-connections.ts';
import { Http2Sessions } from './http2-sessions.ts';
import { detectHttpVersion } from './protocol-switch.ts';
import { tlsOptions } from './tls.ts';

export interface ListenerParts {
  readonly limits: ApiLimits;
  readonly timers: Timers;
  readonly onRequest: (request: ApiRequest, response: ApiResponse) => void;
}

export interface Listener {
  /** `host:port` as in a URL, or the socket's path. */
  readonly address: string;
  /** Accepts no more connections or calls, and resolves when every call under way is answered and its connection closed. */
  close(): Promise<void>;
  /** Cuts the connections that are left: after a last word, where the client takes one. */
  destroy(): void;
}

/** Throws StartupError. */
export async function listen(
  target: TcpTarget | UnixTarget,
  parts: ListenerParts,
): Promise<Listener> {
  const server = createAcceptor(target);
  server.maxConnections = parts.limits.maxConnections;
  const address = await bind(server, target);
  // A connection that cannot be accepted, say for want of file descriptors, concerns its client alone.
  server.on('error', () => {});

  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Http2Sessions(parts.timers, parts.limits);
  const http1Connections = new Http1Connections();
  const http1 = openHttp1(parts, http1Connections);
  const http2 = openHttp2(parts, sessions);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Without a listener an error of a socket would end the process; the close that follows says all we need.
    socket.on('error', () => {});
  });
  server.on(isTls(target) ? 'secureConnection' : 'connection', (socket: Socket) => {
    undecided.add(socket);
    socket.once('close', () => undecided.delete(socket));
    socket.on('error', () => {});
    detectHttpVersion(socket, parts.timers, parts.limits.firstByteTimeoutMs, (version) => {
      undecided.delete(socket);
      if (version === 'http1') http1Connections.add(socket);
      else if (!speaksHttp2(socket)) {
        socket.destroy();
        return;
      }
      (version === 'http1' ? http1 : http2).emit('connection', socket);
    });
  });

  return {
    address,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of undecided) socket.destroy();
      sessions.close();
      http1Connections.close();
      await closed;
      // Ends the timer that looks for slow requests. It never listened itself, which is all that its error would say.
      http1.close(() => {});
    },
    destroy() {
      sessions.destroy();
      for (const socket of sockets) socket.destroySoon();
      const cancel = parts.timers.after(LAST_WORDS_MS, () => {
        for (const socket of sockets) socket.destroy();
      });
      server.once('close', cancel);
    },
  };
}

function isTls(target: TcpTarget | UnixTarget): boolean {
  return target.kind === 'tcp' && target.tls !== undefined;
}

/** Accepts connections; one of TLS lets in only holders of a client certificate. Throws StartupError. */
function createAcceptor(target: TcpTarget | UnixTarget): Server {
  if (target.kind === 'tcp' && target.tls !== undefined) {
    const server = createTlsServer({ noDelay: true, ...tlsOptions(target.tls) });
    // Whoever is not let in, or gives up, is not waited for.
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return server;
  }
  // Half-open, as Node's own HTTP server is: a client may end its side and still wait for the answer.
  return createServer({ allowHalfOpen: true, noDelay: true });
}

/** Node's HTTP/2 takes a TLS connection only where both sides agreed on it. */
function speaksHttp2(socket: Socket): boolean {
  return !(socket instanceof TLSSocket) || socket.alpnProtocol === 'h2';
}

function openHttp1(
  { limits, onRequest }: ListenerParts,
  connections: Http1Connections,
): Http1Server {
  const http1 = createHttp1Server({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
  });
  http1.maxHeadersCount = MAX_HEADER_COUNT;
  http1.on('request', (request, response) => {
    connections.track(request.socket, response);
    onRequest(request, response);
  });
  http1.on('clientError', (error, socket) => {
    if (socket instanceof Socket && connections.isAnswering(socket)) socket.destroy();
    else answerUnparsable(error, socket);
  });
  // Node enforces its time limits from this event on, and it does not listen itself.
  http1.emit('listening');
  return http1;
}

function openHttp2({ timers, onRequest }: ListenerParts, sessions: Http2Sessions): Http2Server {
  const http2 = createHttp2Server({
    settings: { maxConcurrentStreams: MAX_HTTP2_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES },
  });
  http2.on('request', (request, response) => {
    // The response's own `finish` comes only when the stream closes, which is what may never happen.
    request.stream.once('finish', () => endAbandoned(request, timers));
    sessions.limitRequest(request.stream);
    onRequest(request, response);
  });
  http2.on('session', (session) => sessions.add(session));
  return http2;
}

/** Some clients forget the rest of a request once it is answered. Their stream would stay, and count, for ever. */
function endAbandoned({ stream, complete }: Http2ServerRequest, timers: Timers): void {
  if (complete || stream.destroyed) return;
  const cancel = timers.after(ABANDONED_STREAM_GRACE_MS, () => {
    stream.close(constants.NGHTTP2_NO_ERROR);
  });
  stream.once('close', cancel);
}
