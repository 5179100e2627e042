// Keeps one agent at the configuration that is wanted: woken by a watch, with polling as the fallback.
//
//   start ──► last known good from its file
//     ├─ watch ──another hash, or a break──► bell
//     └─ look: what is wanted ──► applier
//          ▲ bell, idle tick, the time to try again, or back-off after a failure
import { within } from '../bounded.ts';
import { Bell, type ClientEnvironment, pause } from '../environment.ts';
import { HoldfastClientError, toClientError } from '../error.ts';
import { WATCH_SILENCE_LIMIT_MS } from '../fleet/watch.ts';
import { retryDelayMs } from '../retry.ts';
import { warnOf } from '../system-environment.ts';
import { ConfigApplier } from './config-applier.ts';
import type { ConfigEvent, ConfigHandler, ConfigLoopOptions, ConfigPort } from './config-types.ts';

/** The watch wakes the loop at once; this only bounds the harm of a watch that misses something. */
const DEFAULT_POLL_INTERVAL_MS = 30_000;
const SHORTEST_POLL_INTERVAL_MS = 100;
const LONGEST_POLL_INTERVAL_MS = 3_600_000;
/** Within the five seconds in which a service manager expects a service to end. */
const DEFAULT_STOP_GRACE_MS = 4_000;

/** Started by `AgentClient.watchConfig`. */
export class ConfigLoop implements AsyncDisposable {
  readonly #port: ConfigPort;
  readonly #options: ConfigLoopOptions;
  readonly #environment: ClientEnvironment;
  readonly #pollIntervalMs: number;
  readonly #ended = new AbortController();
  readonly #bell = new Bell();
  readonly #applier: ConfigApplier;
  readonly #tasks: Promise<unknown>;

  constructor(
    port: ConfigPort,
    handler: ConfigHandler,
    options: ConfigLoopOptions,
    environment: ClientEnvironment,
  ) {
    this.#port = port;
    this.#options = options;
    this.#environment = environment;
    const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS, signal } = options;
    this.#pollIntervalMs = within(
      'pollIntervalMs',
      pollIntervalMs,
      SHORTEST_POLL_INTERVAL_MS,
      LONGEST_POLL_INTERVAL_MS,
    );
    this.#applier = new ConfigApplier({
      ...{ port, handler, options, environment },
      signal: this.#ended.signal,
      tell: (event) => this.#tell(event),
    });
    signal?.addEventListener('abort', this.#end);
    if (signal?.aborted === true) this.#end();
    this.#tasks = this.#live();
  }

  /** Looks now whether something else is wanted. */
  wake(): void {
    this.#bell.ring();
  }

  /** Aborts the signal of a handler that runs, and resolves when it is done or the grace is over. A second call does the same. */
  async stop(): Promise<void> {
    this.#end();
    const graceMs = this.#options.stopGraceMs ?? DEFAULT_STOP_GRACE_MS;
    const done = new AbortController();
    const finished = this.#tasks.finally(() => done.abort());
    await Promise.race([finished, pause(this.#environment.timers, graceMs, done.signal)]);
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

  async #live(): Promise<void> {
    const { signal } = this.#ended;
    await this.#applier.load();
    await Promise.all([this.#watch(signal), this.#keep(signal)]);
  }

  async #keep(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const thrown = await this.#look(signal);
      if (signal.aborted) return;
      if (thrown === undefined) {
        failures = 0;
        const { retryInMs = this.#pollIntervalMs } = this.#applier;
        const waitMs = Math.min(this.#pollIntervalMs, retryInMs);
        await this.#bell.wait(signal, this.#environment.timers, waitMs);
        continue;
      }
      failures += 1;
      if (thrown.error.unreachable) await this.#applier.fallBack();
      await this.#backOff(thrown.what, thrown.error, failures, signal);
    }
  }

  async #look(
    signal: AbortSignal,
  ): Promise<{ what: 'read' | 'report'; error: HoldfastClientError } | undefined> {
    let what: 'read' | 'report' = 'read';
    try {
      const { knownHash } = this.#applier;
      const desired = await this.#port.desiredConfig({ signal, knownHash });
      what = 'report';
      await this.#applier.offer(desired);
      return undefined;
    } catch (error) {
      return { what, error: toClientError(error) };
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    let seen = '';
    for (let failures = 0; !signal.aborted; ) {
      try {
        for await (const { hash, blocked } of this.#looks(signal)) {
          failures = 0;
          const now = `${hash} ${blocked}`;
          if (now !== seen) this.#bell.ring();
          seen = now;
        }
      } catch (thrown) {
        if (signal.aborted) return;
        failures += 1;
        seen = '';
        this.#bell.ring();
        await this.#backOff('watch', toClientError(thrown), failures, signal);
      }
    }
  }

  /** One stream. Throws when it ends, and when it was silent for too long. */
  async *#looks(
    signal: AbortSignal,
  ): AsyncGenerator<{ readonly hash: string; readonly blocked: string }, void> {
    const { timers } = this.#environment;
    const closing = new AbortController();
    const close = (): void => closing.abort();
    signal.addEventListener('abort', close);
    let cancel = timers.after(WATCH_SILENCE_LIMIT_MS, close);
    try {
      for await (const look of this.#port.watchDesired(closing.signal)) {
        cancel();
        cancel = timers.after(WATCH_SILENCE_LIMIT_MS, close);
        yield look;
      }
      throw new HoldfastClientError('unavailable', 'the sidecar ended the watch', {
        unreachable: true,
      });
    } finally {
      cancel();
      signal.removeEventListener('abort', close);
      close();
    }
  }

  async #backOff(
    what: (ConfigEvent & { type: 'retrying' })['what'],
    error: HoldfastClientError,
    failures: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const { random, timers } = this.#environment;
    const retryInMs = retryDelayMs(failures, random.fraction(), error.retryAfterMs);
    this.#tell({ type: 'retrying', what, error, retryInMs });
    await pause(timers, retryInMs, signal);
  }

  #tell(event: ConfigEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      warnOf(error);
    }
  }
}
