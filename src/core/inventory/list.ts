// Reading reports of agents on what they have.
import type { Context } from '../context.ts';
import { isVisible } from '../documents/view.ts';
import { freshnessOf } from '../reads/freshness.ts';
import { parsePageToken, takePage } from '../reads/page.ts';
import type { RequestOf, ResponseOf } from '../request.ts';
import { HoldfastError } from '../values/error.ts';
import { documentKey } from '../values/ids.ts';
import type { InventoryRow } from '../values/inventory-values.ts';
import type { JsonObject } from '../values/json.ts';
import { chunkId, type FoundReport, reportId, rowsIn, takeApartReport } from './report-document.ts';

/** Reports of an agent, of all where it is empty. */
export function* reportsOf(context: Context, agent: string): Iterable<FoundReport> {
  const prefix = agent === '' ? '' : `${agent}/`;
  for (const view of context.documents.views.rows('inventory', prefix)) {
    const found = takeApartReport(view);
    if (found !== undefined) yield found;
  }
}

export function findReport(context: Context, agent: string, name: string): FoundReport | undefined {
  const view = context.documents.view(documentKey('inventory', reportId(agent, name)));
  return isVisible(view) ? takeApartReport(view) : undefined;
}

export function inventoryRow(context: Context, found: FoundReport): InventoryRow {
  const { agent, name, report, view } = found;
  const { reportedAtMs, generation, count, summary } = report;
  return {
    ...{ agent, name, reportedAtMs, generation, count, summary },
    isWhole: allRows(context, found) !== undefined,
    freshness: freshnessOf(context, view),
  };
}

export function listInventory(
  context: Context,
  { agent, name, ...page }: RequestOf<'listInventory'>,
): ResponseOf<'listInventory'> {
  const after = parsePageToken(page.pageToken);
  const found = [...reportsOf(context, agent)]
    .map((item) => ({ item, place: reportId(item.agent, item.name) }))
    .filter(({ item, place }) => (name === '' || item.name === name) && place > after)
    .sort((a, b) => (a.place < b.place ? -1 : 1));
  const { rows, nextPageToken } = takePage(found, page, {
    sortKey: ({ place }) => place,
    sizeOf: ({ item }) => JSON.stringify(item.report.summary).length,
  });
  return { rows: rows.map(({ item }) => inventoryRow(context, item)), nextPageToken };
}

/** A page of the rows of one report. A report that is replaced between two pages ends the reading: no two are mixed. */
export function getInventory(
  context: Context,
  request: RequestOf<'getInventory'>,
): ResponseOf<'getInventory'> {
  const { agent, name } = request;
  const found = findReport(context, agent, name);
  if (found === undefined) throw noReport(agent, name);
  const rows = allRows(context, found);
  const { generation } = found.report;
  const [from = '', place = ''] = parsePageToken(request.pageToken).split(' ');
  if (from !== '' && from !== generation) {
    throw new HoldfastError(
      'REVISION_MISMATCH',
      `page_token: the report "${name}" was replaced meanwhile. Nothing was read; start again without a token.`,
      { field: 'page_token' },
    );
  }
  const first = place === '' ? 0 : Number(place) + 1;
  const items = (rows ?? []).map((row, index) => ({ row, index })).slice(first);
  const page = takePage(items, request, {
    sortKey: ({ index }) => `${generation} ${index}`,
    sizeOf: ({ row }) => JSON.stringify(row).length,
  });
  return {
    report: inventoryRow(context, found),
    rows: page.rows.map(({ row }) => row),
    nextPageToken: page.nextPageToken,
  };
}

export function noReport(agent: string, name: string): HoldfastError {
  return new HoldfastError(
    'NOT_FOUND',
    `name: agent "${agent}" has no report "${name}" as far as this sidecar knows.`,
    { field: 'name' },
  );
}

/** Undefined while a chunk has not arrived, or what arrived is not what was counted. */
function allRows(context: Context, found: FoundReport): readonly JsonObject[] | undefined {
  const { report } = found;
  const rows = [...report.rows];
  for (let chunk = 0; chunk < report.chunks; chunk++) {
    const id = chunkId(found, report.generation, chunk);
    const view = context.documents.view(documentKey('inventory', id));
    if (!isVisible(view)) return undefined;
    for (const row of rowsIn(view.value.rows)) rows.push(row);
  }
  return rows.length === report.count ? rows : undefined;
}
