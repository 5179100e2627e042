// Figures and texts as people read them in a terminal.

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The largest unit that says enough: `350ms`, `12s`, `5m`, `3h`, `12d`. */
export function formatSpan(ms: number): string {
  if (ms < SECOND_MS) return `${Math.max(0, Math.round(ms))}ms`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m`;
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)}h`;
  return `${Math.floor(ms / DAY_MS)}d`;
}

/** Round trips are often below a millisecond. */
export function formatRoundTrip(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  return ms < 10 ? `${ms.toFixed(1)}ms` : `${Math.round(ms)}ms`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const UNIT_STEP = 1_024;

export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= UNIT_STEP && unit < BYTE_UNITS.length - 1) {
    value /= UNIT_STEP;
    unit += 1;
  }
  const digits = unit === 0 || value >= 10 ? Math.round(value).toString() : value.toFixed(1);
  return `${digits} ${BYTE_UNITS[unit]}`;
}

/** `undefined` is no rate at all: no link, or no limit. */
export function formatRate(bytesPerSecond: number | undefined): string {
  return bytesPerSecond === undefined ? NOTHING : `${formatBytes(bytesPerSecond)}/s`;
}

/** Stands where there is no value. */
export const NOTHING = '-';

export function formatPercent(value: number | undefined): string {
  return value === undefined ? NOTHING : `${Math.round(value)}%`;
}

export function formatNumber(value: number | undefined, digits: number): string {
  return value === undefined ? NOTHING : value.toFixed(digits);
}

export function orNothing(text: string | undefined): string {
  return text === undefined || text === '' ? NOTHING : text;
}

/** `1 link`, `2 links`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Ids are long and differ at the beginning: so many characters tell them apart in a table. */
const SHORT_ID_CHARACTERS = 8;

export function shortId(id: string): string {
  return id === '' ? NOTHING : id.slice(0, SHORT_ID_CHARACTERS);
}

/** Other machines wrote these texts: what could move the cursor or turn the writing around is shown as a question mark. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu, '?');
}

/** JSON in which such characters are escaped, which changes nothing of what it says. `indent` is in blanks. */
export function printableJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    /[\u007f-\u009f\p{Bidi_C}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

const CHARACTERS = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Characters as people count them. */
export function widthOf(text: string): number {
  return Array.from(CHARACTERS.segment(text)).length;
}

/** At most so many characters of it. */
export function beginningOf(text: string, width: number): string {
  const characters = Array.from(CHARACTERS.segment(text), ({ segment }) => segment);
  return characters.length <= width ? text : characters.slice(0, width).join('');
}

/** Breaks a text between words. The first line begins with `lead`, the others with as many blanks. A word that is too long stays whole. */
export function wrapTo(text: string, width: number, lead = ''): string[] {
  const lines: string[] = [];
  const indent = ' '.repeat(lead.length);
  let line = lead;
  let words = 0;
  for (const word of text.split(' ')) {
    const longer = words === 0 ? `${line}${word}` : `${line} ${word}`;
    if (words > 0 && widthOf(longer) > width) {
      lines.push(line);
      line = `${indent}${word}`;
      words = 1;
    } else {
      line = longer;
      words += 1;
    }
  }
  return [...lines, line];
}
