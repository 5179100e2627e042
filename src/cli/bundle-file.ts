// Bundles as files: written under another name until they are whole, read piece by piece.
import { createReadStream } from 'node:fs';
import { open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';
import { usageFailure } from './errors.ts';

const MAGIC = 'HFBUNDLE';
const PIECE_BYTES = 256 * 1024;
/** The longest frontier, and some. */
const MAX_TEXT_BYTES = 1024 * 1024;
/** For its owner alone: whoever holds the fleet's secret can read it. */
const MODE = 0o600;

export interface BundleOutput {
  write(piece: Uint8Array): Promise<void>;
  /** It is whole. */
  keep(): Promise<void>;
  /** It is not, and goes away. Harmless after `keep`. */
  discard(): Promise<void>;
}

/** `-` is standard output. Rejects with CliFailure when the file is there already, unless `force`. */
export async function createBundleFile(path: string, force: boolean): Promise<BundleOutput> {
  if (path === '-') return { write: toStdout, keep: nothing, discard: nothing };
  const partPath = join(dirname(path), `.${basename(path)}.${process.pid}.part`);
  // Taken at once, so that nobody else takes the name meanwhile. A hard link at the end would not do on a memory stick.
  if (!force) await (await openNew(path)).close();
  const part = await openNew(partPath).catch(async (error: unknown) => {
    if (!force) await unlink(path);
    throw error;
  });
  let isDone = false;
  return {
    write: async (piece) => {
      await part.writeFile(piece);
    },
    keep: async () => {
      await part.sync();
      await part.close();
      await rename(partPath, path);
      isDone = true;
    },
    discard: async () => {
      if (isDone) return;
      isDone = true;
      await part.close().catch(() => undefined);
      await unlink(partPath).catch(() => undefined);
      if (!force) await unlink(path).catch(() => undefined);
    },
  };
}

/** `-` is standard input. */
export async function* readBundleFile(path: string): AsyncGenerator<Uint8Array, void, void> {
  const source: AsyncIterable<Buffer> =
    path === '-' ? process.stdin : createReadStream(path, { highWaterMark: PIECE_BYTES });
  try {
    yield* source;
  } catch (error) {
    throw usageFailure(`${path} cannot be read: ${wordsOf(error)}\nNothing was done.`);
  }
}

/** `text`: no bundle, and short enough to be a frontier. */
export type FileKind = 'bundle' | 'text' | 'missing';

/** What lies under a name. */
export async function kindOfFile(path: string): Promise<FileKind> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return 'missing';
  try {
    const stats = await file.stat();
    const { size } = stats;
    if (!stats.isFile()) return 'missing';
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC.length), 0, MAGIC.length, 0);
    if (buffer.toString('latin1', 0, bytesRead) === MAGIC) return 'bundle';
    return size <= MAX_TEXT_BYTES ? 'text' : 'missing';
  } finally {
    await file.close();
  }
}

async function openNew(path: string) {
  try {
    return await open(path, 'wx', MODE);
  } catch (error) {
    const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    throw usageFailure(
      isThere
        ? `${path} is there already. Nothing was exported; choose another name, or replace it with --force.`
        : `${path} cannot be written: ${wordsOf(error)}\nNothing was exported.`,
    );
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function toStdout(piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(piece, (error) => (error ? reject(error) : resolve()));
  });
}

async function nothing(): Promise<void> {}
