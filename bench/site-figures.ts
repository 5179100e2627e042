// What is promised of a site in virtual time, and how its figures are printed.
import { type Figure, limit } from './figure.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** Up to so many members everybody is linked to everybody; beyond it each wants two neighbours in each of three rings. */
const FULL_MESH = 9;
const RING_LINKS = 6;

/** The targets. Times are virtual, bytes those of a minute. */
export const SITE_LIMITS = {
  /** From the last start until all reach each other. */
  linkedMs: 5 * SECOND_MS,
  /** From churn until all reach each other: dead links end within 15 s. */
  healedMs: 30 * SECOND_MS,
  /** Whoever starts takes the first it hears of. */
  linksInTurmoil: 30,
  /** Who vanished is dialled in vain three times before the others choose without it, and surplus links are kept for a minute. */
  settledMs: 10 * MINUTE_MS,
  writtenMs: SECOND_MS,
  /** UDP payload by sidecar. */
  discoveryBytes: 400,
  /** Of an idle link, both ways. */
  linkBytes: 4000,
} as const;

export interface Steady {
  readonly mostLinks: number;
  readonly meanLinks: number;
  readonly hops: number;
  readonly meanHops: number;
  /** Seconds in which not everybody reached everybody. */
  readonly apartSeconds: number;
  /** Of the whole LAN in a minute. */
  readonly discoveryBytes: number;
  /** Of one link in a minute, both ways. */
  readonly frames: number;
  readonly bytes: number;
  readonly slowestWriteMs: number;
}

export interface Turmoil {
  /** Links of one sidecar. */
  readonly most: number;
  /** When somebody had more than wanted for the last time. */
  readonly settledMs: number;
  /** Seconds in which not everybody reached everybody. */
  readonly apartSeconds: number;
}

export interface Scale {
  readonly size: number;
  readonly linkedMs: number;
  readonly levelMs: number;
  readonly firstMinuteBytes: number;
  readonly start: Turmoil;
  readonly before: Steady;
  readonly churn: number;
  readonly healedMs: number;
  readonly againLevelMs: number;
  readonly turmoil: Turmoil;
  readonly after: Steady;
}

export function wantedLinks(size: number): number {
  return size <= FULL_MESH ? size - 1 : RING_LINKS;
}

export function judgeScales(scales: readonly Scale[]): Figure[] {
  return [...rowsOf(scales), ...scales.flatMap(judgeScale)];
}

function judgeScale(scale: Scale): Figure[] {
  const { size, start, before, turmoil, after } = scale;
  const phases = [start, before, turmoil, after];
  const of = (name: string, value: number, unit: string, atMost: number): Figure => {
    const { text, met } = limit({ name, value, unit, atMost });
    return { name: `site of ${size}: ${name}`, text, met };
  };
  const both = (take: (steady: Steady) => number): number => Math.max(take(before), take(after));
  const ms = 'virtual ms';
  const apart = phases.reduce((sum, { apartSeconds }) => sum + apartSeconds, 0);
  const [most, settled] = [
    Math.max(start.most, turmoil.most),
    Math.max(start.settledMs, turmoil.settledMs),
  ];
  const limits = SITE_LIMITS;
  return [
    of('last start until all reach each other', scale.linkedMs, ms, limits.linkedMs),
    of('churn until all reach each other', scale.healedMs, ms, limits.healedMs),
    of('not all reached each other, all other time', apart, 's', 0),
    of(
      'most links of one, settled',
      both((one) => one.mostLinks),
      'links',
      wantedLinks(size),
    ),
    of('most links of one, soon after start or churn', most, 'links', limits.linksInTurmoil),
    of('start or churn until settled', settled, ms, limits.settledMs),
    of(
      'slowest write until all have it',
      both((one) => one.slowestWriteMs),
      ms,
      limits.writtenMs,
    ),
    of(
      'discovery by sidecar in a later minute',
      both((one) => one.discoveryBytes) / size,
      'B',
      limits.discoveryBytes,
    ),
    of(
      'idle link, both ways, in a minute',
      both((one) => one.bytes),
      'B',
      limits.linkBytes,
    ),
  ];
}

/** Rows of two tables in docs/FIGURES.md, whose heads are there: of the start and what follows, and of churn. */
function rowsOf(scales: readonly Scale[]): Figure[] {
  const ofStart = scales.map(({ size, start, before, ...scale }) =>
    rowOf(`site of ${size}, started`, [
      size,
      `${seconds(scale.linkedMs)}, ${seconds(scale.levelMs)}`,
      `${start.most}, ${seconds(start.settledMs)}`,
      `${before.meanLinks.toFixed(2)}, ${before.mostLinks}`,
      `${before.meanHops.toFixed(2)}, ${before.hops}`,
      bytes(scale.firstMinuteBytes),
      bytes(before.discoveryBytes),
      `${before.frames.toFixed(0)}, ${bytes(before.bytes)}`,
      `${Math.round(before.slowestWriteMs)} ms`,
    ]),
  );
  const ofChurn = scales.map(({ size, churn, turmoil, after, ...scale }) =>
    rowOf(`site of ${size}, after churn`, [
      size,
      churn,
      `${seconds(scale.healedMs)}, ${seconds(scale.againLevelMs)}`,
      `${turmoil.most}, ${seconds(turmoil.settledMs)}`,
      `${after.meanLinks.toFixed(2)}, ${after.mostLinks}`,
      `${after.meanHops.toFixed(2)}, ${after.hops}`,
      bytes(after.discoveryBytes),
      `${Math.round(after.slowestWriteMs)} ms`,
    ]),
  );
  return [...ofStart, ...ofChurn];
}

function rowOf(name: string, cells: readonly (string | number)[]): Figure {
  const row = `| ${cells.join(' | ')} |`;
  return { name, text: row, met: undefined, row };
}

const seconds = (ms: number): string => `${(ms / SECOND_MS).toFixed(1)} s`;
const bytes = (count: number): string => `${Math.round(count).toLocaleString('en')} B`;
