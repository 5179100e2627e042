// When links of a class must be silent: spans of the day in UTC. Pure.
import { LINK_CLASSES, type LinkClass, toLinkClass } from './link-class.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const DAY_MS = DAY_MINUTES * MINUTE_MS;

/** Minutes of the day in UTC, from the first on and up to the second; over midnight where the second is not greater. */
export interface QuietSpan {
  readonly linkClass: LinkClass;
  /** In its one spelling, such as `satellite=22:00-06:00`. */
  readonly text: string;
  readonly fromMinute: number;
  readonly toMinute: number;
}

const SPAN = /^([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})$/;

/** A span, or why the text is none: words that follow the quoted text. */
export function parseQuietSpan(text: string): QuietSpan | string {
  const equals = text.indexOf('=');
  const linkClass = toLinkClass(text.slice(0, Math.max(0, equals)));
  if (linkClass === undefined) {
    return 'does not begin with a class; write lan=, wan= or satellite= and a span of the day';
  }
  const span = text.slice(equals + 1);
  if (span === 'always') return { linkClass, text, fromMinute: 0, toMinute: DAY_MINUTES };
  const [, fromHour = '', from = '', toHour = '', to = ''] = SPAN.exec(span) ?? [];
  const fromMinute = minuteOf(fromHour, from);
  const toMinute = minuteOf(toHour, to);
  if (fromMinute === undefined || toMinute === undefined || fromMinute === DAY_MINUTES) {
    return 'has no span behind its class; write two times in UTC such as 22:00-06:00, or always';
  }
  if (fromMinute === toMinute) return 'begins and ends at the same time; write always for all day';
  return { linkClass, text, fromMinute, toMinute };
}

/**
 * Milliseconds since 1970 at which a class may speak again; Infinity where it never may, undefined where it may now. Spans that
 * touch or overlap count as one.
 */
export function quietUntil(
  spans: readonly QuietSpan[],
  linkClass: LinkClass,
  nowWallMs: number,
): number | undefined {
  const own = spans.filter((span) => span.linkClass === linkClass);
  let untilMs = nowWallMs;
  for (let joined = 0; joined <= own.length; joined++) {
    const ends = own.map((span) => endOf(span, untilMs));
    const furthestMs = Math.max(untilMs, ...ends);
    if (furthestMs === untilMs) return untilMs === nowWallMs ? undefined : untilMs;
    if (furthestMs - nowWallMs >= DAY_MS) return Infinity;
    untilMs = furthestMs;
  }
  return Infinity;
}

/** Classes that must be silent at some time. */
export function quietClasses(spans: readonly QuietSpan[]): LinkClass[] {
  return LINK_CLASSES.filter((linkClass) => spans.some((span) => span.linkClass === linkClass));
}

/** Why a class is silent, for people. */
export function describeQuiet(linkClass: LinkClass, untilMs: number): string {
  if (untilMs === Infinity) return `quiet hours of ${linkClass} links, always`;
  const time = new Date(untilMs).toISOString().slice('yyyy-mm-ddT'.length, -':ss.sssZ'.length);
  return `quiet hours of ${linkClass} links until ${time} UTC`;
}

/** When the span ends that a moment lies in; the moment itself where it lies in none. */
function endOf({ fromMinute, toMinute }: QuietSpan, wallMs: number): number {
  const startOfDayMs = Math.floor(wallMs / DAY_MS) * DAY_MS;
  const lengthMinutes = (toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES;
  // The span that began today, or the one of yesterday that goes over midnight.
  for (const dayMs of [startOfDayMs, startOfDayMs - DAY_MS]) {
    const fromMs = dayMs + fromMinute * MINUTE_MS;
    const toMs = fromMs + lengthMinutes * MINUTE_MS;
    if (wallMs >= fromMs && wallMs < toMs) return toMs;
  }
  return wallMs;
}

function minuteOf(hours: string, minutes: string): number | undefined {
  const minute = Number(hours) * 60 + Number(minutes);
  const isTime = hours !== '' && Number(minutes) < 60 && minute <= DAY_MINUTES;
  return isTime ? minute : undefined;
}
