// Reads of documents and of the fleet, and the steps of a watch. Nothing here writes.
import { toHex } from './bytes.ts';
import { MAX_HOLDERS, MAX_REFRESHED } from './config.ts';
import type { Context } from './context.ts';
import { documentRow, freshnessOf } from './freshness.ts';
import { documentKey, splitDocumentKey } from './ids.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts';
import { parsePageToken, takePage } from './page.ts';
import { DEFAULT_HEARTBEAT_INTERVAL_MS } from './presence.ts';
import type {
  Beat,
  ChangeEvent,
  DeploymentRow,
  HolderRow,
  Page,
  PlatformRow,
  RequestOf,
  ResponseOf,
} from './request.ts';
import { hlcMs } from './time.ts';
import { isVisible, type VisibleView } from './view.ts';
import { bootOf, type Cursor, formatCursor, parseCursor } from './watch.ts';
import { notFound } from './writes.ts';

export function get(context: Context, request: RequestOf<'get'>): ResponseOf<'get'> {
  const key = documentKey(request.collection, request.id);
  const view = context.documents.view(key);
  if (!isVisible(view)) throw notFound(key);
  return documentRow(context, view);
}

export function list(context: Context, request: RequestOf<'list'>): ResponseOf<'list'> {
  const views = viewPage(context, request, request.collection, request.idPrefix);
  return { ...views, rows: views.rows.map((view) => documentRow(context, view)) };
}

export function listPlatforms(
  context: Context,
  request: RequestOf<'listPlatforms'>,
): ResponseOf<'listPlatforms'> {
  const views = viewPage(context, request, 'platforms', '');
  return { ...views, rows: views.rows.map((view) => platformRow(context, view)) };
}

export function getPlatform(
  context: Context,
  request: RequestOf<'getPlatform'>,
): ResponseOf<'getPlatform'> {
  const key = documentKey('platforms', request.agent);
  const view = context.documents.view(key);
  if (!isVisible(view)) throw notFound(key);
  return platformRow(context, view);
}

export function listDeployments(
  context: Context,
  request: RequestOf<'listDeployments'>,
): ResponseOf<'listDeployments'> {
  const prefix = request.agent === '' ? '' : `${request.agent}:`;
  const views = viewPage(context, request, 'deployments', prefix);
  return { ...views, rows: views.rows.map((view) => deploymentRow(context, view)) };
}

export function findPackage(
  context: Context,
  request: RequestOf<'findPackage'>,
): ResponseOf<'findPackage'> {
  const holders: HolderRow[] = [];
  for (const collection of ['deployments', 'packages']) {
    for (const view of context.documents.views.rows(collection)) {
      const row = deploymentRow(context, view);
      if (row.package !== request.package) continue;
      const version = row.value.version;
      holders.push({
        agent: row.agent,
        deployed: collection === 'deployments',
        version: typeof version === 'string' ? version : '',
        freshness: row.freshness,
      });
    }
  }
  holders.sort((a, b) => a.freshness.ageMs - b.freshness.ageMs || (a.agent < b.agent ? -1 : 1));
  return { holders: holders.slice(0, MAX_HOLDERS) };
}

export function summary(context: Context): ResponseOf<'summary'> {
  return {
    documents: context.documents.views.visible,
    feeds: context.feeds.feeds,
    commits: context.feeds.commits,
    stateHash: toHex(context.documents.views.stateHash()),
    voidOps: context.troubles.voids.ops,
    quarantined: context.documents.quarantined(),
    heldFeeds: context.troubles.heldFeeds.list(),
    clockSuspect: context.clockSuspect,
    hlcMs: hlcMs(context.hlc),
  };
}

/** One step of a watch. The change log holds every document once, so a slow reader skips values, never documents. */
export function changes(context: Context, request: RequestOf<'changes'>): ResponseOf<'changes'> {
  const { documents } = context;
  const parsed = request.cursor === '' ? undefined : parseCursor(request.cursor);
  const tagOf = (version: number): string => context.identity.bootTags.get(bootOf(version)) ?? '';
  const known =
    parsed?.tag === tagOf(parsed?.version ?? 0) &&
    parsed.version <= documents.views.version &&
    // A snapshot under way has not to hear of what ended before it began.
    Math.max(parsed.version, parsed.base) >= documents.views.forgottenVersion;
  const from: Cursor =
    parsed !== undefined && known ? parsed : { tag: '', version: 0, base: documents.views.version };
  const wanted = request.collections.length === 0 ? undefined : new Set(request.collections);
  const events: ChangeEvent[] = [];
  let caughtUp = true;
  let version = from.version;
  for (const view of documents.views.changedSince(from.version)) {
    if (events.length === request.limit) {
      caughtUp = false;
      break;
    }
    version = view.version;
    const { collection, id } = splitDocumentKey(view.key);
    if ((wanted !== undefined && !wanted.has(collection)) || !id.startsWith(request.idPrefix))
      continue;
    const gone = !isVisible(view);
    if (gone && view.version <= from.base) continue;
    const cursor = formatCursor({ ...from, version, tag: tagOf(version) });
    events.push({ type: gone ? 'delete' : 'put', row: documentRow(context, view), cursor });
  }
  if (caughtUp) version = Math.max(version, documents.views.version);
  const isPartial = request.refresh !== undefined;
  return {
    ...(isPartial && { behind: documents.firstBehind(request.collections, MAX_REFRESHED) }),
    resync: parsed !== undefined && !known,
    events,
    cursor: formatCursor({ ...from, version, tag: tagOf(version) }),
    caughtUp,
  };
}

function viewPage(
  context: Context,
  request: { pageSize: number; pageToken: string },
  collection: string,
  prefix: string,
): Page<VisibleView> {
  const after = parsePageToken(request.pageToken);
  const rows = context.documents.views.rows(collection, prefix, after);
  return takePage(rows, request, {
    sortKey: (view) => splitDocumentKey(view.key).id,
    sizeOf: (view) => JSON.stringify(view.value).length,
  });
}

function platformRow(context: Context, view: VisibleView): PlatformRow {
  const { value } = view;
  const interval = value.intervalMs;
  return {
    agent: splitDocumentKey(view.key).id,
    beat: beatOf(value),
    intervalMs: typeof interval === 'number' ? interval : DEFAULT_HEARTBEAT_INTERVAL_MS,
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

function stringsOf(value: JsonValue | undefined): Record<string, string> {
  if (!isJsonObject(value)) return {};
  const pairs = Object.entries(value).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  return Object.fromEntries(pairs);
}

function deploymentRow(context: Context, view: VisibleView): DeploymentRow {
  const { id } = splitDocumentKey(view.key);
  const colon = id.indexOf(':');
  return {
    agent: id.slice(0, colon),
    package: id.slice(colon + 1),
    value: view.value,
    freshness: freshnessOf(context, view),
  };
}
