// A diagnosis as people read it: a heading a section, a line a fact, further in what belongs to it.
import { NOTHING, printable } from './format.ts';

const INDENT = '  ';

/** Lines of a report. Sections keep their order. */
export function diagnosisLines(report: object): string[] {
  return Object.entries(report).flatMap(([name, value], index) => {
    const gap = index === 0 ? [] : [''];
    return isBranch(value)
      ? [...gap, name, ...linesOf(value, INDENT)]
      : [...gap, `${name}  ${textOf(value)}`];
  });
}

function linesOf(branch: object, indent: string): string[] {
  if (Array.isArray(branch)) {
    if (branch.length === 0) return [`${indent}none`];
    return branch.flatMap((item: unknown) => [
      `${indent}- ${isBranch(item) ? flat(item) : textOf(item)}`,
    ]);
  }
  const entries = Object.entries(branch);
  const width = Math.max(0, ...entries.map(([name]) => name.length));
  return entries.flatMap(([name, value]) =>
    isBranch(value)
      ? [`${indent}${name}`, ...linesOf(value, `${indent}${INDENT}`)]
      : [`${indent}${name.padEnd(width)}  ${textOf(value)}`],
  );
}

/** An item of a list in one line. */
function flat(item: object): string {
  return Object.entries(item)
    .filter(([, value]) => value !== null && value !== '')
    .map(
      ([name, value]) =>
        `${name}=${isBranch(value) ? printable(JSON.stringify(value)) : textOf(value)}`,
    )
    .join(' ');
}

function isBranch(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return value === null || value === '' ? NOTHING : printable(String(value));
}
