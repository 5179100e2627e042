// A quiet moment: nobody is connected, nothing is asked. What is open then should be the same after an hour as after a minute.
import { pause } from '../../src/demo/wait.ts';
import type { Sample } from './sample.ts';
import type { QuietCounts } from './verdict.ts';

export interface QuietPlan {
  /** For what has just ended to be closed, and documents to be written that wait for a timer. */
  readonly settleMs: number;
  readonly looks: number;
}

const LOOK_EVERY_MS = 1_000;

/**
 * Looks several times and counts the fewest of each: some timers are those of the moment, say of a write that is due in a second, and
 * a leak is among the fewest too.
 */
export async function quietCounts(
  take: () => Promise<readonly Sample[]>,
  { settleMs, looks: count }: QuietPlan,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, QuietCounts>> {
  await pause(settleMs, signal);
  const looks: Sample[] = [];
  for (let look = 0; look < count; look++) {
    looks.push(...(await take()));
    await pause(LOOK_EVERY_MS, signal);
  }
  const members = [...new Set(looks.map(({ member }) => member))];
  return new Map(
    members.map((member) => [member, fewest(looks.filter((one) => one.member === member))]),
  );
}

function fewest(looks: readonly Sample[]): QuietCounts {
  const least = (count: (sample: Sample) => number): number => Math.min(...looks.map(count));
  return {
    fds: {
      all: least(({ fds }) => fds.all),
      sockets: least(({ fds }) => fds.sockets),
      files: least(({ fds }) => fds.files),
      others: least(({ fds }) => fds.others),
    },
    timers: least(({ timers }) => timers),
  };
}
