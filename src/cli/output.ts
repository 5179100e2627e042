// Results on stdout as a table, JSON, or a JSON object a line; everything that is not a result on stderr.
import { styleText } from 'node:util';
import { printable, printableJson } from './format.ts';

export const OUTPUT_FORMATS = ['table', 'json', 'ndjson'] as const;
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

/** Where text goes. */
export interface Sink {
  readonly isTerminal: boolean;
  write(text: string): void;
}

export type Colour = 'green' | 'yellow' | 'red' | 'dim' | 'bold';

export interface Column<Row> {
  readonly heading: string;
  readonly value: (row: Row) => string;
  readonly align?: 'right';
  readonly colour?: (row: Row) => Colour | undefined;
}

/** Between two columns of a table. */
const GAP = '  ';
const JSON_INDENT = 2;

export class Printer {
  readonly format: OutputFormat;
  readonly #stdout: Sink;
  readonly #stderr: Sink;
  readonly #coloured: boolean;

  constructor(format: OutputFormat, stdout: Sink, stderr: Sink, coloured: boolean) {
    this.format = format;
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#coloured = coloured;
  }

  /** True when somebody watches: then a live view may redraw the screen. */
  get live(): boolean {
    return this.#stdout.isTerminal && this.format === 'table';
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

  /** One object: JSON over several lines, or in one line for ndjson. */
  json(value: unknown): void {
    this.line(printableJson(value, this.format === 'ndjson' ? undefined : JSON_INDENT));
  }

  /** Many objects in the chosen format. An empty table says `empty` on stderr. */
  rows<Row>(rows: readonly Row[], columns: readonly Column<Row>[], empty: string): void {
    switch (this.format) {
      case 'json':
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

  /** The lines of a table, headings first. */
  table<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string[] {
    const cells = rows.map((row) => columns.map((column) => printable(column.value(row))));
    const widths = columns.map(({ heading }, place) =>
      Math.max(heading.length, ...cells.map((line) => widthOf(line[place] ?? ''))),
    );
    const fit = (text: string, place: number): string => {
      const padding = ' '.repeat((widths[place] ?? 0) - widthOf(text));
      if (columns[place]?.align === 'right') return padding + text;
      return place === columns.length - 1 ? text : text + padding;
    };
    const heading = columns.map((column, place) => fit(column.heading, place)).join(GAP);
    const lines = rows.map((row, index) =>
      columns
        .map((column, place) =>
          this.paint(fit(cells[index]?.[place] ?? '', place), column.colour?.(row)),
        )
        .join(GAP)
        .trimEnd(),
    );
    return [this.paint(heading, 'dim'), ...lines];
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

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Characters as people count them. */
function widthOf(text: string): number {
  return Array.from(CHARACTERS.segment(text)).length;
}
