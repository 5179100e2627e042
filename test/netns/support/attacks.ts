// Starts attacks from a host of the network, and watches the memory of who is attacked.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { pause } from '../../../src/demo/wait.ts';
import type { Host } from '../../support/network.ts';
import { MESH_PORT } from './modes.ts';

const run = promisify(execFile);
const ATTACKER = join(import.meta.dirname, 'attacker.ts');
const LOOK_EVERY_MS = 50;
const KIB = 1024;

export type AttackName = 'garbage' | 'silence' | 'dribble' | 'announce' | 'oversize' | 'hoard';

/** Connections of the attacker. */
export interface AttackReport {
  readonly made: number;
  readonly failed: number;
  readonly endedByThem: number;
  readonly mostOpen: number;
}

/** Runs an attack to its end, or for so long. */
export async function attack(
  name: AttackName,
  { from, to, ms }: { readonly from: Host; readonly to: Host; readonly ms: number },
): Promise<AttackReport> {
  const words = [process.execPath, ATTACKER, name, to.address, String(MESH_PORT), String(ms)];
  const [program = '', ...args] = [...from.inside, ...words];
  const { stdout } = await run(program, args, { timeout: ms + 30_000 });
  return JSON.parse(stdout) as AttackReport;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * KIB;
}

/** The most that a process has resident until the signal aborts. */
export async function mostResidentBytes(pid: number, signal: AbortSignal): Promise<number> {
  let most = residentBytes(pid);
  while (!signal.aborted) {
    most = Math.max(most, residentBytes(pid));
    await pause(LOOK_EVERY_MS, signal).catch(() => undefined);
  }
  return most;
}
