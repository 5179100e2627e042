// The tables of docs/METRICS.md, one a group.
import type { MetricDefinition } from '../../src/sidecar/metrics/index.ts';
import type { Group } from './dashboard.ts';

const BEGIN = '<!-- metrics: made by `npm run monitoring` -->\n';
const END = '<!-- end of metrics -->';
/** More values than this are given as words. */
const MAX_SHOWN = 12;

/** The text with its tables made anew. Throws where they have no place. */
export function withTables(text: string, groups: readonly Group[]): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error('docs/METRICS.md has lost the marks of its tables');
  const tables = groups.map(({ title, metrics }) => tableOf(title, metrics)).join('\n');
  return `${text.slice(0, from + BEGIN.length)}\n${tables}\n${text.slice(to)}`;
}

function tableOf(title: string, metrics: readonly MetricDefinition[]): string {
  const rows = metrics.map(
    ({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labelsOf(labels)} | ${help} |`,
  );
  const head = ['| metric | type | labels | meaning |', '|---|---|---|---|'];
  return `### ${title}\n\n${[...head, ...rows].join('\n')}\n`;
}

function labelsOf(labels: MetricDefinition['labels']): string {
  const cells = Object.entries(labels).map(([name, { values, told }]) => {
    if (told !== undefined) return `\`${name}\`: ${told}`;
    if (values.length > MAX_SHOWN) throw new Error(`${name} has too many values for a table`);
    return `\`${name}\`: ${values.join(', ')}`;
  });
  return cells.length === 0 ? '–' : cells.join('; ');
}
