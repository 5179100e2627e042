// Reads of documents and of the fleet, and the steps of a watch. Nothing here writes.

import { MAX_REFRESHED } from '../config.ts';
import type { Context } from '../context.ts';
import { isVisible, type VisibleView } from '../documents/view.ts';
import { notFound } from '../documents/writes.ts';
import type { Aged, ChangeEvent, Page, PageRequest, RequestOf, ResponseOf } from '../request.ts';
import { toHex } from '../values/bytes.ts';
import { documentKey, splitDocumentKey } from '../values/ids.ts';
import { hlcMs } from '../values/time.ts';
import { filterOf } from './fleet-filter.ts';
import { checkAge, documentRow } from './freshness.ts';
import { parsePageToken, takePage } from './page.ts';
import { bootOf, type Cursor, formatCursor, parseCursor } from './watch.ts';

export function get(context: Context, request: RequestOf<'get'>): ResponseOf<'get'> {
  const key = documentKey(request.collection, request.id);
  const view = context.documents.view(key);
  if (!isVisible(view)) throw notFound(key);
  checkAge(context, view, request.maxAgeMs);
  return documentRow(context, view);
}

export function list(context: Context, request: RequestOf<'list'>): ResponseOf<'list'> {
  const views = viewPage(context, request, request.collection, request.idPrefix);
  return { ...views, rows: views.rows.map((view) => documentRow(context, view)) };
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
  const isWanted = request.filter && filterOf(context, request.filter);
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
    const isOutside = !gone && isWanted?.(view) === false;
    if ((gone || isOutside) && view.version <= from.base) continue;
    const cursor = formatCursor({ ...from, version, tag: tagOf(version) });
    const type = gone ? 'delete' : isOutside ? 'outside' : 'put';
    events.push({ type, row: documentRow(context, view), cursor });
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
  request: PageRequest & Aged,
  collection: string,
  prefix: string,
): Page<VisibleView> {
  const after = parsePageToken(request.pageToken);
  const rows = context.documents.views.rows(collection, prefix, after);
  const page = takePage(rows, request, {
    sortKey: (view) => splitDocumentKey(view.key).id,
    sizeOf: (view) => JSON.stringify(view.value).length,
  });
  for (const view of page.rows) checkAge(context, view, request.maxAgeMs);
  return page;
}
