// Reading commands: one, many, and the agents of a command to many.

import type { Context } from '../context.ts';
import { parsePageToken, takePage } from '../reads/page.ts';
import type { PageRequest, RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import type { CommandRow } from '../values/command-values.ts';
import { HoldfastError } from '../values/error.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { GROUP_SCOPE } from './command-document.ts';
import { find } from './find.ts';
import { parseKinds } from './kinds-document.ts';
import { agentsOf, commandsIn, type Found, rowAt, rowOf } from './rows.ts';
import { isMeant } from './target.ts';

/** Newest first. With an agent: its own, and those to many that mean it, as they stand at that agent. */
export function listCommands(
  context: Context,
  caller: Caller,
  request: RequestOf<'listCommands'>,
): ResponseOf<'listCommands'> {
  const agent = agentRead(caller, request.agent);
  const wanted = new Set(request.states);
  const after = parsePageToken(request.pageToken);
  const found = [...(agent === '' ? commandsIn(context, '') : commandsFor(context, agent))]
    .map((item) => ({ item, place: newestFirst(item) }))
    .filter(({ place }) => after === '' || place > after)
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  return takeRows(rowsOf(context, found, agent, wanted), request);
}

export function getCommand(
  context: Context,
  caller: Caller,
  request: RequestOf<'getCommand'>,
): ResponseOf<'getCommand'> {
  const agent = agentRead(caller, request.agent);
  const found = find(context, request.id, agent);
  return { command: agent === '' ? rowOf(context, found) : rowAt(context, found, agent) };
}

/** How a command stands at each agent it is for, by name. */
export function listTargets(
  context: Context,
  request: RequestOf<'listTargets'>,
): ResponseOf<'listTargets'> {
  const found = find(context, request.id, '');
  const after = parsePageToken(request.pageToken);
  const rows = agentsOf(context, found)
    .filter((agent) => agent > after)
    .map((agent) => rowAt(context, found, agent));
  return takePage(rows, request, { sortKey: (row) => row.agent, sizeOf });
}

/** Which kinds of commands agents take, by name. */
export function listKinds(
  context: Context,
  request: RequestOf<'listKinds'>,
): ResponseOf<'listKinds'> {
  const after = parsePageToken(request.pageToken);
  const rows = [...context.documents.views.rows('command-kinds', '', after)]
    .map((view) => ({
      agent: splitDocumentKey(view.key).id,
      kinds: [...(parseKinds(view.value)?.values() ?? [])],
      bytes: JSON.stringify(view.value).length,
    }))
    .filter(({ agent }) => request.agent === '' || agent === request.agent);
  return takePage(rows, request, { sortKey: ({ agent }) => agent, sizeOf: ({ bytes }) => bytes });
}

function* commandsFor(context: Context, agent: string): Iterable<Found> {
  yield* commandsIn(context, agent);
  for (const found of commandsIn(context, GROUP_SCOPE)) {
    if (isMeant(context, found.command.target, agent)) yield found;
  }
}

function* rowsOf(
  context: Context,
  found: readonly { readonly item: Found; readonly place: string }[],
  agent: string,
  wanted: ReadonlySet<string>,
): Iterable<CommandRow> {
  for (const { item } of found) {
    const row = agent === '' ? rowOf(context, item) : rowAt(context, item, agent);
    if (wanted.size === 0 || wanted.has(row.state)) yield row;
  }
}

function takeRows(rows: Iterable<CommandRow>, request: PageRequest): ResponseOf<'listCommands'> {
  return takePage(rows, request, {
    sortKey: ({ issuedAtMs, target, id }) =>
      newestFirst({
        command: { issuedAtMs },
        scope: target.type === 'agent' ? target.agent : GROUP_SCOPE,
        id,
      }),
    sizeOf,
  });
}

function sizeOf({ args, result }: CommandRow): number {
  return JSON.stringify([args, result ?? null]).length;
}

/** Sorts newest first as text, and names one command. */
function newestFirst({
  command,
  scope,
  id,
}: Pick<Found, 'scope' | 'id'> & { readonly command: { readonly issuedAtMs: number } }): string {
  const inverted = Number.MAX_SAFE_INTEGER - command.issuedAtMs;
  return `${String(inverted).padStart(16, '0')} ${scope}/${id}`;
}

/** The agent whose commands are read: an agent reads its own. */
export function agentRead(caller: Caller, wanted: string): string {
  const agent = caller.scope === 'agent' ? caller.agent : wanted;
  if (wanted === '' || wanted === agent) return agent;
  throw new HoldfastError(
    'AGENT_MISMATCH',
    `agent: the token is for "${agent}". Nothing was read; leave the field empty.`,
    { field: 'agent' },
  );
}
