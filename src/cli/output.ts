// Results on stdout as a table, JSON, a JSON object a line, or YAML; everything that is not a result on stderr.
import { styleText } from 'node:util';
import { beginningOf, printable, printableJson, widthOf } from './format.ts';
import { printableYaml } from './yaml.ts';

/** `wide` is a table with all columns, whose lines are never cut. */
export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'ndjson', 'yaml'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Where text goes. */
export interface Sink {
  readonly isTerminal: boolean;
  /** Characters in a line of the terminal, and its lines; undefined where that is not known. */
  readonly columns?: number | undefined;
  readonly lines?: number | undefined;
  write(text: string): void;
}

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
  readonly colour?: (row: Row) => Colour | undefined;
  /** Shown with `-o wide` alone. */
  readonly wide?: true;
}

/** Between two columns of a table. */
const GAP = '  ';
const JSON_INDENT = 2;

export class Printer {
  /** What is written; tables are told apart by `wide`. */
  readonly format: Exclude<OutputFormat, 'wide'>;
  readonly wide: boolean;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #coloured: boolean;
  /** YAML has marks between its documents, and none before the first. */
  #hasWritten = false;

  constructor(format: OutputFormat, stdout: Sink, stderr: Sink, coloured: boolean) {
    this.format = format === 'wide' ? 'table' : format;
    this.wide = format === 'wide';
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#coloured = coloured;
  }

  /** True when somebody watches: then a live view may redraw the screen. */
  get live(): boolean {
    return this.#stdout.isTerminal && this.format === 'table';
  }

  /** True where everything is one value, false where a program reads line by line. */
  get isWhole(): boolean {
    return this.format === 'json' || this.format === 'yaml';
  }

  /** Lines that fit on the screen of a live view. */
  get screenLines(): number {
    return (this.live ? this.#stdout.lines : undefined) ?? Number.POSITIVE_INFINITY;
  }

  /** Characters that fit into a line; without end where nothing is cut. */
  get lineWidth(): number {
    const { isTerminal, columns } = this.#stdout;
    return isTerminal && !this.wide && columns !== undefined ? columns : Number.POSITIVE_INFINITY;
  }

  /** A line of the result, as it is. */
  line(text = ''): void {
    this.#stdout.write(`${text}\n`);
  }

  /** Something to know that is not the result. */
  note(text: string): void {
    this.#stderr.write(`${text}\n`);
  }

  /** Empties the screen before a live view is drawn again. */
  clear(): void {
    this.#stdout.write('\u001b[2J\u001b[H');
  }

  /** One object, of what JSON can say: JSON over several lines, in one line for ndjson, or a document of YAML. */
  json(value: unknown): void {
    if (this.format === 'yaml') {
      this.#stdout.write(`${this.#hasWritten ? '---\n' : ''}${printableYaml(value)}`);
      this.#hasWritten = true;
    } else this.line(printableJson(value, this.format === 'ndjson' ? undefined : JSON_INDENT));
  }

  /** One of a stream. An endless array would be JSON only at the end of time, so json is a line each here, too. */
  event(value: unknown): void {
    if (this.format === 'yaml') this.json(value);
    else this.line(printableJson(value));
  }

  /** Many objects in the chosen format. An empty table says `empty` on stderr. */
  rows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    switch (this.format) {
      case 'json':
      case 'yaml':
        this.json(rows);
        break;
      case 'ndjson':
        for (const row of rows) this.json(row);
        break;
      case 'table':
        if (rows.length === 0) this.note(empty);
        else for (const line of this.table(rows, columns)) this.line(line);
        break;
    }
  }

  /** The lines of a table, headings first; cut where a terminal is too narrow for them. */
  table<Row>(rows: readonly Row[], all: readonly Column<Row>[]): string[] {
    const columns = all.filter(({ wide }) => this.wide || wide !== true);
    const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
    const widths = columns.map(({ heading }, place) =>
      Math.max(heading.length, ...cells.map((line) => widthOf(line[place] ?? ''))),
    );
    const fit = (text: string, place: number): string => {
      const padding = ' '.repeat((widths[place] ?? 0) - widthOf(text));
      if (columns[place]?.align === 'right') return padding + text;
      return place === columns.length - 1 ? text : text + padding;
    };
    const heading = columns.map((column, place) => ({ text: fit(column.heading, place) }));
    const lines = rows.map((row, index) =>
      columns.map((column, place) => ({
        text: fit(cells[index]?.[place] ?? '', place),
        colour: column.colour?.(row),
      })),
    );
    return [this.paint(this.#join(heading), 'dim'), ...lines.map((line) => this.#join(line))];
  }

  /** A line that is too long ends with an ellipsis. Colours are added after cutting: they take no room. */
  #join(cells: readonly { readonly text: string; readonly colour?: Colour | undefined }[]): string {
    const width = widthOf(
      cells
        .map(({ text }) => text)
        .join(GAP)
        .trimEnd(),
    );
    const isCut = width > this.lineWidth;
    let left = isCut ? this.lineWidth - 1 : width;
    const shown: string[] = [];
    for (const { text, colour } of cells) {
      if (left <= 0) break;
      shown.push(this.paint(beginningOf(text, left), colour));
      left -= widthOf(text) + GAP.length;
    }
    return isCut ? `${shown.join(GAP)}…` : shown.join(GAP).trimEnd();
  }

  /** Names and values, one pair a line. Values that are undefined are left out. */
  facts(facts: Readonly<Record<string, string | undefined>>, indent = ''): void {
    const width = Math.max(...Object.keys(facts).map((name) => name.length));
    for (const [name, value] of Object.entries(facts)) {
      if (value === undefined) continue;
      this.line(`${indent}${this.paint(name.padEnd(width), 'dim')}${GAP}${printable(value)}`);
    }
  }

  paint(text: string, colour: Colour | undefined): string {
    if (!this.#coloured || colour === undefined) return text;
    return styleText(colour, text, { validateStream: false });
  }
}

/** Colours are for people: none without a terminal, and none for who set NO_COLOR. */
export function wantsColour(
  stdout: Sink,
  env: Readonly<Record<string, string | undefined>>,
): boolean {
  const refused = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  return stdout.isTerminal && !refused && env.TERM !== 'dumb';
}
