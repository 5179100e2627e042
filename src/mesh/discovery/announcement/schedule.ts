// When a sidecar speaks on one interface: soon at the start, seldom later, and never more often than RFC 6762 allows. Pure.

/** Times after the start at which it announces itself, in milliseconds. */
const ANNOUNCE_AT_MS = [0, 1000, 3000];
/** Between two questions: asked at 0, 1, 3, 9, 27 s and then once a minute. */
const ASK_AFTER_MS = [1000, 2000, 6000, 18_000];
const ASK_SELDOM_MS = 60_000;
/** Wide, so that of a hundred sidecars one asks and the others hear it: 48 to 72 s. */
const SELDOM_JITTER = 0.4;
const SOON_JITTER_MS = 100;
/** An answer waits so long, so that not everybody speaks at once (RFC 6762, 6). */
const ANSWER_MS = [20, 120] as const;
/** The same where more known answers are to follow (RFC 6762, 7.2). */
const ANSWER_TRUNCATED_MS = [400, 500] as const;
/** A record is said at most once in this time (RFC 6762, 6). */
const LEAST_BETWEEN_MS = 1000;
/** Askers that are told apart while an answer waits. Beyond, it cannot be called off. */
const MAX_ASKERS = 64;
/** A name is used for so long, 0.9 to 1.1 times. */
const ROTATE_MS = 600_000;
/** Nudges within this time are one. */
const NUDGE_MS = 2000;

export type Move = 'rotate' | 'announce' | 'ask';

export class Schedule {
  readonly #fraction: () => number;
  readonly #announces: boolean;
  #announceAtMs: number[] = [];
  #askAtMs = Number.POSITIVE_INFINITY;
  #asked = 0;
  #answerAtMs = Number.POSITIVE_INFINITY;
  readonly #askers = new Set<string>();
  #rotateAtMs = Number.POSITIVE_INFINITY;
  #spokeAtMs = Number.NEGATIVE_INFINITY;
  #nudgedAtMs = Number.NEGATIVE_INFINITY;

  /** `announces`: whether there is an address here that others can dial; else it only asks. `fraction` is random in [0, 1). */
  constructor(announces: boolean, fraction: () => number, nowMs: number) {
    this.#announces = announces;
    this.#fraction = fraction;
    if (announces) this.#rotateAtMs = nowMs + this.#between(0.9 * ROTATE_MS, 1.1 * ROTATE_MS);
    this.#begin(nowMs);
  }

  /** When there is something to do next, in milliseconds of the same clock. */
  get nextMs(): number {
    return Math.min(this.#askAtMs, this.#rotateAtMs, this.#speakAtMs);
  }

  get #speakAtMs(): number {
    const wantedMs = Math.min(this.#answerAtMs, ...this.#announceAtMs);
    return Math.max(wantedMs, this.#spokeAtMs + LEAST_BETWEEN_MS);
  }

  /** What is to be done by now, in this order. */
  due(nowMs: number): Move[] {
    const moves: Move[] = [];
    if (this.#rotateAtMs <= nowMs) {
      this.#rotateAtMs = nowMs + this.#between(0.9 * ROTATE_MS, 1.1 * ROTATE_MS);
      moves.push('rotate');
      this.#announceAtMs = [nowMs, nowMs + LEAST_BETWEEN_MS];
    }
    if (this.#speakAtMs <= nowMs) {
      moves.push('announce');
      this.#spoke(nowMs);
    }
    if (this.#askAtMs <= nowMs) {
      moves.push('ask');
      this.#askLater(nowMs);
    }
    return moves;
  }

  /** Somebody asked who is there and does not know this sidecar. More known answers of theirs may follow. */
  asked(source: string, moreFollows: boolean, nowMs: number): void {
    if (!this.#announces) return;
    this.#askers.add(this.#askers.size < MAX_ASKERS ? source : '');
    if (this.#answerAtMs !== Number.POSITIVE_INFINITY) return;
    const [least, most] = moreFollows ? ANSWER_TRUNCATED_MS : ANSWER_MS;
    this.#answerAtMs = nowMs + this.#between(least, most);
  }

  /** An asker turned out to know this sidecar. */
  knows(source: string): void {
    if (!this.#askers.delete(source) || this.#askers.size > 0) return;
    this.#answerAtMs = Number.POSITIVE_INFINITY;
  }

  /** Somebody else asked what this sidecar would ask: the answers serve it as well (RFC 6762, 7.3). */
  askedByAnother(nowMs: number): void {
    this.#askLater(nowMs);
  }

  /** It asked for less than was thought: the question is still to be put. */
  askSoon(nowMs: number): void {
    this.#askAtMs = Math.min(this.#askAtMs, nowMs + this.#between(0, SOON_JITTER_MS));
  }

  /** Begins anew, as at the start. False when it just did. */
  nudge(nowMs: number): boolean {
    if (nowMs - this.#nudgedAtMs < NUDGE_MS) return false;
    this.#nudgedAtMs = nowMs;
    this.#begin(nowMs);
    return true;
  }

  #begin(nowMs: number): void {
    this.#asked = 0;
    this.#askAtMs = nowMs + this.#between(0, SOON_JITTER_MS);
    if (this.#announces) this.#announceAtMs = ANNOUNCE_AT_MS.map((ms) => nowMs + ms);
  }

  #spoke(nowMs: number): void {
    this.#spokeAtMs = nowMs;
    this.#answerAtMs = Number.POSITIVE_INFINITY;
    this.#askers.clear();
    this.#announceAtMs = this.#announceAtMs.filter((atMs) => atMs > nowMs);
  }

  #askLater(nowMs: number): void {
    const soonMs = ASK_AFTER_MS[this.#asked];
    this.#asked++;
    const waitMs =
      soonMs === undefined
        ? ASK_SELDOM_MS * (1 + SELDOM_JITTER * (this.#fraction() - 0.5))
        : soonMs + this.#between(0, SOON_JITTER_MS);
    this.#askAtMs = nowMs + waitMs;
  }

  #between(least: number, most: number): number {
    return least + this.#fraction() * (most - least);
  }
}
