// Fills the history from the platforms that this sidecar holds, whoever they came from: a few at a time, in little of its time.
import {
  type Caller,
  type ChangeEvent,
  type Clock,
  type DocumentKey,
  isJsonObject,
  type Timers,
} from '../../core/index.ts';
import type { Submit } from '../submit.ts';
import type { TelemetryHistory } from './history.ts';

/** Twice in the time between two samples that are kept. */
export const READ_INTERVAL_MS = 4_000;
/**
 * To bring a platform up to date costs about a millisecond, and thousands of agents beat every ten seconds: what a step took is
 * rested so many times, so that all of it takes a twenty-fifth of the time of one processor at most.
 */
export const REST_SHARE = 24;
/** However quick a step was. */
const LEAST_REST_MS = 50;
const RETRY_MS = 10_000;
/** Platforms read in one turn of the core. */
const STEP_LIMIT = 256;

const SIDECAR: Caller = { scope: 'sidecar' };

export interface HistoryFeedParts {
  readonly history: TelemetryHistory;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly submit: Submit;
  /** Calls back after documents changed. Returns how to stop it. */
  onChange(listener: () => void): () => void;
}

export class HistoryFeed {
  readonly #parts: HistoryFeedParts;
  readonly #unsubscribe: () => void;
  #cursor = '';
  /** Platforms to bring up to date in the next step. */
  #behind: readonly DocumentKey[] = [];
  #hasNews = true;
  /** A step is planned or under way. */
  #isBusy = false;
  #isClosed = false;
  #cancel: (() => void) | undefined;

  constructor(parts: HistoryFeedParts) {
    this.#parts = parts;
    this.#unsubscribe = parts.onChange(() => {
      this.#hasNews = true;
      if (!this.#isBusy) this.#plan(READ_INTERVAL_MS);
    });
    this.#plan(READ_INTERVAL_MS);
  }

  /** Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#unsubscribe();
    this.#cancel?.();
  }

  #plan(delayMs: number): void {
    if (this.#isClosed) return;
    this.#isBusy = true;
    this.#cancel = this.#parts.timers.after(delayMs, () => void this.#step());
  }

  async #step(): Promise<void> {
    const { clock } = this.#parts;
    const beganMs = clock.now().monotonicMs;
    this.#hasNews = false;
    try {
      const isDone = await this.#read();
      const tookMs = clock.now().monotonicMs - beganMs;
      const restMs = Math.max(LEAST_REST_MS, tookMs * REST_SHARE);
      if (!isDone) this.#plan(restMs);
      else if (this.#hasNews) this.#plan(Math.max(restMs, READ_INTERVAL_MS));
      else this.#isBusy = false;
    } catch {
      // The store is opened again, or the queue is full: the samples of meanwhile are missing, which is all.
      this.#plan(RETRY_MS);
    }
  }

  /** True when nothing is left to read. */
  async #read(): Promise<boolean> {
    const { events, cursor, caughtUp, behind } = await this.#parts.submit('changes', SIDECAR, {
      ...{ cursor: this.#cursor, collections: ['platforms'], idPrefix: '', limit: STEP_LIMIT },
      refresh: this.#behind,
    });
    this.#cursor = cursor;
    this.#behind = behind ?? [];
    for (const event of events) this.#take(event);
    return caughtUp && this.#behind.length === 0;
  }

  #take({ type, row }: ChangeEvent): void {
    const { history, clock } = this.#parts;
    const { telemetry } = row.value;
    if (type === 'delete') history.forget(row.id);
    else if (isJsonObject(telemetry)) {
      history.add(row.id, row.freshness.observedAtMs, telemetry, clock.now().wallMs);
    }
  }
}
