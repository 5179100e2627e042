// Which lane may send next: trust before everything, the others in turns by weight, so that none starves.
import type { Lane } from '../../core/index.ts';

/** Lanes that share a turn. All lanes of later versions are one class, so that many of them weigh no more than one. */
export type LaneClass = 'trust' | 'command' | 'state' | 'other' | 'pulse';

/**
 * Runs in a full round. A command waits for at most one run in front of it, and a heartbeat, which is replaced soon, for a
 * round. Trust has no weight: nothing goes before it.
 */
export const LANE_WEIGHT = { command: 16, state: 4, other: 2, pulse: 1 } as const;
type Weighted = keyof typeof LANE_WEIGHT;
const WEIGHTED = Object.keys(LANE_WEIGHT) as readonly Weighted[];

/** A class that has something to send is served at least once in so many runs that are not trust: two full rounds. */
export const MAX_RUNS_WAITED =
  2 * Object.values(LANE_WEIGHT).reduce((sum: number, weight) => sum + weight, 0);

export function laneClass(lane: Lane): LaneClass {
  switch (lane) {
    case 'trust':
    case 'command':
    case 'state':
    case 'pulse':
      return lane;
    default:
      return 'other';
  }
}

/** Smooth weighted round robin: every class with news earns its weight a turn, the richest is served and pays for all. */
export class LaneSchedule {
  readonly #credit: Record<Weighted, number> = { command: 0, state: 0, other: 0, pulse: 0 };

  /** The class whose turn it is, of those that have something to send. */
  next(hasNews: (lane: LaneClass) => boolean): LaneClass | undefined {
    if (hasNews('trust')) return 'trust';
    let paid = 0;
    let chosen: Weighted | undefined;
    for (const lane of WEIGHTED) {
      if (!hasNews(lane)) {
        // Neither savings nor debts from a time in which it had nothing to say.
        this.#credit[lane] = 0;
        continue;
      }
      paid += LANE_WEIGHT[lane];
      this.#credit[lane] += LANE_WEIGHT[lane];
      if (chosen === undefined || this.#credit[lane] > this.#credit[chosen]) chosen = lane;
    }
    if (chosen !== undefined) this.#credit[chosen] -= paid;
    return chosen;
  }
}
