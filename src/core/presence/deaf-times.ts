// When this node could not have heard others: it did not run, it had no link, or nobody at all was heard over those it had. Such time
// says nothing against anybody.

/** Milliseconds by the monotonic clock. */
export interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Periods of a kind that are remembered; beyond it the two that are nearest to each other become one, with what is between. */
const MAX_PERIODS = 16;
/** After a stall what came meanwhile is read at once: one beat is waited for. */
const INTERVALS_AFTER_STALL = 1;
/** After a silence of all links, of which a short one ends no link, as well. */
const INTERVALS_AFTER_SILENCE = 1;
/** After a time without a link everybody has much to tell: as long as it takes to suspect somebody. */
const INTERVALS_AFTER_CUT = 3;

export class DeafTimes {
  #stalls: readonly Period[] = [];
  #silences: readonly Period[] = [];
  #cuts: readonly Period[] = [];
  /** When a linked member was heard last; undefined where that is not told. What comes after it may be a silence. */
  #heardMs: number | undefined;
  #cutSinceMs: number | undefined;

  /** Whether there is no link now. */
  get isCutOff(): boolean {
    return this.#cutSinceMs !== undefined;
  }

  /** This process did not run. */
  stalled(period: Period): void {
    this.#stalls = add(this.#stalls, period);
  }

  /** A linked member said something, last at that time, and nobody did in the silences before it. */
  heard(atMs: number, silences: readonly Period[]): void {
    this.#heardMs = atMs;
    for (const one of silences) this.#silences = add(this.#silences, one);
  }

  /** So many members are linked from now on. A link that is given up was dead since somebody was heard last. */
  linked(links: number, nowMs: number): void {
    if (links === 0) this.#cutSinceMs ??= Math.min(nowMs, this.#heardMs ?? nowMs);
    else if (this.#cutSinceMs !== undefined) {
      this.#cuts = add(this.#cuts, { fromMs: this.#cutSinceMs, untilMs: nowMs });
      this.#cutSinceMs = undefined;
      if (this.#heardMs !== undefined) this.#heardMs = nowMs;
    }
  }

  /** How much of the time since `fromMs` somebody with such an interval could have been heard. `isNear`: without a link, too. */
  listenedMs(fromMs: number, nowMs: number, intervalMs: number, isNear: boolean): number {
    const stallWaitMs = INTERVALS_AFTER_STALL * intervalMs;
    const deaf = this.#stalls.map((one) => ({ ...one, untilMs: one.untilMs + stallWaitMs }));
    if (!isNear) deaf.push(...this.#farDeaf(nowMs, intervalMs));
    let listenedMs = 0;
    let atMs = fromMs;
    for (const one of deaf.sort((a, b) => a.fromMs - b.fromMs)) {
      listenedMs += Math.max(0, Math.min(one.fromMs, nowMs) - atMs);
      atMs = Math.max(atMs, one.untilMs);
    }
    return listenedMs + Math.max(0, nowMs - atMs);
  }

  /** When nobody but this node's own agents could be heard. */
  #farDeaf(nowMs: number, intervalMs: number): Period[] {
    const after = (periods: readonly Period[], intervals: number): Period[] =>
      periods.map((one) => ({ ...one, untilMs: one.untilMs + intervals * intervalMs }));
    const deaf = [
      ...after(this.#silences, INTERVALS_AFTER_SILENCE),
      ...after(this.#cuts, INTERVALS_AFTER_CUT),
    ];
    const sinceMs = this.#cutSinceMs ?? this.#heardMs;
    if (sinceMs !== undefined) deaf.push({ fromMs: sinceMs, untilMs: nowMs });
    return deaf;
  }
}

/** Periods are told in the order of their ends. */
function add(periods: readonly Period[], next: Period): readonly Period[] {
  const all = [...periods, next];
  if (all.length <= MAX_PERIODS) return all;
  const gapAt = (i: number): number => (all[i + 1]?.fromMs ?? Infinity) - (all[i]?.untilMs ?? 0);
  let at = 0;
  for (let i = 1; i < all.length - 1; i++) if (gapAt(i) < gapAt(at)) at = i;
  const [first, second] = [all[at] ?? next, all[at + 1] ?? next];
  const fromMs = Math.min(first.fromMs, second.fromMs);
  const untilMs = Math.max(first.untilMs, second.untilMs);
  return [...all.slice(0, at), { fromMs, untilMs }, ...all.slice(at + 2)];
}
