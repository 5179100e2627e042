// Reads TypeScript as text: what is code and what is not, which imports a file has, how long its functions are.
//
// A scanner, not a parser: it knows comments, strings, templates and brackets, and that is enough for rules about
// architecture. Everything keeps its position, so a finding can name its line.

export interface ImportSite {
  /** What stands between the quotes; undefined for a dynamic import of something computed. */
  readonly specifier: string | undefined;
  readonly line: number;
  readonly isDynamic: boolean;
}

export interface FunctionSite {
  /** The nearest name: of the function, the method, or the variable it is assigned to. */
  readonly name: string;
  readonly line: number;
  readonly lines: number;
}

/** The text with comments and the insides of strings replaced by spaces; line breaks and positions stay. */
export function maskNonCode(text: string): string {
  const out = text.split('');
  /** One entry for each open `${`: how many braces are open inside it. */
  const templateDepths: number[] = [];
  let at = 0;

  const blank = (from: number, to: number): void => {
    for (let index = from; index < to; index++) if (out[index] !== '\n') out[index] = ' ';
  };
  const skipTo = (end: number, keepEdges: 0 | 1): void => {
    blank(at + keepEdges, end - keepEdges);
    at = end;
  };
  /** From just inside a template: blanks up to its end, or up to the next `${`. */
  const skipTemplatePart = (): void => {
    const end = endOfTemplatePart(text, at);
    blank(at, end);
    if (text[end] === '$') templateDepths.push(0);
    at = end + (text[end] === '$' ? 2 : 1);
  };

  while (at < text.length) {
    const char = text[at];
    const depth = templateDepths.at(-1);
    if (text.startsWith('//', at)) skipTo(endOf(text, '\n', at), 0);
    else if (text.startsWith('/*', at)) skipTo(Math.min(text.length, endOf(text, '*/', at) + 2), 0);
    else if (char === "'" || char === '"') skipTo(endOfQuoted(text, at), 1);
    else if (char === '/' && startsRegex(out, at)) skipTo(endOfRegex(text, at), 1);
    else if (char === '`') {
      at++;
      skipTemplatePart();
    } else if (char === '}' && depth === 0) {
      templateDepths.pop();
      at++;
      skipTemplatePart();
    } else {
      if (depth !== undefined && char === '{') templateDepths.push((templateDepths.pop() ?? 0) + 1);
      if (depth !== undefined && char === '}') templateDepths.push((templateDepths.pop() ?? 0) - 1);
      at++;
    }
  }
  return out.join('');
}

const STATIC_IMPORT = /\b(?:import|export)\s+(?:type\s+)?(?:[\w$*{}\s,]+?\s*from\s*)?(['"])/g;
const DYNAMIC_IMPORT = /\bimport\s*\(\s*/g;
/** How a worker or an asset is named: it belongs to the program as much as an import does. */
const URL_IMPORT = /\bnew\s+URL\s*\(\s*(['"])[^'"]*\1\s*,\s*import\.meta\.url/g;

/** Every import, re-export, dynamic import and file URL of a text, in order. */
export function listImports(text: string, code: string = maskNonCode(text)): ImportSite[] {
  const sites: ImportSite[] = [];
  for (const match of code.matchAll(STATIC_IMPORT)) {
    const quoteAt = match.index + match[0].length - 1;
    sites.push({ ...siteAt(text, quoteAt), isDynamic: false });
  }
  for (const match of code.matchAll(DYNAMIC_IMPORT)) {
    sites.push({ ...siteAt(text, match.index + match[0].length), isDynamic: true });
  }
  for (const match of code.matchAll(URL_IMPORT)) {
    sites.push({ ...siteAt(text, match.index + match[0].search(/['"]/)), isDynamic: true });
  }
  return sites.sort((a, b) => a.line - b.line);
}

/** Every function with a body in braces, outer ones and inner ones alike. */
export function listFunctions(text: string, code: string = maskNonCode(text)): FunctionSite[] {
  const sites: FunctionSite[] = [];
  for (let at = code.indexOf('{'); at !== -1; at = code.indexOf('{', at + 1)) {
    const head = headOfFunction(code, at);
    if (head === undefined) continue;
    const line = lineAt(code, head.at);
    sites.push({ name: head.name, line, lines: lineAt(code, closing(code, at)) - line + 1 });
  }
  return sites;
}

export function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

function siteAt(text: string, quoteAt: number): Pick<ImportSite, 'specifier' | 'line'> {
  const literal = /^(['"`])(.*?)\1/.exec(text.slice(quoteAt))?.[2];
  const isComputed = literal === undefined || literal.includes('${');
  return { specifier: isComputed ? undefined : literal, line: lineAt(text, quoteAt) };
}

/** Words that stand before `(…) {` without making it a function. */
const CONTROL = new Set(['if', 'for', 'while', 'switch', 'catch', 'with', 'await']);

/** Where the function begins whose body opens at `brace`; undefined when the brace opens something else. */
function headOfFunction(code: string, brace: number): { name: string; at: number } | undefined {
  const before = code.slice(0, brace).trimEnd();
  if (before.endsWith('=>')) return nameOfArrow(before);
  const parameters = openingOfParameters(before);
  if (parameters === undefined) return undefined;
  const head = withoutGenerics(before.slice(0, parameters).trimEnd());
  const name = /[\w$#]+$/.exec(head)?.[0] ?? '(anonymous)';
  if (CONTROL.has(name)) return undefined;
  return { name: name === 'function' ? '(anonymous)' : name, at: head.length - 1 };
}

function nameOfArrow(before: string): { name: string; at: number } {
  const parameters = openingOfParameters(before.slice(0, -2).trimEnd());
  const start = parameters ?? before.search(/[\w$]+\s*=>$/);
  const assigned = /([\w$#]+)\s*(?::[^;{}]*)?[=:]\s*(?:async\s*)?(?:<[^;{}]*>\s*)?$/.exec(
    before.slice(0, start),
  );
  return { name: assigned?.[1] ?? '(anonymous)', at: assigned?.index ?? Math.max(0, start) };
}

/** Walks back over an optional return type to the `(` of a parameter list. */
function openingOfParameters(before: string): number | undefined {
  if (before.endsWith(')')) return opening(before, before.length - 1);
  if (!/[\w$>\]}'"]$/.test(before) || /\breturn$/.test(before)) return undefined;
  for (let at = before.length - 1; at >= 0; at--) {
    const char = before[at] ?? '';
    if (char === '>' && before[at - 1] === '=') at--;
    // A brace that a word follows closes a block and is no part of a type.
    else if (char === '}' && /^\s*[\w$]/.test(before.slice(at + 1))) return undefined;
    else if (')]}>'.includes(char)) at = opening(before, at);
    else if (char === ':') {
      const head = before.slice(0, at).trimEnd();
      return head.endsWith(')') ? opening(head, head.length - 1) : undefined;
    } else if (!/[\w$\s.|&?,'"]/.test(char)) return undefined;
  }
  return undefined;
}

function withoutGenerics(head: string): string {
  return head.endsWith('>') ? head.slice(0, opening(head, head.length - 1)).trimEnd() : head;
}

const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{', '>': '<' };

/** The position of the bracket that the one at `close` belongs to; -1 when there is none. */
function opening(code: string, close: number): number {
  const [right, left] = [code[close] ?? '', PAIRS[code[close] ?? ''] ?? ''];
  let depth = 0;
  for (let at = close; at >= 0; at--) {
    const isArrow = right === '>' && code[at] === '>' && code[at - 1] === '=';
    if (code[at] === right && !isArrow) depth++;
    if (code[at] === left && --depth === 0) return at;
  }
  return -1;
}

function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === '{') depth++;
    if (code[at] === '}' && --depth === 0) return at;
  }
  return code.length;
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found === -1 ? text.length : found;
}

/** One past the closing quote, or the end of the line for a string that is never closed. */
function endOfQuoted(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === text[start]) return at + 1;
    else if (text[at] === '\n') return at;
  }
  return text.length;
}

/** Where a template, or its next `${`, is. */
function endOfTemplatePart(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`' || text.startsWith('${', at)) return at;
  }
  return text.length;
}

/** A slash begins a regular expression where a value is expected, and divides where one has just ended. */
function startsRegex(out: readonly string[], slash: number): boolean {
  const before = out
    .slice(Math.max(0, slash - 200), slash)
    .join('')
    .trimEnd();
  return (
    before === '' || /(?:[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void))$/.test(before)
  );
}

function endOfRegex(text: string, start: number): number {
  let isInClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') isInClass = true;
    else if (text[at] === ']') isInClass = false;
    else if (text[at] === '/' && !isInClass) return at + 1;
  }
  return start + 1;
}
