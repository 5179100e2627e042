// Small pieces that several views show: ages that tick, badges, headings, lists of facts.
import { type Child, el } from './dom.ts';
import { spanText } from './format.ts';

const BORN = 'data-born';

/** An age that `tickAges` keeps right. `bornMs`: when it was zero, by this page's clock. */
export function age(bornMs: number, nowMs: number): HTMLElement {
  const born = Math.round(bornMs);
  return el('span', { class: 'age', [BORN]: born }, spanText(nowMs - born));
}

/** Called each second: every age on the page is made right, and nothing is asked of the sidecar. */
export function tickAges(nowMs: number): void {
  for (const element of document.querySelectorAll(`[${BORN}]`)) {
    const text = spanText(nowMs - Number(element.getAttribute(BORN)));
    if (element.textContent !== text) element.textContent = text;
  }
}

export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'quiet';

/** A word with a mark in its colour: the mark has a shape as well, for those who see no colours. */
export function badge(tone: Tone, word: string, more = ''): HTMLElement {
  const rest = more === '' ? undefined : el('span', { class: 'more' }, ` ${more}`);
  return el('span', { class: `badge ${tone}` }, word, rest);
}

export function facts(rows: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return el(
    'dl',
    { class: 'facts' },
    rows.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

/** A heading that a view is announced by. */
export function heading(id: string, text: string): HTMLElement {
  return el('h2', { id, tabindex: -1 }, text);
}

export interface Column<Row> {
  readonly title: string;
  /** Left out on narrow screens. */
  readonly isWide?: boolean;
  cell(row: Row): Child;
}

export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly (readonly [key: string, row: Row])[],
): HTMLElement {
  const classOf = ({ isWide }: Column<Row>) => ({ class: isWide === true ? 'wide' : undefined });
  const head = columns.map((column) =>
    el('th', { scope: 'col', ...classOf(column) }, column.title),
  );
  const body = rows.map(([key, row]) =>
    el(
      'tr',
      { 'data-key': key },
      columns.map((column, i) =>
        i === 0
          ? el('th', { scope: 'row' }, column.cell(row))
          : el('td', classOf(column), column.cell(row)),
      ),
    ),
  );
  return el(
    'table',
    {},
    el('caption', { class: 'unseen' }, caption),
    el('thead', {}, el('tr', {}, head)),
    el('tbody', {}, body),
  );
}

export function progressBar(share: number, label: string): HTMLElement {
  const percent = Math.round(Math.min(100, Math.max(0, share)));
  return el('progress', { max: 100, value: percent, 'aria-label': label }, `${percent} %`);
}

export function agentLink(agent: string): HTMLElement {
  return el('a', { href: `#/agents/${encodeURIComponent(agent)}` }, agent);
}
