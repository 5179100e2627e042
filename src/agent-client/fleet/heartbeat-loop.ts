// Sends an agent's heartbeats for as long as it lives: collect on a beat, queue of depth one, one call at a time.
//
//   tick ──► collect ──► queued beat (the newest replaces) ──► sending ──stored──► idle
//                              ▲                                  │
//                              └── put back, unless a newer one ◄─┘ failed: wait, growing
import { within } from '../bounded.ts';
import { Bell, type ClientEnvironment, pause } from '../environment.ts';
import { HoldfastClientError, toClientError } from '../error.ts';
import { retryDelayMs } from '../retry.ts';
import { warnOf } from '../system-environment.ts';
import type { Beat, HeartbeatOptions, HeartbeatReceipt } from '../types.ts';

/** What became of one beat. */
export type HeartbeatOutcome =
  /** The sidecar has it. */
  | { readonly type: 'sent'; readonly receipt: HeartbeatReceipt }
  /** The sidecar could not be reached: the beat, or a newer one, is sent again after `retryInMs` milliseconds. */
  | { readonly type: 'failed'; readonly error: HoldfastClientError; readonly retryInMs: number }
  /** The sidecar refuses what is in the beat: it is dropped, the next one is sent at its time. */
  | { readonly type: 'refused'; readonly error: HoldfastClientError }
  /** A newer beat took its place before it could be sent. */
  | { readonly type: 'replaced'; readonly beat: Beat }
  /** `collect` threw: an empty beat, "still here", goes in its place. */
  | { readonly type: 'collect-failed'; readonly error: unknown }
  /** `collect` takes longer than an interval: an empty beat goes ahead of it. */
  | { readonly type: 'collect-late' };

export interface HeartbeatLoopOptions {
  /** Milliseconds from one beat to the next, 100 to 3,600,000. Presence is judged by it. Default 10,000. */
  readonly intervalMs?: number | undefined;
  /** Makes the beat. Without it each beat says "still here". */
  readonly collect?: (() => Beat | Promise<Beat>) | undefined;
  readonly onOutcome?: ((outcome: HeartbeatOutcome) => void) | undefined;
  /** Ends the loop, like `stop`. */
  readonly signal?: AbortSignal | undefined;
}

export type SendHeartbeat = (beat: Beat, options: HeartbeatOptions) => Promise<HeartbeatReceipt>;

/** The default of the API. */
const DEFAULT_INTERVAL_MS = 10_000;
/** The bounds of the API. */
const SHORTEST_INTERVAL_MS = 100;
const LONGEST_INTERVAL_MS = 3_600_000;
/**
 * A beat comes up to a tenth early, so that agents started together drift apart; never late, because presence is judged
 * by the interval they declared.
 */
const JITTER_SHARE = 0.1;
/** A sidecar that does not answer for so long is stuck; the next beat is worth more than this answer. In milliseconds. */
const LONGEST_CALL_MS = 10_000;
const SHORTEST_CALL_MS = 1_000;
const STILL_HERE: Beat = {};

/** Started by `AgentClient.startHeartbeats`. */
export class HeartbeatLoop implements AsyncDisposable {
  readonly #send: SendHeartbeat;
  readonly #options: HeartbeatLoopOptions;
  readonly #environment: ClientEnvironment;
  readonly #intervalMs: number;
  readonly #ended = new AbortController();
  readonly #bell = new Bell();
  readonly #tasks: Promise<unknown>;
  #queued: Beat | undefined;
  #collecting = false;

  constructor(send: SendHeartbeat, options: HeartbeatLoopOptions, environment: ClientEnvironment) {
    this.#send = send;
    this.#options = options;
    this.#environment = environment;
    const { intervalMs = DEFAULT_INTERVAL_MS } = options;
    this.#intervalMs = within('intervalMs', intervalMs, SHORTEST_INTERVAL_MS, LONGEST_INTERVAL_MS);
    options.signal?.addEventListener('abort', this.#end);
    if (options.signal?.aborted === true) this.#end();
    this.#tasks = Promise.all([this.#beat(), this.#deliver()]);
  }

  /** Sends this beat as soon as no other is under way, without waiting for its time. Replaces a beat that still waits. */
  submit(beat: Beat): void {
    const replaced = this.#queued;
    this.#queued = beat;
    this.#bell.ring();
    if (replaced !== undefined && replaced !== STILL_HERE)
      this.#tell({ type: 'replaced', beat: replaced });
  }

  /** Ends the loop and the call under way. Resolves when nothing of it runs any more; a second call does the same. */
  async stop(): Promise<void> {
    this.#end();
    await this.#tasks;
  }

  /** True as soon as the loop was told to end. */
  get ended(): boolean {
    return this.#ended.signal.aborted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  readonly #end = (): void => {
    this.#options.signal?.removeEventListener('abort', this.#end);
    this.#ended.abort();
  };

  async #beat(): Promise<void> {
    const { signal } = this.#ended;
    const { timers, random } = this.#environment;
    while (!signal.aborted) {
      if (this.#collecting) {
        this.#tell({ type: 'collect-late' });
        this.#stillHere();
      } else {
        void this.#collect();
      }
      await pause(timers, this.#intervalMs * (1 - JITTER_SHARE * random.fraction()), signal);
    }
  }

  /** Never rejects. */
  async #collect(): Promise<void> {
    this.#collecting = true;
    try {
      const beat = (await this.#options.collect?.()) ?? STILL_HERE;
      if (!this.#ended.signal.aborted) this.submit(beat);
    } catch (error) {
      this.#tell({ type: 'collect-failed', error });
      this.#stillHere();
    } finally {
      this.#collecting = false;
    }
  }

  /** An empty beat says less than one that still waits, so it does not replace it. */
  #stillHere(): void {
    if (this.#queued === undefined) this.submit(STILL_HERE);
  }

  async #deliver(): Promise<void> {
    const { signal } = this.#ended;
    const { timers, random } = this.#environment;
    let failures = 0;
    while (!signal.aborted) {
      const beat = this.#queued;
      if (beat === undefined) {
        await this.#bell.wait(signal);
        continue;
      }
      this.#queued = undefined;
      const outcome = await this.#attempt(beat);
      if (!(outcome instanceof HoldfastClientError)) {
        failures = 0;
        this.#tell({ type: 'sent', receipt: outcome });
      } else if (signal.aborted) {
        return;
      } else if (outcome.refused) {
        this.#tell({ type: 'refused', error: outcome });
      } else {
        failures += 1;
        this.#queued ??= beat;
        const retryInMs = retryDelayMs(failures, random.fraction(), outcome.retryAfterMs);
        this.#tell({ type: 'failed', error: outcome, retryInMs });
        await pause(timers, retryInMs, signal);
      }
    }
  }

  async #attempt(beat: Beat): Promise<HeartbeatReceipt | HoldfastClientError> {
    const timeoutMs = Math.min(LONGEST_CALL_MS, Math.max(SHORTEST_CALL_MS, this.#intervalMs));
    const { signal } = this.#ended;
    try {
      return await this.#send(beat, { intervalMs: this.#intervalMs, timeoutMs, signal });
    } catch (error) {
      return toClientError(error);
    }
  }

  #tell(outcome: HeartbeatOutcome): void {
    try {
      this.#options.onOutcome?.(outcome);
    } catch (error) {
      warnOf(error);
    }
  }
}
