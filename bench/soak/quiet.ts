// A quiet moment: nobody is connected, nothing is asked, no garbage is left. What is there then is what is held, the same after an hour
// as after a quarter of it.
import process from 'node:process';
import { pause } from '../../src/demo/wait.ts';
import type { FileDescriptors, Sample } from './sample.ts';

export interface QuietPlan {
  /** For what has just ended to be closed, and documents to be written that wait for a timer. */
  readonly settleMs: number;
  readonly looks: number;
}

/** What a member held in a quiet moment. */
export interface Held {
  readonly atSeconds: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly fds: FileDescriptors;
  /** With requests to the file system under way: the look at the disk each second is now a timer, now one of these. */
  readonly timers: number;
}

const LOOK_EVERY_MS = 1_000;

/** Has samples taken, each behind a collection in every process. */
export async function lookWhileQuiet(
  pids: readonly number[],
  take: () => Promise<void>,
  { settleMs, looks }: QuietPlan,
  signal: AbortSignal,
): Promise<void> {
  await pause(settleMs, signal);
  for (let look = 0; look < looks; look++) {
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    await pause(LOOK_EVERY_MS, signal);
    await take();
  }
}

/**
 * What one member held in each of its quiet moments, oldest first, from its samples in their order. Of each the least of several looks: some
 * timers are those of the moment, say of a write that is due in a second, and what leaks is in the least too.
 */
export function heldOf(samples: readonly Sample[]): Held[] {
  const moments: Sample[][] = [];
  for (const [n, sample] of samples.entries()) {
    if (sample.phase !== 'quiet') continue;
    if (samples[n - 1]?.phase !== 'quiet') moments.push([]);
    moments.at(-1)?.push(sample);
  }
  return moments.map(leastOf);
}

function leastOf(looks: readonly Sample[]): Held {
  const least = (read: (sample: Sample) => number): number => Math.min(...looks.map(read));
  return {
    atSeconds: least(({ atSeconds }) => atSeconds),
    heapBytes: least(({ heapUsedBytes }) => heapUsedBytes),
    externalBytes: least(({ externalBytes }) => externalBytes),
    fds: {
      all: least(({ fds }) => fds.all),
      sockets: least(({ fds }) => fds.sockets),
      files: least(({ fds }) => fds.files),
      others: least(({ fds }) => fds.others),
    },
    timers: least(({ timers, resources }) => timers + (resources.file_request ?? 0)),
  };
}
