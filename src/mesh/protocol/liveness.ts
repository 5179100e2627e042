// Whether the other end is still there, told by ticks: what was heard, how long pings take, and when patience is over.

/** How often a session looks at the time: for the greeting's deadline, pings and silence. */
export const TICK_MS = 5000;
/** A hello over a radio with 20 s one way takes two of them, after a handshake that took as long. */
const GREETING_MS = 60_000;
/**
 * A peer that says nothing for this long is gone, whatever the socket says. It is told by ticks, of which the first may come just
 * after something was heard: a link is given up 10 to 15 s after the last word.
 */
const SILENT_AFTER_MS = 10_000;
/** Timers fire a little early at times, and a tick that is short by less than this is a whole one. */
const EARLY_TICK_MS = 250;
/** Before the first answer nobody knows how slow the link is. */
const FIRST_ANSWER_MS = 60_000;
/** The patience with a slow link, in round trips, and its end. */
const SILENT_AFTER_ROUND_TRIPS = 4;
const MAX_SILENT_MS = 120_000;
/** A tick that comes this late says that we slept and not that the peer did. */
const LATE_TICK_MS = 1.5 * TICK_MS;
/** Pings whose pong is awaited: as many as fit into the longest patience. */
const MAX_PINGS = MAX_SILENT_MS / TICK_MS;

/** Every so many pings say what the wall clock shows: once a minute, and the first. */
const PINGS_A_CLOCK = 12n;

export interface OwnPing {
  readonly type: 'ping';
  readonly token: bigint;
}

export type Verdict =
  | OwnPing
  | { readonly type: 'wait' }
  | { readonly type: 'gone'; readonly message: string };

/** The ping as it is sent. */
export function withClock(
  ping: OwnPing,
  wallMs: number | undefined,
): OwnPing & { readonly wallMs?: number | undefined } {
  return ping.token % PINGS_A_CLOCK === 1n ? { ...ping, wallMs } : ping;
}

/** What a ping says of the peer's clock, if it does. */
export function clockIn({
  wallMs,
}: {
  readonly wallMs?: number | undefined;
}): readonly { readonly type: 'clock'; readonly wallMs: number }[] {
  return wallMs === undefined ? [] : [{ type: 'clock', wallMs }];
}

export class Liveness {
  /** When something was said that the other end answers at once: our hello. */
  #askedMs: number | undefined;
  #lastTickMs: number;
  #isHeard = false;
  #isGreeted = false;
  #silentMs = 0;
  #bytesAtLastTick = 0;
  #pings = 0n;
  readonly #sentMsByToken = new Map<bigint, number>();
  #roundTripMs: number | undefined;

  constructor(nowMs: number) {
    this.#lastTickMs = nowMs;
    this.#askedMs = nowMs;
  }

  /** A frame came. */
  heard(nowMs: number): void {
    this.#isHeard = true;
    if (!this.#isGreeted) return;
    this.#answered(nowMs);
  }

  /**
   * The session is live: the greeting's time does not count. Who dialled said hello first and has the answer now; who accepted says
   * it now, and what comes next is the answer.
   */
  greeted(nowMs: number, isInitiator: boolean): void {
    this.#silentMs = 0;
    this.#isGreeted = true;
    if (isInitiator) this.#answered(nowMs);
    else this.#askedMs = nowMs;
  }

  /** Milliseconds from ping to pong, the first time a pong answers a ping of ours. */
  pong(token: bigint, nowMs: number): number | undefined {
    const sentMs = this.#sentMsByToken.get(token);
    if (sentMs === undefined) return undefined;
    this.#sentMsByToken.delete(token);
    this.#roundTripMs = nowMs - sentMs;
    return this.#roundTripMs;
  }

  /** `bytesReceived`: what came over the link so far, also of a frame that is not whole yet. */
  tick(nowMs: number, bytesReceived: number, isLive: boolean): Verdict {
    // A run may take a slow link longer than the silence we bear: its bytes are a sign of life too, but not from strangers.
    const isHeard = isLive && (this.#isHeard || bytesReceived > this.#bytesAtLastTick);
    const isLate = nowMs - this.#lastTickMs > LATE_TICK_MS;
    const sinceMs = Math.min(TICK_MS, nowMs - this.#lastTickMs);
    this.#bytesAtLastTick = bytesReceived;
    this.#lastTickMs = nowMs;
    this.#isHeard = false;
    if (isHeard) this.#silentMs = 0;
    else if (!isLate) this.#silentMs += sinceMs;
    if (!isLive) {
      if (this.#silentMs < GREETING_MS) return { type: 'wait' };
      return { type: 'gone', message: 'it said no hello in time' };
    }
    if (this.#silentMs + EARLY_TICK_MS < this.#patienceMs()) return this.#ping(nowMs);
    return { type: 'gone', message: `nothing heard for ${Math.round(this.#silentMs / 1000)} s` };
  }

  /** The first round trip is that of the hello: a link may be cut before the first ping. */
  #answered(nowMs: number): void {
    if (this.#askedMs === undefined) return;
    this.#roundTripMs ??= nowMs - this.#askedMs;
    this.#askedMs = undefined;
  }

  #patienceMs(): number {
    if (this.#roundTripMs === undefined) return FIRST_ANSWER_MS;
    const slowMs = Math.min(MAX_SILENT_MS, SILENT_AFTER_ROUND_TRIPS * this.#roundTripMs);
    return Math.max(SILENT_AFTER_MS, slowMs);
  }

  #ping(nowMs: number): Verdict {
    this.#pings++;
    this.#sentMsByToken.set(this.#pings, nowMs);
    this.#sentMsByToken.delete(this.#pings - BigInt(MAX_PINGS));
    return { type: 'ping', token: this.#pings };
  }
}
