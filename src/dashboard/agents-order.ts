// Which agents the table shows, and in which order. Pure.
import { Presence } from '../gen/holdfast/v1/common_pb.ts';
import type { AgentRow } from './model.ts';

export interface AgentsChoice {
  /** Part of a name, in lower case; empty for all. */
  readonly text: string;
  /** None for all. */
  readonly presences: ReadonlySet<Presence>;
  /** Names that a label selector means; undefined where there is none. */
  readonly selected: ReadonlySet<string> | undefined;
  readonly sort: 'agent' | 'presence' | 'age';
}

/** Whoever needs somebody comes first. */
const ORDER: Readonly<Partial<Record<Presence, number>>> = {
  [Presence.UNREACHABLE]: 0,
  [Presence.SUSPECT]: 1,
  [Presence.ALIVE]: 2,
  [Presence.LEFT]: 3,
};
const LAST = 4;

export function chooseAgents(
  agents: Iterable<AgentRow>,
  { text, presences, selected, sort }: AgentsChoice,
): AgentRow[] {
  const chosen = [...agents].filter(
    ({ agent, presence }) =>
      (text === '' || agent.includes(text)) &&
      (presences.size === 0 || presences.has(presence)) &&
      (selected === undefined || selected.has(agent)),
  );
  switch (sort) {
    case 'agent':
      return chosen.sort(byName);
    case 'age':
      return chosen.sort((a, b) => a.bornMs - b.bornMs || byName(a, b));
    case 'presence':
      return chosen.sort((a, b) => placeOf(a) - placeOf(b) || byName(a, b));
  }
}

export function countPresences(agents: Iterable<AgentRow>): Map<Presence, number> {
  const counts = new Map<Presence, number>();
  for (const { presence } of agents) counts.set(presence, (counts.get(presence) ?? 0) + 1);
  return counts;
}

function placeOf({ presence }: AgentRow): number {
  return ORDER[presence] ?? LAST;
}

/** Names in which a number grows are in the order of the numbers: edge-2 before edge-10. */
const COLLATOR = new Intl.Collator('en', { numeric: true });

function byName(a: AgentRow, b: AgentRow): number {
  return COLLATOR.compare(a.agent, b.agent);
}
