// A table of figures that a test file prints as Markdown when it is run with --table.
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { table: { type: 'boolean' } }, strict: false });

export class FigureTable {
  readonly #title: string;
  readonly #rows: string[][];

  constructor(title: string, headings: readonly string[]) {
    this.#title = title;
    this.#rows = [[...headings], headings.map(() => '---')];
  }

  add(...cells: string[]): void {
    this.#rows.push(cells);
  }

  printIfAsked(): void {
    if (values.table !== true) return;
    const lines = this.#rows.map((cells) => `| ${cells.join(' | ')} |`);
    console.log(`\n${this.#title}\n\n${lines.join('\n')}\n`);
  }
}

export function inSeconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
