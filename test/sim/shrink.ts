// Finds a short schedule that still breaks the same promise: leaves out ever smaller parts of the steps, as long as time allows.
import { performance } from 'node:perf_hooks';
import type { Plan, Step } from './plan.ts';
import { World, type WorldResult } from './world.ts';

export interface Shrunk {
  readonly plan: Plan;
  readonly result: WorldResult;
  readonly runs: number;
}

/** Delta debugging. Moments of the steps that stay are as they were. */
export async function shrink(plan: Plan, failure: WorldResult, limitMs: number): Promise<Shrunk> {
  const invariant = invariantOf(failure);
  const endMs = performance.now() + limitMs;
  let best: Shrunk = { plan, result: failure, runs: 0 };
  const tryWith = async (steps: readonly Step[]): Promise<boolean> => {
    const smaller = { ...best.plan, steps };
    const result = await new World(smaller).run();
    const isSame = result.violations.length > 0 && invariantOf(result) === invariant;
    best = isSame
      ? { plan: smaller, result, runs: best.runs + 1 }
      : { ...best, runs: best.runs + 1 };
    return isSame;
  };
  let size = Math.ceil(plan.steps.length / 2);
  while (size >= 1 && performance.now() < endMs) {
    let isShorter = false;
    for (let at = 0; at < best.plan.steps.length && performance.now() < endMs; ) {
      const { steps } = best.plan;
      if (await tryWith([...steps.slice(0, at), ...steps.slice(at + size)])) isShorter = true;
      else at += size;
    }
    if (!isShorter || size > best.plan.steps.length) size = size === 1 ? 0 : Math.ceil(size / 2);
  }
  return best;
}

function invariantOf({ violations }: WorldResult): string | undefined {
  return violations[0]?.split(':')[0];
}
