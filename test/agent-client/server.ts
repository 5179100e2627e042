// The fake sidecar behind a real port or socket, for tests of what only a real connection shows.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectNodeAdapter } from '@connectrpc/connect-node';
import type { FakeSidecar } from './fake-sidecar.ts';

export interface TestServer extends AsyncDisposable {
  /** For the `address` option. */
  readonly address: string;
  /** Breaks every connection, as a killed sidecar does, and goes on listening. */
  breakConnections(): void;
}

/** On a free loopback port, or on the socket path if given. */
export async function serve(sidecar: FakeSidecar, socketPath?: string): Promise<TestServer> {
  const server = createServer(connectNodeAdapter({ routes: (router) => sidecar.routes(router) }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (socketPath === undefined) server.listen(0, '127.0.0.1', resolve);
    else server.listen(socketPath, resolve);
  });
  const address =
    socketPath === undefined
      ? `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      : `unix:${socketPath}`;
  return {
    address,
    breakConnections: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
