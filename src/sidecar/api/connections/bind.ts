// Takes the place where a server listens, a port or a socket's path, or says in words why that cannot be.
import { chmodSync } from 'node:fs';
import type { ListenOptions, Server } from 'node:net';
import process from 'node:process';
import { isLoopback } from '../../loopback.ts';
import { StartupError } from '../../startup-error.ts';
import type { TlsMaterial } from './tls.ts';
import { claimSocketPath } from './unix-socket.ts';

/** Permission bits of group and others. */
const OTHERS = 0o077;

export interface TcpTarget {
  readonly kind: 'tcp';
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Needed where others than this machine can connect. */
  readonly tls?: TlsMaterial | undefined;
}
export interface UnixTarget {
  readonly kind: 'unix';
  readonly path: string;
  /** Permissions of the socket's file. */
  readonly mode: number;
  /** The option that names it. */
  readonly option: string;
}

/** Returns the address taken: `host:port` as in a URL, or the path. Throws StartupError. */
export async function bind(server: Server, target: TcpTarget | UnixTarget): Promise<string> {
  if (target.kind === 'unix') await claimSocketPath(target);
  else checkHost(target);
  try {
    await listen(server, target);
  } catch (error) {
    throw describeListenError(error, target);
  }
  return describeAddress(server, target);
}

function checkHost({ host, tls }: TcpTarget): void {
  if (isLoopback(host) || tls !== undefined) return;
  throw new StartupError(
    `The API may not listen on ${host}: it has no encryption`,
    'Choose 127.0.0.1, [::1] or localhost with --api-listen, or give --api-tls-cert, --api-tls-key and --api-tls-client-ca.',
  );
}

async function listen(server: Server, target: TcpTarget | UnixTarget): Promise<void> {
  const options: ListenOptions =
    target.kind === 'tcp' ? { host: target.host, port: target.port } : { path: target.path };
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // A socket is made by this very call: with this mask nobody else connects before its mode is set.
    const mask = target.kind === 'unix' ? process.umask(OTHERS) : undefined;
    server.listen(options, () => {
      server.off('error', reject);
      resolve();
    });
    if (mask !== undefined) process.umask(mask);
  });
  if (target.kind === 'unix') chmodSync(target.path, target.mode);
}

function describeListenError(error: unknown, target: TcpTarget | UnixTarget): StartupError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  const place = target.kind === 'tcp' ? `${target.host}:${target.port}` : target.path;
  const option = target.kind === 'tcp' ? '--api-listen' : target.option;
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
