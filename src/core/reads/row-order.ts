// The orders of a list of rows: by name as they lie in the table, or sorted by age or presence, with tokens that name a place in either.
import type { Context } from '../context.ts';
import { agentOfView, type VisibleView } from '../documents/view.ts';
import type { Presence } from '../presence/presence.ts';
import type { Page, PageRequest, RowOrder } from '../request.ts';
import { HoldfastError } from '../values/error.ts';
import { splitDocumentKey } from '../values/ids.ts';
import { hlcMs } from '../values/time.ts';
import { presenceOf } from './freshness.ts';
import { type PageRules, parsePageToken, takePage } from './page.ts';

/** Whoever needs to be looked at comes first. */
const RANK: Readonly<Record<Presence, string>> = {
  unreachable: '0',
  suspect: '1',
  alive: '2',
  left: '3',
};
const NO_RANK = '4';
/** What no id begins with, so that a token says of which order it is. */
const MARK: Readonly<Record<RowOrder, string>> = { name: '', age: '!a', presence: '!p' };
const MS_DIGITS = 16;

interface ListRequest extends PageRequest {
  readonly order?: RowOrder | undefined;
}

/** `rows` yields the rows of a collection behind an id, in order of ids. */
export function takeOrdered(
  context: Context,
  request: ListRequest,
  rows: (after: string) => Iterable<VisibleView>,
): Page<VisibleView> {
  const { order = 'name' } = request;
  const after = placeOf(request.pageToken, order);
  const sizeOf = (view: VisibleView): number => JSON.stringify(view.value).length;
  if (order === 'name') {
    const rules = { sortKey: idOf, sizeOf };
    return takePage(rows(after), request, rules);
  }
  const keyed: { readonly key: string; readonly view: VisibleView }[] = [];
  for (const view of rows('')) {
    const key = MARK[order] + keyOf(context, order, view);
    if (key > after) keyed.push({ key, view });
  }
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  const rules: PageRules<(typeof keyed)[number]> = {
    sortKey: ({ key }) => key,
    sizeOf: ({ view }) => sizeOf(view),
  };
  const page = takePage(keyed, request, rules);
  return { ...page, rows: page.rows.map(({ view }) => view) };
}

function idOf(view: VisibleView): string {
  return splitDocumentKey(view.key).id;
}

function keyOf(context: Context, order: 'age' | 'presence', view: VisibleView): string {
  if (order === 'age') {
    // The oldest first: a row that is written meanwhile moves to the end and may come twice, and none is missed.
    const youngestMs = Math.max(0, Math.min(hlcMs(view.clock), view.receivedAtMs));
    return `${String(Math.floor(youngestMs)).padStart(MS_DIGITS, '0')} ${idOf(view)}`;
  }
  const judgement = presenceOf(context, agentOfView(view));
  return `${judgement === undefined ? NO_RANK : RANK[judgement.presence]} ${idOf(view)}`;
}

function placeOf(token: string, order: RowOrder): string {
  const place = parsePageToken(token);
  const isOfOrder = order === 'name' ? !place.startsWith('!') : place.startsWith(MARK[order]);
  if (place === '' || isOfOrder) return place;
  throw new HoldfastError(
    'CURSOR_MALFORMED',
    'page_token: it is of a list in another order. Nothing was read; keep the order from page to page.',
    { field: 'page_token' },
  );
}
