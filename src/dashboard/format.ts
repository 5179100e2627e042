// Figures in words, the same as the command line shows them. Pure.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const SHORT_ID = 8;

/** What a cell shows where nothing is known. */
export const NOTHING = '–';

/** `4 s`, `3 min`, `2 h 5 min`, `3 d`: as exact as somebody who waits needs it. */
export function spanText(ms: number): string {
  const span = Math.max(0, ms);
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`;
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`;
  if (span < DAY) {
    const minutes = Math.floor((span % HOUR) / MINUTE);
    return `${Math.floor(span / HOUR)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
  }
  return `${Math.floor(span / DAY)} d`;
}

export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${BYTE_UNITS[unit]}`;
}

export function percentText(percent: number): string {
  return `${Math.round(percent)} %`;
}

/** `1 agent`, `3 agents`. */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

export function shortId(id: string): string {
  return id.slice(0, SHORT_ID);
}

/** `14:03:59`, in the time zone of whoever looks. */
export function clockText(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString('en-GB');
}
