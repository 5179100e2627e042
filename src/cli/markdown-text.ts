// Sections of the docs as text for a terminal.
import { widthOf, wrapTo } from './format.ts';

/** The section below a heading of the second level, with the headings below it; undefined where there is none. */
export function sectionOf(markdown: string, heading: string): string | undefined {
  const lines = markdown.split('\n');
  const start = lines.indexOf(`## ${heading}`);
  if (start === -1) return undefined;
  const end = lines.findIndex((line, index) => index > start && line.startsWith('## '));
  return lines
    .slice(start, end === -1 ? undefined : end)
    .join('\n')
    .trimEnd();
}

const CODE_INDENT = '    ';
const CELL_GAP = '  ';

/** Lines at most `width` long where words allow it. Code stands as it is; a table is a list of its rows. */
export function toText(markdown: string, width: number): string {
  const lines: string[] = [];
  let isCode = false;
  let heading: readonly string[] | undefined;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('```')) isCode = !isCode;
    else if (isCode) lines.push(`${CODE_INDENT}${line}`);
    else if (/^\|[-| :]+\|$/.test(line)) continue;
    else if (line.startsWith('|')) {
      const cells = cellsOf(line);
      if (heading === undefined) heading = cells;
      else lines.push(...rowLines(cells, width));
    } else {
      heading = undefined;
      const [, lead = '', text = ''] = /^(\s*(?:[-*] |\d+\. )?)(.*)$/.exec(line) ?? [];
      lines.push(...wrapTo(plain(text), width, lead).map((one) => one.trimEnd()));
    }
  }
  return `${lines.join('\n')}\n`;
}

/** The first cell is what the others are about. */
function rowLines([first = '', ...others]: readonly string[], width: number): string[] {
  const text = others.filter((cell) => cell !== '').join(`;${CELL_GAP.slice(1)}`);
  const oneLine = `${CELL_GAP}${first}${CELL_GAP}${text}`;
  if (widthOf(oneLine) <= width) return [oneLine];
  return [`${CELL_GAP}${first}`, ...wrapTo(text, width, `${CELL_GAP}${CODE_INDENT}`)];
}

/** A bar in a cell is written with a backslash. */
function cellsOf(line: string): readonly string[] {
  const cells = line.split(/(?<!\\)\|/).slice(1, -1);
  return cells.map((cell) => plain(cell.trim().replaceAll('\\|', '|')));
}

/** Without marks of headings, emphasis and links; code keeps its backticks, by which one sees where it ends. */
function plain(text: string): string {
  return text
    .replace(/^#+ (.*)$/, (_all, words: string) => words.toUpperCase())
    .replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1')
    .replaceAll('**', '')
    .replaceAll(/(?<![\w*])\*([^*]+)\*(?![\w*])/g, '$1');
}
