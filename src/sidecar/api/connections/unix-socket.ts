// The file of a Unix socket: left over from a killed sidecar or in use by a living one, in a directory that nobody else changes.
import { lstat, realpath, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import process from 'node:process';
import { StartupError } from '../../startup-error.ts';

/** Bytes of a socket's path that every supported system takes: 104 on macOS and 108 on Linux, with a zero at the end. */
export const MAX_SOCKET_PATH_BYTES = 103;
/** The owner reads and writes, nobody else does anything. */
export const OWNER_SOCKET_MODE = 0o600;
const WRITABLE_BY_ALL = 0o002;
/** What lies in such a directory can be renamed and removed only by its owner. */
const STICKY = 0o1000;

export interface SocketPlace {
  readonly path: string;
  /** The option that names it. */
  readonly option: string;
}

/** Removes a socket file that nobody answers on. Throws StartupError when the path cannot be listened at. */
export async function claimSocketPath({ path, option }: SocketPlace): Promise<void> {
  if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES) {
    throw new StartupError(
      `The path of the API's socket is too long: ${path}`,
      `Choose one of at most ${MAX_SOCKET_PATH_BYTES} bytes with ${option}, or turn it off.`,
    );
  }
  await checkDirectory(dirname(path), option);
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new StartupError(
      `The path of the API's socket holds something else: ${path}`,
      `Move that file away, or choose another path with ${option}.`,
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
      `Stop the other sidecar, or choose another path with ${option}.`,
    );
  }
}

/**
 * Refuses a directory in which others could put a socket of their own in place of ours, and take the tokens that are sent to
 * it. One that is not there is for the listening to say.
 */
async function checkDirectory(directory: string, option: string): Promise<void> {
  const refuse = (what: string): StartupError =>
    new StartupError(
      `The directory of the socket of ${option} ${what}: ${directory}`,
      `Others could put a socket of theirs there. Choose a directory of its own with ${option}, such as one under /run.`,
    );
  const found = await lstat(directory).catch(() => undefined);
  if (found === undefined) return;
  if (found.isSymbolicLink()) throw refuse('is a symbolic link');
  if ((found.mode & WRITABLE_BY_ALL) !== 0) throw refuse('may be written by everybody');
  const own = process.getuid?.();
  if (own !== undefined && found.uid !== own && found.uid !== 0) {
    throw refuse('belongs to another user');
  }
  let above = dirname(await realpath(directory));
  for (let below = ''; above !== below; above = dirname(above)) {
    below = above;
    const { mode } = await stat(above);
    if ((mode & WRITABLE_BY_ALL) !== 0 && (mode & STICKY) === 0) {
      throw refuse(`can be replaced by everybody, because ${above} may be written by everybody`);
    }
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
