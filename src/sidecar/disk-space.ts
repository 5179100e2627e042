// How much room there is on the disk of a directory.
import { statfs } from 'node:fs/promises';
import type { DiskSpace } from './disk-guard.ts';

/** Free is what this user may still write; file systems keep some for root. */
export async function spaceOf(directory: string): Promise<DiskSpace> {
  const { bsize, bavail, blocks } = await statfs(directory);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}
