// When what happens in a soak of so many minutes. A short one tries the soak itself: everything comes to its turn within a minute.
import type { QuietPlan } from './quiet.ts';
import { JUDGED_FROM_MINUTES } from './verdict.ts';
import type { CutPlan } from './work.ts';

export interface SoakPlan {
  /** Stretches of load, with a quiet moment at the end of each. */
  readonly stretches: number;
  readonly stretchMs: number;
  readonly sampleEveryMs: number;
  readonly cuts: CutPlan;
  /** Longest time between two of a job, but for cuts. */
  readonly rarestMs: number;
  readonly quiet: QuietPlan;
}

const MINUTE_MS = 60_000;
/** Two a quarter: enough for a line through those after the warm-up. */
const STRETCHES = 8;
const SHORT_STRETCHES = 4;

export function planOf(minutes: number): SoakPlan {
  const runMs = minutes * MINUTE_MS;
  if (minutes < JUDGED_FROM_MINUTES) {
    return {
      ...{ stretches: SHORT_STRETCHES, stretchMs: runMs / SHORT_STRETCHES },
      ...{ sampleEveryMs: 2_000, rarestMs: 2_000 },
      cuts: { everyMs: 3_000, forMs: 500 },
      quiet: { settleMs: 2_000, looks: 3 },
    };
  }
  return {
    ...{ stretches: STRETCHES, stretchMs: runMs / STRETCHES },
    ...{ sampleEveryMs: 10_000, rarestMs: Infinity },
    cuts: { everyMs: 180_000, forMs: 25_000 },
    quiet: { settleMs: 15_000, looks: 12 },
  };
}
