// What one direction of a memory network is like: how slow, how narrow, how lossy; and what a loss costs.
import type { Random } from '../../core/index.ts';

export interface PathShape {
  /** One way, in milliseconds. */
  readonly delayMs: number;
  /** Up to so much more, in milliseconds, anew for everything that is sent. */
  readonly jitterMs: number;
  /** Share of the segments that are lost, 0 to MAX_LOSS_RATE. Each is sent again after a time-out, as TCP does. */
  readonly lossRate: number;
  /** What all links of this direction have together; MIN_BITS_PER_SECOND to Infinity. */
  readonly bitsPerSecond: number;
}

export const MAX_LOSS_RATE = 0.3;
/** The slowest satellite modem in use. */
export const MIN_BITS_PER_SECOND = 2_400;

/** Bytes of a frame that get lost together: what Ethernet leaves TCP. */
const SEGMENT_BYTES = 1_460;
/** The shortest wait for an answer before a segment is sent again, as on Linux. */
const MIN_RETRANSMIT_MS = 200;
/** The waits double up to here. */
const MAX_RETRANSMIT_MS = 120_000;
/** A segment that is lost so often in a row ends its link: after 51 s when the path is quick. */
export const MAX_LOSSES_IN_A_ROW = 8;

export const PERFECT_SHAPE: PathShape = {
  delayMs: 0,
  jitterMs: 0,
  lossRate: 0,
  bitsPerSecond: Number.POSITIVE_INFINITY,
};

/** The shape with some of it changed. Throws RangeError naming what cannot be. */
export function reshape(shape: PathShape, change: Partial<PathShape>): PathShape {
  const next = { ...shape, ...change };
  const check = (field: keyof PathShape, from: number, to: number): void => {
    const value = next[field];
    if (value >= from && value <= to) return;
    throw new RangeError(`${field} is ${value}; give ${from} to ${to}`);
  };
  check('delayMs', 0, Number.MAX_SAFE_INTEGER);
  check('jitterMs', 0, Number.MAX_SAFE_INTEGER);
  check('lossRate', 0, MAX_LOSS_RATE);
  check('bitsPerSecond', MIN_BITS_PER_SECOND, Number.POSITIVE_INFINITY);
  return next;
}

export interface Passage {
  /** From the last bit sent to the last bit there, in milliseconds. */
  readonly ms: number;
  /** Lost too often: it never arrives, and its link ends after that time. */
  readonly fails: boolean;
}

/** Rolls the dice for something of so many bytes. Dice are rolled only where the shape asks for them. */
export function pass(shape: PathShape, bytes: number, random: Random): Passage {
  const jitterMs = shape.jitterMs === 0 ? 0 : shape.jitterMs * random.fraction();
  const losses = shape.lossRate === 0 ? 0 : countLosses(shape.lossRate, bytes, random);
  return {
    ms: shape.delayMs + jitterMs + waitFor(losses, shape),
    fails: losses >= MAX_LOSSES_IN_A_ROW,
  };
}

/**
 * How often its unluckiest segment is lost in a row: everything behind waits for that one. One throw decides for all segments,
 * since no more than k in a row for each of n has the chance (1 - rate^(k+1))^n.
 */
function countLosses(rate: number, bytes: number, random: Random): number {
  const segments = Math.max(1, Math.ceil(bytes / SEGMENT_BYTES));
  const luck = random.fraction();
  let losses = 0;
  while (losses < MAX_LOSSES_IN_A_ROW && (1 - rate ** (losses + 1)) ** segments <= luck) losses++;
  return losses;
}

function waitFor(losses: number, { delayMs, jitterMs }: PathShape): number {
  let waitMs = MIN_RETRANSMIT_MS + 2 * (delayMs + jitterMs);
  let sumMs = 0;
  for (let i = 0; i < losses; i++) {
    sumMs += waitMs;
    waitMs = Math.max(waitMs, Math.min(2 * waitMs, MAX_RETRANSMIT_MS));
  }
  return sumMs;
}
