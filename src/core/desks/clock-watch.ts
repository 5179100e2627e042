// Whether the own wall clock can be believed, and what time it is where it cannot. Pure.
//
//   outside of what can be ──► suspect            most who were heard agree ──► believed
//   most who were heard differ ──► suspect        behind what was signed ──► suspect, jumped ──► suspect for a while
//
// Time by a suspect clock: what those who were heard say; else what passed since it was believed last; never outside of what can be.
import type { Instant } from '../values/environment.ts';
import type { NodeId } from '../values/ids.ts';

/** What is beyond this is no drift but a wrong clock. */
export const CLOCK_TOLERANCE_MS = 10 * 60_000;
/** What was heard longer ago counts no more: several times as long as a peer takes to say it again. */
const HEARD_FOR_MS = 5 * 60_000;
/** A jump that nobody contradicts for so long was a machine that slept, or a clock that was set right. */
const SETTLED_AFTER_MS = 15 * 60_000;
const MAX_HEARD = 64;
/** A hub's word counts as much as that of two others. */
const HUB_WEIGHT = 2;

/** No right clock shows less, or more. Milliseconds since 1970. */
export interface ClockBounds {
  readonly floorMs: number;
  readonly ceilingMs: number;
}

export const ANY_TIME: ClockBounds = { floorMs: 0, ceilingMs: Infinity };

/** What is made of the clocks, for people. */
export interface ClockView extends ClockBounds {
  /** Why the own wall clock is not believed. */
  readonly suspect: string | undefined;
  /** What it is gone by, milliseconds since 1970. */
  readonly believedMs: number;
  /** Of members heard lately: by how much their wall clocks are ahead of ours. */
  readonly aheadMs: ReadonlyMap<NodeId, number>;
}

interface Heard extends Instant {
  readonly weight: number;
}

export class ClockWatch {
  readonly #bounds: ClockBounds;
  /** Newest time that was signed by somebody whose time counts, and of our own before this start. */
  #signedMs: number;
  readonly #heard = new Map<NodeId, Heard>();
  /** The last reading that was believed. */
  #believed: Instant | undefined;
  #last: Instant | undefined;
  #jumpedMonotonicMs = -Infinity;
  #suspect: string | undefined;
  #isGuess = false;

  /** `ownMs`: the newest clock reading that was ever written here, less than the tolerance ahead of the clocks of others. */
  constructor(bounds: ClockBounds = ANY_TIME, ownMs = 0) {
    this.#bounds = bounds;
    this.#signedMs = Math.min(ownMs - CLOCK_TOLERANCE_MS, bounds.ceilingMs);
  }

  /** Why the wall clock is not believed, as the end of a sentence that begins with "the clock"; undefined while it is. As of the last `read`. */
  get suspect(): string | undefined {
    return this.#suspect;
  }

  /** Whether what `read` said last is neither the own clock nor what anybody says: it may be far behind. */
  get isGuess(): boolean {
    return this.#isGuess;
  }

  /** The moment to go by: that of the clocks while they are believed. */
  read(now: Instant): Instant {
    this.#noteJump(now);
    this.#suspect = this.#doubt(now);
    this.#isGuess = false;
    if (this.#suspect === undefined) {
      this.#believed = now;
      return now;
    }
    const { floorMs, ceilingMs } = this.#bounds;
    const said = this.#median(now);
    this.#isGuess = said === undefined;
    const guessMs = said ?? Math.max(this.#expected(now) ?? 0, this.#signedMs);
    const wallMs = Math.min(ceilingMs, Math.max(floorMs, guessMs));
    return { wallMs, monotonicMs: now.monotonicMs };
  }

  view(now: Instant): ClockView {
    const { wallMs: believedMs } = this.read(now);
    const aheadMs = new Map<NodeId, number>();
    for (const [nodeId, heard] of this.#heard) {
      const agoMs = now.monotonicMs - heard.monotonicMs;
      if (agoMs <= HEARD_FOR_MS) aheadMs.set(nodeId, heard.wallMs + agoMs - now.wallMs);
    }
    return { ...this.#bounds, suspect: this.#suspect, believedMs, aheadMs };
  }

  /** A member said what its wall clock shows. What no right clock shows is not listened to. */
  heard(nodeId: NodeId, wallMs: number, now: Instant, isHub: boolean): void {
    this.#heard.delete(nodeId);
    if (!this.#isPossible(wallMs)) return;
    const oldest = this.#heard.keys().next().value;
    if (this.#heard.size >= MAX_HEARD && oldest !== undefined) this.#heard.delete(oldest);
    const { monotonicMs } = now;
    this.#heard.set(nodeId, { wallMs, monotonicMs, weight: isHub ? HUB_WEIGHT : 1 });
  }

  /** It is later than `wallMs`: somebody whose time counts signed it. */
  signed(wallMs: number): void {
    if (this.#isPossible(wallMs)) this.#signedMs = Math.max(this.#signedMs, wallMs);
  }

  #doubt(now: Instant): string | undefined {
    const { floorMs, ceilingMs } = this.#bounds;
    const { wallMs } = now;
    if (wallMs < floorMs) return `shows ${dateOf(wallMs)}, and it is later than ${dateOf(floorMs)}`;
    if (wallMs > ceilingMs) {
      return `shows ${dateOf(wallMs)}, and nobody runs this version after ${dateOf(ceilingMs)}`;
    }
    const { agree, differ } = this.#opinions(now);
    // The own clock is one of those that agree with it.
    if (differ > agree + 1) {
      return 'differs by more than ten minutes from the clocks of most members that are linked';
    }
    if (agree > 0 && agree + 1 >= differ) return undefined;
    if (wallMs < this.#signedMs - CLOCK_TOLERANCE_MS) {
      return `shows ${dateOf(wallMs)}, and something was signed at ${dateOf(this.#signedMs)} already`;
    }
    return this.#jump(now);
  }

  /** What was heard before a jump says nothing: a machine that slept does not know for how long. */
  #noteJump(now: Instant): void {
    const last = this.#last;
    this.#last = now;
    if (last === undefined) return;
    const jumpMs = now.wallMs - last.wallMs - (now.monotonicMs - last.monotonicMs);
    if (Math.abs(jumpMs) <= CLOCK_TOLERANCE_MS) return;
    this.#jumpedMonotonicMs = now.monotonicMs;
    this.#heard.clear();
  }

  #jump(now: Instant): string | undefined {
    if (now.monotonicMs - this.#jumpedMonotonicMs > SETTLED_AFTER_MS) return undefined;
    const aheadMs = now.wallMs - (this.#expected(now) ?? now.wallMs);
    if (Math.abs(aheadMs) <= CLOCK_TOLERANCE_MS) return undefined;
    return `jumped by ${Math.round(aheadMs / 60_000)} minutes, and no member that is linked says that it is right now`;
  }

  /** What the wall clock would show by the time that passed since it was believed last. */
  #expected({ monotonicMs }: Instant): number | undefined {
    return this.#believed && this.#believed.wallMs + monotonicMs - this.#believed.monotonicMs;
  }

  #opinions(now: Instant): { readonly agree: number; readonly differ: number } {
    let agree = 0;
    let differ = 0;
    for (const { wallMs, weight } of this.#recent(now)) {
      if (Math.abs(wallMs - now.wallMs) <= CLOCK_TOLERANCE_MS) agree += weight;
      else differ += weight;
    }
    return { agree, differ };
  }

  #median(now: Instant): number | undefined {
    const all = this.#recent(now)
      .flatMap(({ wallMs, weight }) => Array.from({ length: weight }, () => wallMs))
      .sort((a, b) => a - b);
    // Of two in the middle the earlier one: what is too early does less harm than what is too late.
    return all[Math.floor((all.length - 1) / 2)];
  }

  /** What those show now who were heard lately. */
  #recent({ monotonicMs }: Instant): { readonly wallMs: number; readonly weight: number }[] {
    const recent: { wallMs: number; weight: number }[] = [];
    for (const heard of this.#heard.values()) {
      const agoMs = monotonicMs - heard.monotonicMs;
      if (agoMs <= HEARD_FOR_MS)
        recent.push({ wallMs: heard.wallMs + agoMs, weight: heard.weight });
    }
    return recent;
  }

  #isPossible(wallMs: number): boolean {
    return wallMs >= this.#bounds.floorMs && wallMs <= this.#bounds.ceilingMs;
  }
}

function dateOf(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString();
}
