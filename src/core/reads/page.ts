// Pages of lists: a token names the last row of the page before, so rows that come and go repeat and skip nothing else.

import { MAX_PAGE_BYTES, MAX_PAGE_SIZE } from '../config.ts';
import type { Page, PageRequest } from '../request.ts';
import { parseHex, toHex, utf8 } from '../values/bytes.ts';
import { HoldfastError } from '../values/error.ts';

const TOKEN_PREFIX = 'p1.';

/** What a token names: the sort key of the last row before the page; empty for the first page. */
export function parsePageToken(token: string): string {
  if (token === '') return '';
  const bytes = token.startsWith(TOKEN_PREFIX)
    ? parseHex(token.slice(TOKEN_PREFIX.length))
    : undefined;
  if (bytes === undefined || bytes.length === 0) {
    throw new HoldfastError(
      'CURSOR_MALFORMED',
      'page_token: not a token that a list returned. Nothing was read; start without one.',
      { field: 'page_token' },
    );
  }
  return new TextDecoder().decode(bytes);
}

/** How a page is cut: what names a row, and how many bytes it takes in an answer. */
export interface PageRules<Row> {
  sortKey(row: Row): string;
  sizeOf(row: Row): number;
}

/** Cuts a page off rows that begin behind the token: as many as asked for, fewer when they are large, at least one. */
export function takePage<Row>(
  rows: Iterable<Row>,
  request: PageRequest,
  { sortKey, sizeOf }: PageRules<Row>,
): Page<Row> {
  const size = Math.min(Math.max(1, request.pageSize), MAX_PAGE_SIZE);
  const page: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += sizeOf(row);
    const last = page.at(-1);
    if (last !== undefined && (page.length === size || bytes > MAX_PAGE_BYTES)) {
      return { rows: page, nextPageToken: TOKEN_PREFIX + toHex(utf8(sortKey(last))) };
    }
    page.push(row);
  }
  return { rows: page, nextPageToken: '' };
}
