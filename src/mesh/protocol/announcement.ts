// When a session tells how far it holds feeds: a moment after the first of them grew, so that the others travel with it.

/** How long positions of feeds are gathered before the peer hears of them: about as long as a person notices. */
const GATHER_MS = 40;
/** On top, different for every link, so that neighbours do not all announce the same thing at once. */
const GATHER_JITTER_MS = 20;

export class Announcement {
  readonly #gatherMs: number;
  /** Infinity when there is nothing to say. */
  #dueMs = Infinity;

  constructor(handshakeHash: Uint8Array) {
    this.#gatherMs = GATHER_MS + Math.round(((handshakeHash[0] ?? 0) / 256) * GATHER_JITTER_MS);
  }

  /** When it is due, by the monotonic clock; Infinity when there is nothing to say. */
  get dueMs(): number {
    return this.#dueMs;
  }

  /** Whether it is time to speak. Told before each moment in which that may be, with whether there is anything to say. */
  isDue(hasNews: boolean, nowMs: number): boolean {
    if (!hasNews) this.#dueMs = Infinity;
    else if (this.#dueMs === Infinity) this.#dueMs = nowMs + this.#gatherMs;
    return this.#dueMs <= nowMs;
  }

  /** Everything was said. */
  said(): void {
    this.#dueMs = Infinity;
  }
}
