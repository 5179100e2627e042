// How much may be on its way to a peer that has not stored it: by runs, and by bytes that follow how fast it stores. What is
// urgent waits behind what is on its way, so no more of that is kept than the link needs to be busy.

/** Runs on their way that the peer has not answered. Bounds what it must hold in memory. */
export const MAX_UNSTORED_RUNS = 8;
/** A modem of 9.6 kbit/s is busy with it for 3 s, once; a quick link asks for more after each answer. */
const FIRST_WINDOW_BYTES = 4 * 1024;
const MIN_WINDOW_BYTES = 1024;
const MAX_WINDOW_BYTES = 1024 * 1024;
/** What a run asks of the store at least; less is all signatures and no payload. */
const MIN_READ_BYTES = 512;
/** A run is at most this part of the window, so that something urgent waits for a part of it and not for all. */
const READS_PER_WINDOW = 4;
/** How much longer than the quickest answer one may take: shorter and the window grows, longer and it shrinks to between both. */
const SHORT_QUEUE_MS = 200;
const GOOD_QUEUE_MS = 350;
const LONG_QUEUE_MS = 500;
/** How long the quickest answer is believed in: then the link is left to run empty once, to see whether it became slower. */
const BELIEVED_MS = 15_000;
/** How much larger the window may be than what was on its way at once. */
const GROWTH = 4;

interface Sent {
  readonly bytes: number;
  readonly sentMs: number;
  /** On their way when it was sent, itself included. */
  readonly aheadBytes: number;
  /** No further one could follow it. */
  isFull: boolean;
  /** The link had been left to run empty. */
  readonly isAlone: boolean;
}

export class SendWindow {
  /** Sent and not answered, oldest first; at most MAX_UNSTORED_RUNS. */
  readonly #unstored: Sent[] = [];
  #unstoredBytes = 0;
  #windowBytes = FIRST_WINDOW_BYTES;
  /** The quickest answer, and of those that came since it was last looked at. */
  #quickestMs = Infinity;
  #quickestLatelyMs = Infinity;
  #believedFromMs: number | undefined;
  /** Nothing is sent until all is answered, and then one short run. */
  #emptying = false;
  /** The window shrank then: answers to what was sent before say nothing new. */
  #shrankMs = -Infinity;

  /** Whether another run may go out. One always may when nothing is on its way, however large. */
  get isOpen(): boolean {
    if (this.#unstored.length === 0) return true;
    if (this.#emptying) return false;
    return this.#unstored.length < MAX_UNSTORED_RUNS && this.#unstoredBytes < this.#windowBytes;
  }

  /** About how large the next run should be. */
  get readBytes(): number {
    if (this.#emptying) return MIN_READ_BYTES;
    return Math.max(MIN_READ_BYTES, this.#windowBytes / READS_PER_WINDOW);
  }

  sent(bytes: number, nowMs: number): void {
    this.#unstoredBytes += bytes;
    const aheadBytes = this.#unstoredBytes;
    const isAlone = this.#emptying;
    this.#emptying = false;
    this.#unstored.push({ bytes, sentMs: nowMs, aheadBytes, isFull: false, isAlone });
    const last = this.#unstored.at(-1) as Sent;
    last.isFull = !this.isOpen;
  }

  /** The peer answered so many runs. More than were sent count for nothing. Returns whether all are answered now. */
  stored(runs: number, nowMs: number): boolean {
    for (let i = 0; i < runs; i++) {
      const run = this.#unstored.shift();
      if (run === undefined) break;
      this.#unstoredBytes -= run.bytes;
      this.#adapt(run, nowMs);
    }
    return this.#unstored.length === 0;
  }

  #adapt(run: Sent, nowMs: number): void {
    const tookMs = nowMs - run.sentMs;
    if (run.isAlone) this.#quickestMs = tookMs;
    this.#believe(tookMs, nowMs);
    const queuedMs = tookMs - this.#quickestMs;
    if (queuedMs > LONG_QUEUE_MS && run.sentMs >= this.#shrankMs) {
      const bytesPerMs = run.aheadBytes / tookMs;
      const fitting = bytesPerMs * (this.#quickestMs + GOOD_QUEUE_MS);
      this.#windowBytes = Math.max(MIN_WINDOW_BYTES, Math.min(this.#windowBytes, fitting));
      this.#shrankMs = nowMs;
    } else if (queuedMs < SHORT_QUEUE_MS && run.isFull) {
      // Short runs fill the window by their number: then longer ones should follow, but no window that nothing has tried.
      const tried = GROWTH * run.aheadBytes;
      const grown = Math.min(MAX_WINDOW_BYTES, tried, this.#windowBytes + run.bytes);
      this.#windowBytes = Math.max(this.#windowBytes, grown);
    }
  }

  #believe(tookMs: number, nowMs: number): void {
    this.#believedFromMs ??= nowMs;
    this.#quickestMs = Math.min(this.#quickestMs, tookMs);
    this.#quickestLatelyMs = Math.min(this.#quickestLatelyMs, tookMs);
    if (nowMs - this.#believedFromMs < BELIEVED_MS) return;
    this.#believedFromMs = nowMs;
    // A queue of our own makes every answer late: only behind an empty one can be told what the link itself takes.
    this.#emptying = this.#quickestLatelyMs > this.#quickestMs + SHORT_QUEUE_MS;
    if (!this.#emptying) this.#quickestMs = this.#quickestLatelyMs;
    this.#quickestLatelyMs = Infinity;
  }
}
