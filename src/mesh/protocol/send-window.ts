// How much may be on its way to a peer that has not stored it: by runs, and by bytes that follow how fast it stores.

/** Runs on their way that the peer has not answered. Bounds what it must hold in memory. */
export const MAX_UNSTORED_RUNS = 8;
const FIRST_WINDOW_BYTES = 64 * 1024;
const MIN_WINDOW_BYTES = 8 * 1024;
const MAX_WINDOW_BYTES = 1024 * 1024;
/** What a run asks of the store at least; less is all signatures and no payload. */
const MIN_READ_BYTES = 4 * 1024;
/** A run is at most this part of the window, so that something urgent waits for a part of it and not for all. */
const READS_PER_WINDOW = 4;
/** Slower than this and an urgent run would wait too long behind what is on its way. */
const SLOW_MS = 1000;
const FAST_MS = 250;

export class SendWindow {
  /** Sent and not answered, oldest first; at most MAX_UNSTORED_RUNS. */
  readonly #unstored: { readonly bytes: number; readonly sentMs: number }[] = [];
  #unstoredBytes = 0;
  #windowBytes = FIRST_WINDOW_BYTES;

  /** Whether another run may go out. One always may when nothing is on its way, however large. */
  get isOpen(): boolean {
    if (this.#unstored.length === 0) return true;
    return this.#unstored.length < MAX_UNSTORED_RUNS && this.#unstoredBytes < this.#windowBytes;
  }

  /** About how large the next run should be. */
  get readBytes(): number {
    return Math.max(MIN_READ_BYTES, this.#windowBytes / READS_PER_WINDOW);
  }

  sent(bytes: number, nowMs: number): void {
    this.#unstored.push({ bytes, sentMs: nowMs });
    this.#unstoredBytes += bytes;
  }

  /** The peer answered so many runs. More than were sent count for nothing. Returns whether all are answered now. */
  stored(runs: number, nowMs: number): boolean {
    for (let i = 0; i < runs; i++) {
      const run = this.#unstored.shift();
      if (run === undefined) break;
      this.#unstoredBytes -= run.bytes;
      this.#adapt(nowMs - run.sentMs);
    }
    return this.#unstored.length === 0;
  }

  #adapt(tookMs: number): void {
    if (tookMs > SLOW_MS) {
      this.#windowBytes = Math.max(MIN_WINDOW_BYTES, this.#windowBytes / 2);
    } else if (tookMs < FAST_MS) {
      this.#windowBytes = Math.min(MAX_WINDOW_BYTES, this.#windowBytes * 2);
    }
  }
}
