// Takes the place where a server listens, a port or a socket's path, or says in words why that cannot be.
import { chmodSync } from 'node:fs';
import type { ListenOptions, Server } from 'node:net';
import { isLoopback } from '../loopback.ts';
import { StartupError } from '../startup-error.ts';
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

/** Returns the address taken: `host:port` as in a URL, or the path. Throws StartupError. */
export async function bind(server: Server, target: TcpTarget | UnixTarget): Promise<string> {
  if (target.kind === 'unix') await claimSocketPath(target.path);
  else checkHost(target.host);
  try {
    await listen(server, target);
  } catch (error) {
    throw describeListenError(error, target);
  }
  return describeAddress(server, target);
}

function checkHost(host: string): void {
  if (isLoopback(host)) return;
  throw new StartupError(
    `The API may not listen on ${host}: it has no encryption`,
    'Choose 127.0.0.1, [::1] or localhost with --api-listen.',
  );
}

async function listen(server: Server, target: TcpTarget | UnixTarget): Promise<void> {
  const options: ListenOptions =
    target.kind === 'tcp' ? { host: target.host, port: target.port } : { path: target.path };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
  });
  if (target.kind === 'unix') chmodSync(target.path, SOCKET_MODE);
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
