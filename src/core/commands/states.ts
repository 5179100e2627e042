// The states a command goes through at one agent, as a one-way lattice: a place in it is (final?, attempt, stage).
//
//   pending ─► accepted ─► running ─► succeeded | failed | cancelled | timed_out | unknown
//      │          ▲            │       (accepted may also end directly)
//      │          └─ interrupted, idempotent: the next attempt
//      └─► rejected | cancelled | superseded | expired

import type { CommandState } from '../values/command-values.ts';

const FINAL: ReadonlySet<CommandState> = new Set([
  'succeeded',
  'failed',
  'rejected',
  'cancelled',
  'superseded',
  'expired',
  'timed_out',
  'unknown',
]);

/** True when nothing follows. */
export function isFinal(state: CommandState): boolean {
  return FINAL.has(state);
}

/** A place in the life of a command at one agent. `attempt` is 0 before the first claim. */
export interface Place {
  readonly state: CommandState;
  readonly attempt: number;
}

/** Whether a status may follow another: never out of a final state, never to an earlier attempt or stage. */
export function mayFollow(before: Place, after: Place): boolean {
  if (isFinal(before.state))
    return before.state === after.state && before.attempt === after.attempt;
  if (isFinal(after.state)) return after.attempt >= before.attempt;
  if (after.attempt !== before.attempt) return after.attempt > before.attempt;
  return stageOf(after.state) >= stageOf(before.state);
}

function stageOf(state: CommandState): number {
  if (state === 'running') return 2;
  return state === 'accepted' ? 1 : 0;
}
