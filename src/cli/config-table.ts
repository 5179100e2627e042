// How entries of configuration and the state of agents are shown.
import type { ConfigEntry, ConfigState, ConfigStatus } from '../agent-client/index.ts';
import { formatSpan } from './format.ts';
import type { Colour, Column } from './output.ts';

const STATE_COLOURS: Readonly<Record<ConfigState, Colour>> = {
  none: 'dim',
  in_sync: 'green',
  attempted: 'yellow',
  failed: 'red',
  behind: 'yellow',
  blocked: 'red',
};

export const CONFIG_STATES = Object.keys(STATE_COLOURS);

/** Characters of a hash that tell configurations of one fleet apart. */
const SHOWN_HASH = 8;

export const ENTRY_COLUMNS: readonly Column<ConfigEntry>[] = [
  { heading: 'NAME', value: ({ name }) => name },
  { heading: 'FOR', value: targetOf },
  { heading: 'PRIORITY', value: ({ priority }) => String(priority), align: 'right' },
  { heading: 'VERSION', value: ({ version }) => String(version), align: 'right' },
  { heading: 'BY', value: ({ requestedBy }) => requestedBy },
  { heading: 'SET', value: ({ issuedAt }) => issuedAt?.toISOString() ?? '' },
  {
    heading: 'PATCH',
    value: ({ patch, superseded }) => (superseded ? '(superseded)' : JSON.stringify(patch)),
    colour: ({ superseded }) => (superseded ? 'dim' : undefined),
  },
];

export const STATUS_COLUMNS: readonly Column<ConfigStatus>[] = [
  { heading: 'AGENT', value: ({ agent }) => agent },
  {
    heading: 'STATE',
    value: ({ state }) => state.replace('_', ' '),
    colour: ({ state }) => STATE_COLOURS[state],
  },
  { heading: 'WANTED', value: ({ desiredHash, entries }) => shown(entries > 0, desiredHash) },
  { heading: 'TRIED', value: ({ attempted }) => shown(true, attempted?.hash) },
  { heading: 'IN EFFECT', value: ({ effective }) => shown(true, effective?.hash) },
  { heading: 'SINCE', value: ({ behindSince }) => behindSince?.toISOString() ?? '' },
  {
    heading: 'HEARD',
    value: ({ freshness }) => (freshness === undefined ? '-' : formatSpan(freshness.ageMs)),
    align: 'right',
  },
  {
    heading: 'WHY',
    value: ({ state, blocked, error }) => (state === 'failed' ? (error?.message ?? '') : blocked),
  },
];

/** Whom an entry is for. */
export function targetOf({ agent, selector, role }: ConfigEntry): string {
  if (agent !== '') return agent;
  return selector === '' ? `role ${role}` : selector;
}

function shown(isThere: boolean, hash: string | undefined): string {
  return isThere && hash !== undefined && hash !== '' ? hash.slice(0, SHOWN_HASH) : '-';
}
