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
  readonly member: string;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly fds: FileDescriptors;
  readonly timers: number;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Looks several times and takes the least of each: some timers are those of the moment, say of a write that is due in a second, and
 * what leaks is in the least too.
 */
export async function heldInQuiet(
  pids: readonly number[],
  take: () => Promise<readonly Sample[]>,
  { settleMs, looks: count }: QuietPlan,
  signal: AbortSignal,
): Promise<Held[]> {
  await pause(settleMs, signal);
  const looks: Sample[] = [];
  for (let look = 0; look < count; look++) {
    for (const pid of pids) process.kill(pid, 'SIGUSR2');
    await pause(LOOK_EVERY_MS, signal);
    looks.push(...(await take()));
  }
  const members = [...new Set(looks.map(({ member }) => member))];
  return members.map((member) =>
    leastOf(
      member,
      looks.filter((one) => one.member === member),
    ),
  );
}

function leastOf(member: string, looks: readonly Sample[]): Held {
  const least = (read: (sample: Sample) => number): number => Math.min(...looks.map(read));
  return {
    ...{ member, atSeconds: least(({ atSeconds }) => atSeconds) },
    heapBytes: least(({ heapUsedBytes }) => heapUsedBytes),
    externalBytes: least(({ externalBytes }) => externalBytes),
    fds: {
      all: least(({ fds }) => fds.all),
      sockets: least(({ fds }) => fds.sockets),
      files: least(({ fds }) => fds.files),
      others: least(({ fds }) => fds.others),
    },
    timers: least(({ timers }) => timers),
  };
}
