// The file of the Unix socket: left over from a killed sidecar or in use by a living one, and readable by its owner alone.
import { lstat, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { StartupError } from '../startup-error.ts';

/** Bytes of a socket's path that every supported system takes: 104 on macOS and 108 on Linux, with a zero at the end. */
export const MAX_SOCKET_PATH_BYTES = 103;
/** The owner reads and writes, nobody else does anything. */
export const SOCKET_MODE = 0o600;

/** Removes a socket file that nobody answers on. Throws StartupError when the path cannot be listened at. */
export async function claimSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new StartupError(
      `The path of the API's socket is too long: ${path}`,
      `Choose one of at most ${MAX_SOCKET_PATH_BYTES} bytes with --api-socket, or turn it off.`,
    );
  }
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new StartupError(
      `The path of the API's socket holds something else: ${path}`,
      'Move that file away, or choose another path with --api-socket.',
    );
  }
  const refusal = await knock(path);
  if (refusal === 'ECONNREFUSED') {
    // The kernel says that no process listens, so the file was left by one that was killed.
    await rm(path, { force: true });
  } else if (refusal !== 'ENOENT') {
    throw new StartupError(
      refusal === undefined
        ? `Another sidecar answers on ${path}`
        : `Cannot tell whether the socket ${path} is in use (${refusal})`,
      'Stop the other sidecar, or choose another path with --api-socket.',
    );
  }
}

/** The code of the error of connecting, or undefined when somebody answered. */
function knock(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
}
