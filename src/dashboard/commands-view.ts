// Commands as a list: to whom, how each stands, how far it is; of a command to many how many are where.
import { type Command, CommandState } from '../gen/holdfast/v1/command_pb.ts';
import { type Child, el } from './dom.ts';
import { countText, NOTHING } from './format.ts';
import { age, agentLink, badge, type Column, progressBar, table } from './parts.ts';
import { bornOf } from './rows.ts';
import { isOver, stateTone, stateWord } from './words.ts';

/** `readAtMs`: when they were read, by this page's clock. */
export function commandsView(
  commands: readonly Command[],
  readAtMs: number,
  nowMs: number,
): HTMLElement {
  if (commands.length === 0) return el('p', { class: 'empty' }, 'No commands.');
  const rows = commands.map((command) => [`${command.id}/${command.agent}`, command] as const);
  const columns: readonly Column<Command>[] = [
    { title: 'Command', cell: linkTo },
    { title: 'For', cell: targetOf },
    { title: 'State', cell: stateOf },
    { title: 'Progress', isWide: true, cell: progressOf },
    {
      title: 'Says',
      isWide: true,
      cell: ({ message, withheld }) => withheld || message || NOTHING,
    },
    {
      title: 'As of',
      cell: ({ freshness }) => [age(bornOf(freshness, readAtMs), nowMs), ' ago'],
    },
  ];
  return el('div', { class: 'table-scroll' }, table('Commands, newest first', columns, rows));
}

function linkTo({ id, kind, agent, rollUp }: Command): Child {
  const path = rollUp === undefined ? `${id}/${encodeURIComponent(agent)}` : id;
  return [
    el('a', { href: `#/commands/${path}` }, kind),
    ' ',
    el('span', { class: 'more', title: id }, id.slice(0, 6)),
  ];
}

export function targetOf({ agent, selector, role }: Command): Child {
  if (agent !== '') return agentLink(agent);
  return selector === '' ? `role ${role}` : el('code', {}, selector);
}

export function stateOf({ state, confirmed, rollUp, cancel }: Command): Child {
  const isAsked = cancel !== undefined && !isOver(state) ? ' (to be cancelled)' : '';
  if (rollUp === undefined) {
    const doubt = confirmed || state === CommandState.PENDING ? '' : '(as seen from here)';
    return [badge(stateTone(state), stateWord(state), doubt), isAsked];
  }
  if (rollUp.counts.length === 0) return badge('quiet', stateWord(state));
  return [
    rollUp.counts.map((count, i) => [
      i > 0 && ' ',
      badge(stateTone(count.state), `${count.agents} ${stateWord(count.state)}`),
    ]),
    isAsked,
  ];
}

/** Of one the agent's own word, of many how many are over. */
export function progressOf({ kind, progress, progressPercent, rollUp, state }: Command): Child {
  if (rollUp !== undefined) {
    const over = rollUp.counts
      .filter((count) => isOver(count.state))
      .reduce((sum, { agents }) => sum + agents, 0);
    if (rollUp.targets === 0) return NOTHING;
    return [
      progressBar((100 * over) / rollUp.targets, `${kind}: agents that are done`),
      ` ${over} of ${countText(rollUp.targets, 'agent')}`,
    ];
  }
  const percent = progress?.percent ?? progressPercent;
  if (percent === undefined || state === CommandState.SUCCEEDED) return NOTHING;
  return [progressBar(percent, `${kind}: progress`), ` ${Math.round(percent)} %`];
}
