// What a sidecar takes of the machine's memory.
import { readFileSync } from 'node:fs';
import type { RunningSidecar } from '../../e2e/support/running-sidecar.ts';

/** Of its process, in MiB. */
export function residentMiB(sidecar: RunningSidecar): number {
  const text = readFileSync(`/proc/${sidecar.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? 0) / 1024;
}
