// Fills the history from the platforms that this sidecar holds, whoever they came from: seldom, and with little of its time.
import {
  type Caller,
  type ChangeEvent,
  type Clock,
  isJsonObject,
  type Timers,
} from '../../core/index.ts';
import type { Submit } from '../submit.ts';
import type { TelemetryHistory } from './history.ts';

/** Twice in the time between two samples that are kept. */
export const READ_INTERVAL_MS = 4_000;
/** Reading has platforms brought up to date, which costs something in a large fleet: at most one fiftieth of the time. */
const REST_SHARE = 50;
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
  #hasNews = true;
  /** A read is planned or under way. */
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
    this.#cancel = this.#parts.timers.after(delayMs, () => void this.#read());
  }

  async #read(): Promise<void> {
    const { clock } = this.#parts;
    const beganMs = clock.now().monotonicMs;
    this.#hasNews = false;
    let restMs = READ_INTERVAL_MS;
    try {
      while (!this.#isClosed && !(await this.#step()));
      restMs = Math.max(restMs, (clock.now().monotonicMs - beganMs) * REST_SHARE);
    } catch {
      // The store is opened again, or the queue is full: the samples of meanwhile are missing, which is all.
      restMs = RETRY_MS;
      this.#hasNews = true;
    }
    // The rest is kept also without news, so that what comes next does not begin at once.
    this.#cancel = this.#isClosed
      ? undefined
      : this.#parts.timers.after(restMs - READ_INTERVAL_MS, () => {
          this.#isBusy = false;
          if (this.#hasNews) this.#plan(READ_INTERVAL_MS);
        });
  }

  /** True when nothing is left to read. */
  async #step(): Promise<boolean> {
    const { events, cursor, caughtUp } = await this.#parts.submit('changes', SIDECAR, {
      cursor: this.#cursor,
      collections: ['platforms'],
      idPrefix: '',
      limit: STEP_LIMIT,
    });
    this.#cursor = cursor;
    for (const event of events) this.#take(event);
    return caughtUp;
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
