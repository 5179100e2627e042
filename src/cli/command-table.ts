// How commands are shown: as lines of a list, and one by one.
import type { Command, CommandState } from '../agent-client/index.ts';
import { formatPercent, formatSpan } from './format.ts';
import type { Colour, Column } from './output.ts';

const STATE_COLOURS: Readonly<Record<CommandState, Colour>> = {
  pending: 'dim',
  accepted: 'yellow',
  running: 'yellow',
  succeeded: 'green',
  failed: 'red',
  rejected: 'red',
  cancelled: 'yellow',
  superseded: 'dim',
  timed_out: 'red',
  pending_targets: 'dim',
  expired: 'red',
  unknown: 'red',
};

export const COMMAND_STATES = Object.keys(STATE_COLOURS);

export const COMMAND_COLUMNS: readonly Column<Command>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'TARGET', value: ({ agent }) => agent },
  { heading: 'KIND', value: ({ kind }) => kind },
  { heading: 'STATE', value: ({ state }) => state, colour: ({ state }) => STATE_COLOURS[state] },
  {
    heading: 'DONE',
    value: ({ progress }) => formatPercent(progress?.percent),
    align: 'right',
  },
  { heading: 'AGE', value: ({ freshness }) => formatSpan(freshness.ageMs), align: 'right' },
  { heading: 'BY', value: ({ requestedBy }) => requestedBy },
  { heading: 'MESSAGE', value: ({ message, withheld }) => withheldText(withheld) ?? message },
];

function withheldText(why: string): string | undefined {
  return why === '' ? undefined : `withheld: ${why}`;
}

/** One command, name and value. */
export function commandFacts(command: Command): Record<string, string | undefined> {
  const { id, agent, kind, state, progress, message, result, expiresAt, withheld } = command;
  return {
    command: id,
    target: agent,
    kind,
    state: progress?.percent === undefined ? state : `${state}, ${formatPercent(progress.percent)}`,
    expires: state === 'pending' ? expiresAt?.toISOString() : undefined,
    ...(withheld !== '' && { withheld }),
    message: message === '' ? undefined : message,
    result: result === undefined ? undefined : JSON.stringify(result),
  };
}
