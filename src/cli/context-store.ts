// Where contexts lie: a file in the user's XDG configuration, for its owner alone.
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import process from 'node:process';
import type { ContextStore } from './context-file.ts';

const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;
const WRITABLE_BY_OTHERS = 0o022;
const MAX_BYTES = 1024 * 1024;

/** `$XDG_CONFIG_HOME/holdfast/contexts.yaml`, or below `~/.config`. */
export function contextPath(
  env: Readonly<Record<string, string | undefined>>,
  homeDir: string,
): string {
  const configured = env.XDG_CONFIG_HOME ?? '';
  // The specification says that a path which is not absolute does not count.
  const base = configured.startsWith('/') ? configured : join(homeDir, '.config');
  return join(base, 'holdfast', 'contexts.yaml');
}

export function fileContextStore(path: string): ContextStore {
  return { path, read: () => read(path), write: (text) => write(path, text) };
}

/** Whoever may write the file may send our token to a machine of theirs. */
async function read(path: string): Promise<string | undefined> {
  try {
    const { mode, uid, size } = await stat(path);
    if ((mode & WRITABLE_BY_OTHERS) !== 0) {
      throw new Error(`others than its owner may write it; \`chmod 600 ${path}\` if you trust it`);
    }
    const own = process.getuid?.();
    if (own !== undefined && uid !== own && uid !== 0)
      throw new Error('it belongs to another user');
    if (size > MAX_BYTES) throw new Error('it is larger than 1 MiB');
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Beside it first, so that a crash leaves the old one or the new one. */
async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  const draft = `${path}.${process.pid}.new`;
  await rm(draft, { force: true });
  const file = await open(draft, 'wx', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(draft, FILE_MODE);
  await rename(draft, path);
}
