// Samples the host at an interval and keeps the newest figures, for as long as they are young.
import type { Clock, JsonObject, Timers } from '../../core/index.ts';
import type { HostFigures } from '../../host/index.ts';

/** The first window: long enough for a share of processor time, short enough for the first heartbeats. */
const FIRST_WINDOW_MS = 1_000;
/** Older figures are not shown as those of now: one sample may fail or be late, two are a fault. */
const YOUNG_INTERVALS = 2.5;

export interface HostWatchParts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly intervalMs: number;
  /** Never rejects. */
  sample(): Promise<HostFigures>;
}

export interface HostSample {
  readonly figures: JsonObject;
  /** Milliseconds since 1970. */
  readonly sampledAtMs: number;
}

export class HostWatch {
  readonly #parts: HostWatchParts;
  #newest: (HostSample & { readonly monotonicMs: number }) | undefined;
  #isSampling = false;
  #isClosed = false;
  #cancel: (() => void) | undefined;

  constructor(parts: HostWatchParts) {
    this.#parts = parts;
    this.#plan(Math.min(FIRST_WINDOW_MS, parts.intervalMs));
  }

  /** The newest sample; undefined before the first, and when the last is too old to be called one of now. */
  newest(): HostSample | undefined {
    const { clock, intervalMs } = this.#parts;
    const newest = this.#newest;
    if (newest === undefined) return undefined;
    const ageMs = clock.now().monotonicMs - newest.monotonicMs;
    return ageMs > YOUNG_INTERVALS * intervalMs ? undefined : newest;
  }

  /** Idempotent. A sample under way ends unseen. */
  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #plan(delayMs: number): void {
    this.#cancel = this.#parts.timers.after(delayMs, () => {
      this.#plan(this.#parts.intervalMs);
      void this.#sample();
    });
  }

  async #sample(): Promise<void> {
    // A file system that does not answer keeps one thread busy, and never a second.
    if (this.#isSampling) return;
    this.#isSampling = true;
    const figures = { ...(await this.#parts.sample()) } as JsonObject;
    this.#isSampling = false;
    if (this.#isClosed) return;
    const { wallMs, monotonicMs } = this.#parts.clock.now();
    this.#newest = { figures, sampledAtMs: wallMs, monotonicMs };
  }
}
