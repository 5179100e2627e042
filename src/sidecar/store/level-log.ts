// LevelDB's own log: the only place where it tells that it dropped records of a damaged file when it opened the store.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../durable-file.ts';

/** LevelDB begins a new file at each open; it is small unless something is very wrong. */
const MAX_CHARACTERS = 1024 * 1024;
const MAX_NOTES = 20;
const SIGN = /Corruption|dropping \d+ bytes/;
const TIME = /^\d{4}\/\d{2}\/\d{2}-\d{2}:\d{2}:\d{2}\.\d+ \S+ /;

/** What LevelDB said it lost since it was opened last, one sentence each; empty when nothing was. */
export async function readLosses(directory: string): Promise<readonly string[]> {
  try {
    return lossesIn(await readFile(join(directory, 'LOG'), 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

export function lossesIn(log: string): readonly string[] {
  return log
    .slice(0, MAX_CHARACTERS)
    .split('\n')
    .filter((line) => SIGN.test(line))
    .slice(0, MAX_NOTES)
    .map((line) => line.replace(TIME, '').trim());
}
