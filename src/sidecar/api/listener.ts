// One place that accepts connections, TCP or Unix socket, and speaks HTTP/1.1 and HTTP/2 on it.
import { chmodSync } from 'node:fs';
import { createServer as createHttp1Server, type Server as Http1Server } from 'node:http';
import {
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type Http2ServerRequest,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer, type ListenOptions, type Server, Socket } from 'node:net';
import type { Timers } from '../../core/index.ts';
import { isLoopback } from '../loopback.ts';
import { StartupError } from '../startup-error.ts';
import { answerUnparsable } from './client-error.ts';
import { Http1Connections } from './http1-connections.ts';
import {
  ABANDONED_STREAM_GRACE_MS,
  type ApiLimits,
  LAST_WORDS_MS,
  MAX_HEADER_BYTES,
  MAX_HEADER_COUNT,
  MAX_HTTP2_STREAMS,
} from './limits.ts';
import { detectHttpVersion } from './protocol-switch.ts';
import type { ApiRequest, ApiResponse } from './respond.ts';
import { claimSocketPath, SOCKET_MODE } from './unix-socket.ts';

export interface TcpTarget {
  readonly kind: 'tcp';
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}
export interface UnixTarget {
  readonly kind: 'unix';
  readonly path: string;
}

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
  if (target.kind === 'unix') await claimSocketPath(target.path);
  else checkHost(target.host);

  // Half-open, as Node's own HTTP server is: a client may end its side and still wait for the answer.
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.maxConnections = parts.limits.maxConnections;
  await bind(server, target);

  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const http1Connections = new Http1Connections();
  const http1 = openHttp1(parts, http1Connections);
  const http2 = openHttp2(parts, sessions);
  server.on('connection', (socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    // Without a listener an error of a socket would end the process; the close that follows says all we need.
    socket.on('error', () => {});
    detectHttpVersion(socket, parts.timers, parts.limits.firstByteTimeoutMs, (version) => {
      undecided.delete(socket);
      if (version === 'http1') http1Connections.add(socket);
      (version === 'http1' ? http1 : http2).emit('connection', socket);
    });
  });

  return {
    address: describeAddress(server, target),
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of undecided) socket.destroy();
      for (const session of sessions) session.close();
      http1Connections.close();
      await closed;
      // Ends the timer that looks for slow requests. It never listened itself, which is all that its error would say.
      http1.close(() => {});
    },
    destroy() {
      for (const session of sessions) session.destroy(undefined, constants.NGHTTP2_CANCEL);
      for (const socket of sockets) socket.destroySoon();
      const cancel = parts.timers.after(LAST_WORDS_MS, () => {
        for (const socket of sockets) socket.destroy();
      });
      server.once('close', cancel);
    },
  };
}

function checkHost(host: string): void {
  if (isLoopback(host)) return;
  throw new StartupError(
    `The API may not listen on ${host}: it has no encryption`,
    'Choose 127.0.0.1, [::1] or localhost with --api-listen.',
  );
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

function openHttp2(
  { timers, onRequest }: ListenerParts,
  sessions: Set<ServerHttp2Session>,
): Http2Server {
  const http2 = createHttp2Server({
    settings: { maxConcurrentStreams: MAX_HTTP2_STREAMS, maxHeaderListSize: MAX_HEADER_BYTES },
  });
  http2.on('request', (request, response) => {
    // The response's own `finish` comes only when the stream closes, which is what may never happen.
    request.stream.once('finish', () => endAbandoned(request, timers));
    onRequest(request, response);
  });
  http2.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
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

async function bind(server: Server, target: TcpTarget | UnixTarget): Promise<void> {
  const options: ListenOptions =
    target.kind === 'tcp' ? { host: target.host, port: target.port } : { path: target.path };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options, () => {
        server.off('error', reject);
        if (target.kind === 'unix') chmodSync(target.path, SOCKET_MODE);
        resolve();
      });
    });
  } catch (error) {
    throw describeListenError(error, target);
  }
}

function describeListenError(error: unknown, target: TcpTarget | UnixTarget): StartupError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const place = target.kind === 'tcp' ? `${target.host}:${target.port}` : target.path;
  const option = target.kind === 'tcp' ? '--api-listen' : '--api-socket';
  if (code === 'EADDRINUSE') {
    return new StartupError(
      `Something else already listens on ${place}`,
      `Stop it, or choose another place for the API with ${option}.`,
      error,
    );
  }
  return new StartupError(
    `The API cannot listen on ${place} (${code})`,
    `Choose another place for the API with ${option}.`,
    error,
  );
}

function describeAddress(server: Server, target: TcpTarget | UnixTarget): string {
  const address = server.address();
  if (target.kind === 'unix' || address === null || typeof address === 'string') {
    return target.kind === 'unix' ? target.path : target.host;
  }
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `${host}:${address.port}`;
}
