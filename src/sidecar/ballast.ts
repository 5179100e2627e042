// A file that only takes up room: it is given back to the disk when that is full, so that the store can be opened again.
import { open, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../core/index.ts';
import { errorCode } from './durable-file.ts';

const CHUNK_BYTES = 1024 * 1024;
const OWNER_ONLY = 0o600;

export class Ballast {
  readonly #path: string;
  readonly #random: Random;

  constructor(directory: string, random: Random) {
    this.#path = join(directory, 'ballast');
    this.#random = random;
  }

  /** Bytes it takes up now. */
  async size(): Promise<number> {
    try {
      return (await stat(this.#path)).size;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 0;
      throw error;
    }
  }

  /** Makes it as large as it should be. Leaves nothing behind when that fails. */
  async create(bytes: number): Promise<void> {
    if ((await this.size()) === bytes) return;
    try {
      const file = await open(this.#path, 'w', OWNER_ONLY);
      try {
        // Random bytes: a file system that compresses would make nothing of zeros.
        const chunk = this.#random.bytes(Math.min(CHUNK_BYTES, bytes));
        for (let rest = bytes; rest > 0; rest -= chunk.length) {
          await file.writeFile(rest < chunk.length ? chunk.subarray(0, rest) : chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await this.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    await rm(this.#path, { force: true });
  }
}
