// Pages of lists: a token names the last row of the page before, so rows that come and go repeat and skip nothing else.
import { parseHex, toHex, utf8 } from './bytes.ts';
import { MAX_PAGE_SIZE } from './config.ts';
import { HoldfastError } from './error.ts';
import type { Page, PageRequest } from './request.ts';

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

/** Cuts a page off rows that begin behind the token. `sortKey` is what the next token names. */
export function takePage<Row>(
  rows: Iterable<Row>,
  request: PageRequest,
  sortKey: (row: Row) => string,
): Page<Row> {
  const size = Math.min(Math.max(1, request.pageSize), MAX_PAGE_SIZE);
  const page: Row[] = [];
  for (const row of rows) {
    if (page.length === size) {
      const last = sortKey(page[size - 1] as Row);
      return { rows: page, nextPageToken: TOKEN_PREFIX + toHex(utf8(last)) };
    }
    page.push(row);
  }
  return { rows: page, nextPageToken: '' };
}
