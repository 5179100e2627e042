// The real world behind the client: the only file here that touches clocks, timers, randomness and the process.
import { readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import type { Surroundings } from './connection/address.ts';
import type { ClientEnvironment } from './environment.ts';

export const systemEnvironment: ClientEnvironment = {
  clock: {
    now: () => ({ wallMs: Date.now(), monotonicMs: performance.now() }),
  },
  timers: {
    after(delayMs, fire) {
      const timer = setTimeout(fire, delayMs);
      return () => clearTimeout(timer);
    },
  },
  random: { fraction: () => Math.random() },
};

/** What the search for a sidecar looks at, read when it is asked for. */
export const systemSurroundings: Surroundings = {
  get env() {
    return process.env;
  },
  isRoot: process.getuid?.() === 0,
  get homeDir() {
    return homedir();
  },
  isSocket(path) {
    return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
  },
  fileNames(directory) {
    try {
      return readdirSync(directory);
    } catch {
      // Not there or not ours to read: nothing can be found in it, which the caller says better.
      return [];
    }
  },
};

/** A mistake in a callback of the caller's: shown, but no reason to stop a loop that must go on. */
export function warnOf(error: unknown): void {
  process.emitWarning(error instanceof Error ? error : new Error(String(error)));
}
