// The table of agents: only the rows that are in sight are on the page, so that a thousand agents cost what twenty do.
import { el } from './dom.ts';
import { NOTHING, percentText, shortId, spanText } from './format.ts';
import type { AgentRow } from './model.ts';
import { agentLink, badge } from './parts.ts';
import { numberOf, objectOf } from './rows.ts';
import {
  type Names,
  pathWord,
  presenceTone,
  presenceWord,
  reasonLong,
  reasonShort,
} from './words.ts';

export type SortKey = 'agent' | 'presence' | 'age';

/** As high as the style sheet makes a row, in pixels. */
const ROW_PIXELS = 40;
/** As high as the whole table becomes before it scrolls. */
const MOST_PIXELS = 12 * ROW_PIXELS + 2;
/** Rows beyond the edges, so that scrolling shows no holes. */
const SPARE_ROWS = 6;
/** Before the page was laid out. */
const FALLBACK_PIXELS = 480;

interface Column {
  readonly title: string;
  readonly sort?: SortKey;
  readonly isWide?: boolean;
}

const COLUMNS: readonly Column[] = [
  { title: 'Agent', sort: 'agent' },
  { title: 'Presence', sort: 'presence' },
  { title: 'Age', sort: 'age' },
  { title: 'Status', isWide: true },
  { title: 'CPU', isWide: true },
  { title: 'Memory', isWide: true },
  { title: 'Version', isWide: true },
  { title: 'Beside', isWide: true },
  { title: 'Path', isWide: true },
];

interface Line {
  readonly row: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
  /** What is shown, to be compared with what is to be shown. */
  shown: string;
  bornMs: number;
  ageText: string;
}

export class AgentsTable {
  readonly element: HTMLElement;
  readonly #nowMs: () => number;
  readonly #table = el('table', { class: 'agents' });
  readonly #body = el('tbody');
  readonly #above = spacer();
  readonly #below = spacer();
  readonly #lines = new Map<string, Line>();
  #rows: readonly AgentRow[] = [];
  #names: Names = new Map();

  /** `onSort` is called when somebody chooses a column. */
  constructor(nowMs: () => number, onSort: (key: SortKey) => void) {
    this.#nowMs = nowMs;
    const head = COLUMNS.map(({ title, sort, isWide }) => {
      const label = sort === undefined ? title : el('button', { type: 'button' }, title);
      if (sort !== undefined && label instanceof HTMLElement)
        label.addEventListener('click', () => onSort(sort));
      const attributes = { scope: 'col', 'data-sort': sort, class: isWide ? 'wide' : undefined };
      return el('th', attributes, label);
    });
    this.#table.append(
      el('caption', { class: 'unseen' }, 'Agents of the fleet'),
      el('thead', {}, el('tr', {}, head)),
      this.#body,
    );
    this.element = el(
      'div',
      { class: 'agents-scroll', role: 'region', 'aria-label': 'List of agents', tabindex: 0 },
      this.#table,
    );
    this.element.addEventListener('scroll', () => this.#draw(), { passive: true });
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
  }

  update(rows: readonly AgentRow[], names: Names, sort: SortKey): void {
    this.#rows = rows;
    this.#names = names;
    this.#table.setAttribute('aria-rowcount', String(rows.length + 1));
    for (const head of this.#table.querySelectorAll('th[data-sort]')) {
      const isSorted = head.getAttribute('data-sort') === sort;
      const order = sort === 'age' ? 'descending' : 'ascending';
      if (isSorted) head.setAttribute('aria-sort', order);
      else head.removeAttribute('aria-sort');
    }
    this.#draw();
  }

  /** Called each second. */
  tick(): void {
    const nowMs = this.#nowMs();
    for (const line of this.#lines.values()) showAge(line, nowMs);
  }

  #draw(): void {
    const pixels = Math.min(MOST_PIXELS, (this.#rows.length + 1) * ROW_PIXELS + 2);
    if (this.element.style.height !== `${pixels}px`) this.element.style.height = `${pixels}px`;
    const height = this.element.clientHeight || FALLBACK_PIXELS;
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW_PIXELS) - SPARE_ROWS);
    const count = Math.ceil(height / ROW_PIXELS) + 2 * SPARE_ROWS;
    const start = Math.min(first, Math.max(0, this.#rows.length - count));
    const visible = this.#rows.slice(start, start + count);
    const kept = new Set(visible.map(({ agent }) => agent));
    for (const [agent, { row }] of this.#lines) {
      if (kept.has(agent)) continue;
      row.remove();
      this.#lines.delete(agent);
    }
    this.#above.pixels(start * ROW_PIXELS);
    this.#below.pixels((this.#rows.length - start - visible.length) * ROW_PIXELS);
    if (this.#above.row.parentNode === null) this.#body.append(this.#above.row, this.#below.row);
    let at: ChildNode | null = this.#above.row.nextSibling;
    const nowMs = this.#nowMs();
    for (const [i, agentRow] of visible.entries()) {
      const line = this.#lineOf(agentRow);
      if (line.row === at) at = at.nextSibling;
      else this.#body.insertBefore(line.row, at);
      const index = String(start + i + 2);
      if (line.row.getAttribute('aria-rowindex') !== index)
        line.row.setAttribute('aria-rowindex', index);
      this.#fill(line, agentRow, nowMs);
    }
  }

  #lineOf({ agent }: AgentRow): Line {
    const known = this.#lines.get(agent);
    if (known !== undefined) return known;
    const cells = COLUMNS.map(({ isWide }, i) =>
      i === 0
        ? el('th', { scope: 'row' })
        : el('td', { class: isWide === true ? 'wide' : undefined }),
    );
    const row = el('tr', { 'data-agent': agent }, cells);
    cells[0]?.append(agentLink(agent));
    const line = { row, cells, shown: '', bornMs: 0, ageText: '' };
    this.#lines.set(agent, line);
    return line;
  }

  #fill(line: Line, row: AgentRow, nowMs: number): void {
    line.bornMs = row.bornMs;
    showAge(line, nowMs);
    const { telemetry } = row.value;
    const { cpuPercent, memoryPercent } = objectOf(telemetry);
    const texts = [
      row.status || NOTHING,
      shareText(numberOf(cpuPercent)),
      shareText(numberOf(memoryPercent)),
      versionText(row.versions),
      this.#names.get(row.origin) || shortId(row.origin),
      pathWord(row.path, row.relayedBy, this.#names),
    ];
    const shown = [row.presence, row.reason, ...texts].join('\n');
    if (line.shown === shown) return;
    line.shown = shown;
    const { presence, reason } = row;
    line.row.className = presenceTone(presence);
    const more = reasonShort(reason);
    const mark = badge(presenceTone(presence), presenceWord(presence), more && `(${more})`);
    mark.title = reasonLong(reason);
    line.cells[1]?.replaceChildren(mark);
    for (const [i, text] of texts.entries()) setText(line.cells[i + 3], text);
  }

  /** Arrow keys go from agent to agent, also to those that are not on the page yet. */
  #onKey(event: KeyboardEvent): void {
    const row = document.activeElement?.closest('tr')?.getAttribute('data-agent');
    const at = this.#rows.findIndex(({ agent }) => agent === row);
    const page = Math.max(1, Math.floor(this.element.clientHeight / ROW_PIXELS) - 2);
    const to = targetOf(event.key, at, page, this.#rows.length);
    const target = to === undefined ? undefined : this.#rows[to];
    if (to === undefined || target === undefined) return;
    event.preventDefault();
    const top = to * ROW_PIXELS;
    const { scrollTop, clientHeight } = this.element;
    // The head of the table stays in sight above the rows.
    if (top < scrollTop) this.element.scrollTop = top;
    else if (top + 2 * ROW_PIXELS > scrollTop + clientHeight)
      this.element.scrollTop = top + 2 * ROW_PIXELS - clientHeight;
    this.#draw();
    this.#lines.get(target.agent)?.row.querySelector('a')?.focus({ preventScroll: true });
  }
}

function targetOf(key: string, at: number, page: number, count: number): number | undefined {
  const within = (index: number): number => Math.min(count - 1, Math.max(0, index));
  switch (key) {
    case 'ArrowDown':
      return within(at + 1);
    case 'ArrowUp':
      return within(at - 1);
    case 'PageDown':
      return within(at + page);
    case 'PageUp':
      return within(at - page);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

function showAge(line: Line, nowMs: number): void {
  const text = spanText(nowMs - line.bornMs);
  if (line.ageText === text) return;
  line.ageText = text;
  setText(line.cells[2], text);
}

function setText(cell: HTMLElement | undefined, text: string): void {
  if (cell === undefined || cell.textContent === text) return;
  cell.textContent = text;
  // What does not fit is cut off; the pointer shows all of it.
  cell.title = text;
}

function shareText(percent: number | undefined): string {
  return percent === undefined ? NOTHING : percentText(percent);
}

/** The agent's own version, or the first that it names. */
function versionText(versions: Readonly<Record<string, string>>): string {
  const { agent } = versions;
  if (agent !== undefined) return agent;
  const [first] = Object.entries(versions);
  return first === undefined ? NOTHING : first.join(' ');
}

function spacer(): { readonly row: HTMLElement; pixels(height: number): void } {
  const cell = el('td', { colspan: COLUMNS.length });
  const row = el('tr', { 'aria-hidden': 'true', class: 'spacer' }, cell);
  return {
    row,
    pixels: (height) => {
      cell.style.height = `${height}px`;
      row.hidden = height === 0;
    },
  };
}
