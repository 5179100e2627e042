// Files that hold one secret: created once for their owner alone, and refused when anybody else may read them.
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Random, toHex } from '../../core/index.ts';
import { createFileDurably, errorCode } from '../durable-file.ts';
import { StartupError } from '../startup-error.ts';

const OWNER_ONLY = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;
/** Permission bits of group and others. */
const OTHERS = 0o077;
/** Every secret of ours has under 1 KiB; a larger file is something else. */
const MAX_SECRET_FILE_BYTES = 4096;
const TEMPORARY_NAME_BYTES = 8;

/** The secret in the file, or undefined when there is no file. `others`: the bits of its mode that may not be set. */
export async function readSecretFile(path: string, others = OTHERS): Promise<string | undefined> {
  return (await readPrivateFile(path, MAX_SECRET_FILE_BYTES, others))?.trim();
}

/** The text of a file that nobody else may read, or undefined when there is no file. Rejects with StartupError. */
export async function readPrivateFile(
  path: string,
  maxBytes: number,
  others = OTHERS,
): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw cannotUse(path, 'read', error);
  }
  try {
    // Of the open file, so that what was checked is what is read.
    const status = await handle.stat();
    if (!status.isFile()) {
      throw new StartupError(`${path} is not a file.`, `Move ${path} away and start again.`);
    }
    if ((status.mode & others) !== 0) {
      const mode = (status.mode & 0o777).toString(8);
      throw new StartupError(
        `${path} holds a secret, but other users may read or change it (mode ${mode}).`,
        `Run: chmod 600 ${path} - and replace the secret if somebody may have seen it.`,
      );
    }
    if (status.size > maxBytes) throw malformedSecret(path, 'is too large');
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** Creates the file and its directories. Returns false, and changes nothing, when the file exists. */
export async function createSecretFile(
  path: string,
  secret: string,
  random: Random,
): Promise<boolean> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    return await createFileDurably({
      path,
      content: `${secret}\n`,
      mode: OWNER_ONLY,
      temporaryPath: `${path}.${toHex(random.bytes(TEMPORARY_NAME_BYTES))}.tmp`,
    });
  } catch (error) {
    throw cannotUse(path, 'create', error);
  }
}

/** The secret in the file, made and stored first when there is none. Two processes that do so at once get the same one. */
export async function readOrCreateSecretFile(
  path: string,
  make: () => string,
  random: Random,
): Promise<string> {
  const present = await readSecretFile(path);
  if (present !== undefined) return present;
  await createSecretFile(path, make(), random);
  const stored = await readSecretFile(path);
  if (stored !== undefined) return stored;
  throw new StartupError(`${path} vanished while it was created.`, 'Start again.');
}

/** `fault` completes "<path> …" and never quotes the content. */
export function malformedSecret(
  path: string,
  fault: string,
  hint = `Restore ${path} from a backup, or move it away to have a new one made.`,
): StartupError {
  return new StartupError(`${path} ${fault}.`, hint);
}

function cannotUse(path: string, verb: 'read' | 'create', cause: unknown): StartupError {
  const code = errorCode(cause);
  const detail = cause instanceof Error ? cause.message : String(cause);
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'Free some disk space and start again.'
      : 'The user the sidecar runs as must be able to read and write the data directory.';
  return new StartupError(`Cannot ${verb} ${path}: ${detail}.`, hint, cause);
}
