// How commands are shown: as lines of a list, and one by one.
import type { Command, CommandState } from '../agent-client/index.ts';
import { formatPercent, formatSpan } from './format.ts';
import type { Colour, Column } from './output.ts';
import { countsOf } from './progress-text.ts';

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
  { heading: 'TARGET', value: targetOf },
  { heading: 'KIND', value: ({ kind }) => kind },
  { heading: 'STATE', value: ({ state }) => state, colour: ({ state }) => STATE_COLOURS[state] },
  {
    heading: 'DONE',
    value: doneOf,
    align: 'right',
  },
  { heading: 'AGE', value: ({ freshness }) => formatSpan(freshness.ageMs), align: 'right' },
  { heading: 'BY', value: ({ requestedBy }) => requestedBy },
  { heading: 'MESSAGE', value: ({ message, withheld }) => withheldText(withheld) ?? message },
];

/** Who is to run it. */
export function targetOf({ agent, selector, role }: Command): string {
  return agent || selector || `role=${role}`;
}

/** Of a command to many: how many of its agents are done. */
function doneOf({ progress, rollUp }: Command): string {
  if (rollUp === undefined) return formatPercent(progress?.percent);
  const { pending = 0, accepted = 0, running = 0 } = rollUp.counts;
  return `${rollUp.targets - pending - accepted - running}/${rollUp.targets}`;
}

/** A command at each of its agents. `since` says since when one was not reached, empty for those that were. */
export function targetColumns(since: (agent: string) => string): readonly Column<Command>[] {
  return [
    { heading: 'AGENT', value: ({ agent }) => agent },
    ...COMMAND_COLUMNS.filter(({ heading }) => ['STATE', 'DONE', 'AGE'].includes(heading)),
    { heading: 'MESSAGE', value: ({ agent, message }) => since(agent) || message },
  ];
}

function withheldText(why: string): string | undefined {
  return why === '' ? undefined : `withheld: ${why}`;
}

/** One command, name and value. */
export function commandFacts(command: Command): Record<string, string | undefined> {
  const { id, kind, state, progress, message, result, expiresAt, withheld, rollUp } = command;
  return {
    command: id,
    target: targetOf(command),
    kind,
    state: progress?.percent === undefined ? state : `${state}, ${formatPercent(progress.percent)}`,
    agents: rollUp && countsOf(rollUp),
    expires: state === 'pending' ? expiresAt?.toISOString() : undefined,
    ...(withheld !== '' && { withheld }),
    message: message === '' ? undefined : message,
    result: result === undefined ? undefined : JSON.stringify(result),
  };
}
