// The files of an audit log, as a port with one adapter: a directory that only its owner can read.
import { constants } from 'node:fs';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode, syncDirectory } from '../durable-file.ts';

export interface AuditFiles {
  /** Numbers of the files that are there, ascending. */
  list(): Promise<readonly number[]>;
  /** All of a file, or of what is behind `from` the first `maxBytes`. Rejects where there is none. */
  read(file: number, from?: number, maxBytes?: number): Promise<Uint8Array>;
  /**
   * Writes at `offset` and resolves once it is on the disk; at 0 the file is made. What stands behind `offset` is cut off:
   * resolves with how many bytes that were.
   */
  write(file: number, offset: number, bytes: Uint8Array): Promise<number>;
  /** Does nothing where there is none. */
  remove(file: number): Promise<void>;
}

const NAME = /^audit-(\d{8})\.jsonl$/;
/** Files of a log are smaller by far; what is larger was not written here, and is not read as a whole. */
const MAX_READ_BYTES = 64 * 1024 * 1024;

export function auditFileName(file: number): string {
  return `audit-${String(file).padStart(8, '0')}.jsonl`;
}

export function auditDirectory(directory: string): AuditFiles {
  const pathOf = (file: number): string => join(directory, auditFileName(file));
  return {
    list: async () => {
      const names = await readdir(directory).catch((error: unknown) => {
        if (errorCode(error) === 'ENOENT') return [];
        throw error;
      });
      return names
        .flatMap((name) => NAME.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b);
    },

    read: async (file, from = 0, maxBytes = MAX_READ_BYTES) => {
      const handle = await open(pathOf(file), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const { size } = await handle.stat();
        const buffer = new Uint8Array(Math.min(Math.max(0, size - from), maxBytes));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },

    write: async (file, offset, bytes) => {
      if (offset === 0) await mkdir(directory, { recursive: true, mode: 0o700 });
      const made = offset === 0 ? constants.O_CREAT : 0;
      const handle = await open(
        pathOf(file),
        constants.O_WRONLY | constants.O_NOFOLLOW | made,
        0o600,
      );
      let cut: number;
      try {
        const { size } = await handle.stat();
        cut = Math.max(0, size - offset);
        if (cut > 0) await handle.truncate(offset);
        for (let done = 0; done < bytes.length; ) {
          done += (await handle.write(bytes, done, bytes.length - done, offset + done))
            .bytesWritten;
        }
        await handle.datasync();
      } finally {
        await handle.close();
      }
      if (offset === 0) await syncDirectory(directory);
      return cut;
    },

    remove: (file) => rm(pathOf(file), { force: true }),
  };
}
