// What the options depend on besides flags and environment, read from the operating system once.
import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import process from 'node:process';
import { errorCode } from '../durable-file.ts';

export interface HostFacts {
  readonly hostName: string;
  readonly homeDir: string;
  /** Where relative paths on the command line begin. */
  readonly workingDir: string;
  readonly isRoot: boolean;
}

export function readHostFacts(): HostFacts {
  return {
    hostName: hostname(),
    homeDir: homedir(),
    workingDir: process.cwd(),
    isRoot: process.getuid?.() === 0,
  };
}

/** The text of a file, or undefined when there is none. Throws for other reasons. */
export function readOptionalFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
