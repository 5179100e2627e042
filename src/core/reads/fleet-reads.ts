// Reads of the fleet: platforms, deployments, who holds a package, and how many of what there are.
import { MAX_HOLDERS, MAX_TALLIES } from '../config.ts';
import type { Context } from '../context.ts';
import { agentOfView, isVisible, type VisibleView } from '../documents/view.ts';
import { notFound } from '../documents/writes.ts';
import { intervalOf } from '../presence/presence-watch.ts';
import type {
  Aged,
  Beat,
  DeploymentRow,
  FleetFilter,
  HolderRow,
  Page,
  PageRequest,
  PlatformRow,
  RequestOf,
  ResponseOf,
  RowOrder,
  Tally,
} from '../request.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { isJsonObject, type JsonObject } from '../values/json.ts';
import { filterOf, stringsOf } from './fleet-filter.ts';
import { checkAge, freshnessOf, presenceOf } from './freshness.ts';
import { takeOrdered } from './row-order.ts';

export function listPlatforms(
  context: Context,
  request: RequestOf<'listPlatforms'>,
): ResponseOf<'listPlatforms'> {
  const page = fleetPage(context, request, 'platforms', request.filter);
  return { ...page, rows: page.rows.map((view) => platformRow(context, view)) };
}

export function getPlatform(
  context: Context,
  request: RequestOf<'getPlatform'>,
): ResponseOf<'getPlatform'> {
  const key = documentKey('platforms', request.agent);
  const view = context.documents.view(key);
  if (!isVisible(view)) throw notFound(key);
  checkAge(context, view, request.maxAgeMs);
  return platformRow(context, view);
}

export function listDeployments(
  context: Context,
  request: RequestOf<'listDeployments'>,
): ResponseOf<'listDeployments'> {
  const { agent, filter } = request;
  // With the separator: an agent's name may begin another's.
  const idPrefix = agent === '' ? (filter?.idPrefix ?? '') : `${agent}:`;
  const page = fleetPage(context, request, 'deployments', { ...filter, idPrefix });
  return { ...page, rows: page.rows.map((view) => deploymentRow(context, view)) };
}

export function findPackage(
  context: Context,
  request: RequestOf<'findPackage'>,
): ResponseOf<'findPackage'> {
  const holders: HolderRow[] = [];
  const isWanted = filterOf(context, request.filter ?? {});
  for (const collection of ['deployments', 'packages']) {
    for (const view of context.documents.views.rows(collection)) {
      const { agent, name } = splitId(view);
      if (name !== request.package || !isWanted(view)) continue;
      checkAge(context, view, request.maxAgeMs);
      const { version } = view.value;
      holders.push({
        agent,
        deployed: collection === 'deployments',
        version: typeof version === 'string' ? version : '',
        freshness: freshnessOf(context, view),
      });
    }
  }
  holders.sort((a, b) => a.freshness.ageMs - b.freshness.ageMs || (a.agent < b.agent ? -1 : 1));
  return { holders: holders.slice(0, MAX_HOLDERS) };
}

export function fleetSummary(
  context: Context,
  { filter = {} }: RequestOf<'fleetSummary'>,
): ResponseOf<'fleetSummary'> {
  const isWanted = filterOf(context, filter);
  const presences = { alive: 0, suspect: 0, unreachable: 0, left: 0 };
  const [versions, labels, statuses] = [new Tallies(), new Tallies(), new Tallies()];
  let agents = 0;
  for (const view of context.documents.views.rows('platforms')) {
    if (!isWanted(view)) continue;
    agents++;
    const judgement = presenceOf(context, agentOfView(view));
    if (judgement !== undefined) presences[judgement.presence]++;
    const { status, ...beat } = beatOf(view.value);
    statuses.add('status', status);
    for (const [name, version] of Object.entries(beat.versions)) versions.add(name, version);
    for (const [name, value] of Object.entries(beat.labels)) labels.add(name, value);
  }
  return {
    ...{ agents, presences },
    versions: versions.rows(),
    labels: labels.rows(),
    statuses: statuses.rows(),
  };
}

/** How many agents have which value by which name. */
class Tallies {
  readonly #agents = new Map<string, { name: string; value: string; agents: number }>();

  add(name: string, value: string): void {
    const key = JSON.stringify([name, value]);
    const row = this.#agents.get(key) ?? { name, value, agents: 0 };
    row.agents++;
    this.#agents.set(key, row);
  }

  /** The most frequent first, at most MAX_TALLIES of them. */
  rows(): readonly Tally[] {
    return [...this.#agents.values()]
      .sort((a, b) => b.agents - a.agents || compare(a.name, b.name) || compare(a.value, b.value))
      .slice(0, MAX_TALLIES);
  }
}

function fleetPage(
  context: Context,
  request: PageRequest & Aged & { readonly order?: RowOrder | undefined },
  collection: string,
  filter: FleetFilter = {},
): Page<VisibleView> {
  const isWanted = filterOf(context, filter);
  const rows = function* (after: string): Iterable<VisibleView> {
    for (const view of context.documents.views.rows(collection, filter.idPrefix ?? '', after))
      if (isWanted(view)) yield view;
  };
  const page = takeOrdered(context, request, rows);
  for (const view of page.rows) checkAge(context, view, request.maxAgeMs);
  return page;
}

function platformRow(context: Context, view: VisibleView): PlatformRow {
  const { value } = view;
  const agent = splitDocumentKey(view.key).id;
  return {
    agent,
    beat: beatOf(value),
    intervalMs: intervalOf(value),
    returns: context.hearing.presence.returnsOf(agent),
    freshness: freshnessOf(context, view),
  };
}

/** A platform document may come from another version of the program: what does not fit is left out, not trusted. */
function beatOf(value: JsonObject): Beat {
  return {
    status: typeof value.status === 'string' ? value.status : '',
    workloads: Array.isArray(value.workloads) ? value.workloads.filter(isJsonObject) : [],
    labels: stringsOf(value.labels),
    versions: stringsOf(value.versions),
    telemetry: isJsonObject(value.telemetry) ? value.telemetry : {},
    extra: isJsonObject(value.extra) ? value.extra : {},
  };
}

function deploymentRow(context: Context, view: VisibleView): DeploymentRow {
  const { agent, name } = splitId(view);
  return { agent, package: name, value: view.value, freshness: freshnessOf(context, view) };
}

/** `{agent}:{name}` */
function splitId(view: VisibleView): { readonly agent: string; readonly name: string } {
  const { id } = splitDocumentKey(view.key);
  const colon = id.indexOf(':');
  return { agent: id.slice(0, colon), name: id.slice(colon + 1) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
