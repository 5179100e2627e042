// Reading configurations: entries, what is wanted for an agent, and how far agents are.

import { GROUP_SCOPE } from '../commands/index.ts';
import type { Context } from '../context.ts';
import { isVisible } from '../documents/view.ts';
import { freshnessOf } from '../reads/freshness.ts';
import { parsePageToken, takePage } from '../reads/page.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import type { Caller } from '../values/caller.ts';
import type {
  ConfigEntryRow,
  ConfigRevision,
  ConfigState,
  ConfigStatus,
  ConfigStatusRow,
} from '../values/config-values.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { entryId, type FoundRevision } from './config-document.ts';
import { NO_CONFIG_STATUS, parseConfigStatus } from './config-status.ts';
import { ConfigReader, revisionsIn } from './desired.ts';
import { type MergedConfig, winnersOf } from './merge.ts';

/** What stands in front of the names of an agent's entries; of entries for many where it is empty. */
export function scopeNamed(agent: string): string {
  return agent === '' ? GROUP_SCOPE : agent;
}

export function entryRow(context: Context, found: FoundRevision, counts: boolean): ConfigEntryRow {
  return { ...plainRevision(found), counts, freshness: freshnessOf(context, found.view) };
}

export function getConfig(
  context: Context,
  request: RequestOf<'getConfig'>,
): ResponseOf<'getConfig'> {
  const { name } = request;
  const scope = scopeNamed(request.agent);
  const found = winnersOf(revisionsIn(context, scope)).get(entryId({ scope, name }));
  if (found === undefined) throw noEntry(request);
  return { entry: entryRow(context, found, true) };
}

export function listConfigs(
  context: Context,
  caller: Caller,
  request: RequestOf<'listConfigs'>,
): ResponseOf<'listConfigs'> {
  const agent = agentRead(caller, request.agent);
  const rows =
    agent === ''
      ? allRows(context)
      : new ConfigReader(context)
          .of(agent)
          .entries.map((found, place) => ({ place: placeText(place), found, counts: true }));
  const after = parsePageToken(request.pageToken);
  const page = takePage(
    rows.filter(({ place }) => place > after),
    request,
    {
      sortKey: ({ place }) => place,
      sizeOf: ({ found }) => JSON.stringify(found.config.patch).length,
    },
  );
  return { ...page, rows: page.rows.map(({ found, counts }) => entryRow(context, found, counts)) };
}

export function desiredConfig(
  context: Context,
  caller: Caller,
  request: RequestOf<'desiredConfig'>,
): ResponseOf<'desiredConfig'> {
  const agent = agentRead(caller, request.agent);
  if (agent === '') {
    throw new HoldfastError(
      'INVALID_FIELD',
      'agent: which agent? Nothing was read; name one, or call with the token of an agent.',
      { field: 'agent' },
    );
  }
  const { value, hash, entries, sealed, trouble } = new ConfigReader(context).of(agent);
  const effectiveHash = statusOf(context, agent).effective?.hash ?? '';
  return {
    agent,
    value,
    hash,
    entries: entries.map(plainRevision),
    sealed,
    trouble,
    effectiveHash,
  };
}

export function listConfigStatus(
  context: Context,
  request: RequestOf<'listConfigStatus'>,
): ResponseOf<'listConfigStatus'> {
  const reader = new ConfigReader(context);
  const wanted = new Set(request.states);
  const after = parsePageToken(request.pageToken);
  const agents = request.agent === '' ? knownAgents(context) : [request.agent];
  return takePage(rows(), request, {
    sortKey: ({ agent }) => agent,
    sizeOf: ({ error }) => 256 + (error?.message.length ?? 0),
  });

  function* rows(): Iterable<ConfigStatusRow> {
    for (const agent of agents) {
      if (agent <= after) continue;
      const row = statusRow(context, agent, reader.of(agent));
      if (wanted.size === 0 || wanted.has(row.state)) yield row;
    }
  }
}

export function statusRow(
  context: Context,
  agent: string,
  desired: MergedConfig<FoundRevision>,
): ConfigStatusRow {
  const view = context.documents.view(documentKey('config-status', agent));
  const status = statusOf(context, agent);
  const state = stateOf(desired, status);
  const isBehind = state !== 'in_sync' && state !== 'none';
  return {
    agent,
    state,
    desiredHash: desired.hash,
    entries: desired.entries.length,
    ...status,
    behindSinceMs: isBehind ? sinceOf(desired, status) : undefined,
    trouble: desired.trouble,
    freshness: isVisible(view) ? freshnessOf(context, view) : undefined,
  };
}

/** What an agent said so far. */
export function statusOf(context: Context, agent: string): ConfigStatus {
  const view = context.documents.view(documentKey('config-status', agent));
  return isVisible(view) ? parseConfigStatus(view.value) : NO_CONFIG_STATUS;
}

function stateOf(
  { hash, entries, trouble }: MergedConfig,
  { attempted, effective, error }: ConfigStatus,
): ConfigState {
  if (trouble !== '') return 'blocked';
  // What is in effect and failed when it was applied again is not in order.
  if (error?.hash === hash) return 'failed';
  if (effective?.hash === hash) return 'in_sync';
  if (entries.length === 0 && effective === undefined) return 'none';
  return attempted?.hash === hash ? 'attempted' : 'behind';
}

/** Since the newest of what is wanted was set, or since something took effect that was wanted then: the later of both. */
function sinceOf(
  { entries }: MergedConfig<FoundRevision>,
  { effective }: ConfigStatus,
): number | undefined {
  const times = [...entries.map(({ config }) => config.issuedAtMs), effective?.atMs ?? 0];
  const newest = Math.max(...times);
  return newest > 0 ? newest : undefined;
}

export function noEntry({ agent, name }: RequestOf<'getConfig'>): HoldfastError {
  const whose = agent === '' ? 'for many' : `for the agent "${agent}"`;
  return new HoldfastError(
    'NOT_FOUND',
    `name: there is no entry "${name}" ${whose} as far as this sidecar knows.`,
    { field: 'name' },
  );
}

function knownAgents(context: Context): string[] {
  const { views } = context.documents;
  const agents = new Set(context.identity.agents);
  for (const collection of ['platforms', 'config-status']) {
    for (const view of views.rows(collection)) agents.add(splitDocumentKey(view.key).id);
  }
  for (const { scope } of revisionsIn(context, '')) {
    if (scope !== GROUP_SCOPE) agents.add(scope);
  }
  return [...agents].sort();
}

function allRows(context: Context) {
  const revisions = [...revisionsIn(context, '')];
  const winners = winnersOf(revisions);
  return revisions.map((found) => ({
    place: `${entryId(found)}/${found.revision}`,
    found,
    counts: winners.get(entryId(found)) === found,
  }));
}

function placeText(place: number): string {
  return String(place).padStart(6, '0');
}

function plainRevision({ scope, name, revision, config }: ConfigRevision): ConfigRevision {
  return { scope, name, revision, config };
}

/** The agent whose configuration is read: an agent reads its own. */
function agentRead(caller: Caller, wanted: string): string {
  const agent = caller.scope === 'agent' ? caller.agent : wanted;
  if (wanted === '' || wanted === agent) return agent;
  throw new HoldfastError(
    'AGENT_MISMATCH',
    `agent: the token is for "${agent}". Nothing was read; leave the field empty.`,
    { field: 'agent' },
  );
}
