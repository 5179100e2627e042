// Works out of what a handler says how far it is what callers want to know: percent, rate, time left.

import type { Clock } from '../environment.ts';
import type { CommandProgress } from './command-values.ts';

/** Two samples closer than this say more about the machine than about the work, milliseconds. */
const SHORTEST_SAMPLE_MS = 100;
/** How long a change of pace takes to show, milliseconds: two thirds of it after so long. */
const SMOOTHING_MS = 5_000;
const MS_PER_SECOND = 1_000;
/** Who needs longer does not know how long, milliseconds: ten years. */
const LONGEST_ETA_MS = 10 * 365 * 24 * 3_600_000;

type Counted = 'bytes' | 'items';

/** Of one attempt. */
export class ProgressMeter {
  readonly #clock: Clock;
  #percent: number | undefined;
  #base: { readonly counted: Counted; readonly done: number; readonly atMs: number } | undefined;
  #ratePerSecond: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** What is to be told. Numbers that are none are left out; percent does not go back. */
  measure(said: number | CommandProgress): CommandProgress {
    const { etaMs: expectedMs, ...known } = finite(
      typeof said === 'number' ? { percent: said } : said,
    );
    const { done, total } = countOf(known);
    if (done !== undefined) this.#sample(known, done);
    const derived =
      done !== undefined && total !== undefined && total > 0 ? (100 * done) / total : undefined;
    const percent = known.percent ?? derived;
    if (percent !== undefined) {
      this.#percent = Math.max(this.#percent ?? 0, Math.min(100, percent));
    }
    const ratePerSecond =
      known.ratePerSecond ?? (done === undefined ? undefined : this.#ratePerSecond);
    const etaMs = expectedMs ?? timeLeft(done, total, ratePerSecond);
    return {
      ...known,
      ...(percent !== undefined && { percent: this.#percent }),
      ...(ratePerSecond !== undefined && { ratePerSecond: Math.max(0, ratePerSecond) }),
      ...(etaMs !== undefined && etaMs <= LONGEST_ETA_MS && { etaMs }),
    };
  }

  #sample({ bytesDone }: CommandProgress, done: number): void {
    const atMs = this.#clock.now().monotonicMs;
    const counted = bytesDone === undefined ? 'items' : 'bytes';
    const base = this.#base;
    if (base === undefined || base.counted !== counted || done < base.done) {
      // What was there before the first word is no pace: a copy that is resumed begins far along.
      this.#base = { counted, done, atMs };
      this.#ratePerSecond = undefined;
      return;
    }
    const passedMs = atMs - base.atMs;
    if (passedMs < SHORTEST_SAMPLE_MS) return;
    const rate = ((done - base.done) * MS_PER_SECOND) / passedMs;
    const weight = 1 - Math.exp(-passedMs / SMOOTHING_MS);
    const before = this.#ratePerSecond ?? rate;
    this.#ratePerSecond = before + weight * (rate - before);
    this.#base = { counted, done, atMs };
  }
}

function countOf(progress: CommandProgress): {
  done?: number | undefined;
  total?: number | undefined;
} {
  if (progress.bytesDone !== undefined) {
    return { done: progress.bytesDone, total: progress.bytesTotal };
  }
  return { done: progress.itemsDone, total: progress.itemsTotal };
}

function timeLeft(
  done: number | undefined,
  total: number | undefined,
  ratePerSecond: number | undefined,
): number | undefined {
  if (done === undefined || total === undefined) return undefined;
  if (done >= total) return 0;
  if (ratePerSecond === undefined || ratePerSecond <= 0) return undefined;
  return Math.round(((total - done) * MS_PER_SECOND) / ratePerSecond);
}

function finite(progress: CommandProgress): CommandProgress {
  return Object.fromEntries(
    Object.entries(progress).filter(([, value]) => value >= 0 && value <= Number.MAX_SAFE_INTEGER),
  );
}
