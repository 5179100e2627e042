// Processes that outlived a program: found by the directory for temporary files that they inherited from it.
import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the processes that live and have this TMPDIR. */
export function survivorsOf(temporary: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`TMPDIR=${temporary}\0`);
      } catch {
        // It ended meanwhile, or belongs to somebody else.
        return false;
      }
    })
    .map(Number);
}
