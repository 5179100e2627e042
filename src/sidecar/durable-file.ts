// Writes small files that are either there with all their bytes, also after a power cut, or not there.
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

export interface NewFile {
  readonly path: string;
  readonly content: string;
  /** Permissions, for example 0o600. */
  readonly mode: number;
  /** Where the bytes are written before they get their name. In the same directory, and nobody else's. */
  readonly temporaryPath: string;
}

/** Creates a file. Returns false, and changes nothing, when one of that name exists. */
export async function createFileDurably(file: NewFile): Promise<boolean> {
  try {
    await writeTemporary(file);
    // A link, not a rename: a rename would silently replace a file that another process created meanwhile.
    await link(file.temporaryPath, file.path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(file.temporaryPath, { force: true });
  }
  await syncDirectory(dirname(file.path));
  return true;
}

/** Writes a file, in place of one of that name if there is one: at any moment it is the old one or the new one. */
export async function replaceFileDurably(file: NewFile): Promise<void> {
  try {
    await writeTemporary(file);
    await rename(file.temporaryPath, file.path);
  } finally {
    await rm(file.temporaryPath, { force: true });
  }
  await syncDirectory(dirname(file.path));
}

async function writeTemporary(file: NewFile): Promise<void> {
  await rm(file.temporaryPath, { force: true });
  const handle = await open(file.temporaryPath, 'wx', file.mode);
  try {
    await handle.writeFile(file.content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes the names in a directory survive a power cut; syncing a file alone does not. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The `code` of a system error, such as ENOENT. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}
