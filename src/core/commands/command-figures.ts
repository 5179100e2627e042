// How the commands stand for the agents of this node, and what was done about them.
import type { View } from '../documents/view.ts';
import { COMMAND_STATES, type CommandDocument } from '../values/command-values.ts';
import type { CommandTallies, TargetState } from './command-tally.ts';
import type { StatusDocument } from './status-document.ts';

/** What counts of a command at an agent. */
interface Counted {
  readonly command: Pick<CommandDocument, 'target' | 'notBeforeMs'>;
  readonly status: StatusDocument | undefined;
  readonly view: Pick<View, 'receivedAtMs'>;
}

export interface CommandFigures extends CommandTallies {
  /** Commands that are remembered for agents of this node, by what became of them. */
  readonly states: Readonly<Record<TargetState, number>>;
  /** When the one that waits for longest could have been claimed first, milliseconds since 1970; in the future where none may be yet. */
  readonly waitingSinceMs: number | undefined;
}

export function noCommands(): Record<TargetState, number> {
  const states = COMMAND_STATES.filter((state) => state !== 'pending_targets');
  return Object.fromEntries(states.map((state) => [state, 0])) as Record<TargetState, number>;
}

/** How a known command counts; undefined for one to many that has not been found to be meant for its agent. */
export function countedAs({ command, status }: Omit<Counted, 'view'>): TargetState | undefined {
  return status?.state ?? (command.target.type === 'agent' ? 'pending' : undefined);
}

/** The earliest moment since which one of these could have been claimed. */
export function waitingSince(open: Iterable<Counted>): number | undefined {
  let sinceMs: number | undefined;
  for (const item of open) {
    if (countedAs(item) !== 'pending') continue;
    const { command, status, view } = item;
    const reachedMs = status?.reachedAtMs ?? view.receivedAtMs;
    const dueMs = Math.max(reachedMs, command.notBeforeMs ?? 0);
    sinceMs = Math.min(sinceMs ?? dueMs, dueMs);
  }
  return sinceMs;
}
