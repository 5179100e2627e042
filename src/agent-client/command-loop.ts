// Runs the commands of one agent: each at most once, woken by a watch, with polling as the fallback.
//
//   start ──► recover: what an earlier process claimed is reported UNKNOWN
//     │
//     ├─ watch `commands/{agent}/…` ──event or break──► bell
//     └─ poll: list PENDING ──► runner: claim ──claimed──► handler ──► reports
//          ▲ bell, idle tick, or back-off after a failure
import { within } from './bounded.ts';
import { CommandRunner } from './command-runner.ts';
import type {
  CommandEvent,
  CommandHandlers,
  CommandLoopOptions,
  CommandPort,
} from './command-types.ts';
import type { Command, CommandState } from './command-values.ts';
import { Bell, type ClientEnvironment, pause } from './environment.ts';
import { toClientError } from './error.ts';
import { retryDelayMs } from './retry.ts';
import { warnOf } from './system-environment.ts';

const COMMANDS_COLLECTION = 'commands';
/** The watch wakes the loop at once; this only bounds the harm of a watch that misses something. */
const DEFAULT_POLL_INTERVAL_MS = 30_000;
/** Faster would only load the sidecar; slower would let commands of an hour expire unseen. */
const SHORTEST_POLL_INTERVAL_MS = 100;
const LONGEST_POLL_INTERVAL_MS = 3_600_000;
/** Within the five seconds in which a service manager expects a service to end. */
const DEFAULT_STOP_GRACE_MS = 4_000;
/** Commands taken up by one look; what is beyond waits for the next. */
const MAX_COMMANDS_PER_LOOK = 1_000;

const INTERRUPTED = 'the agent restarted after it claimed the command';

/** Started by `AgentClient.runCommands`. */
export class CommandLoop implements AsyncDisposable {
  readonly #port: CommandPort;
  readonly #agent: string;
  readonly #options: CommandLoopOptions;
  readonly #environment: ClientEnvironment;
  readonly #pollIntervalMs: number;
  readonly #ended = new AbortController();
  readonly #abandoned = new AbortController();
  readonly #bell = new Bell();
  readonly #runner: CommandRunner;
  readonly #stopped: Promise<void>;

  constructor(
    port: CommandPort,
    agent: string,
    handlers: CommandHandlers,
    options: CommandLoopOptions,
    environment: ClientEnvironment,
  ) {
    this.#port = port;
    this.#agent = agent;
    this.#options = options;
    this.#environment = environment;
    const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS } = options;
    this.#pollIntervalMs = within(
      'pollIntervalMs',
      pollIntervalMs,
      SHORTEST_POLL_INTERVAL_MS,
      LONGEST_POLL_INTERVAL_MS,
    );
    this.#runner = new CommandRunner({
      port,
      handlers,
      concurrency: within('concurrency', options.concurrency ?? 1, 1, MAX_COMMANDS_PER_LOOK),
      environment,
      ended: this.#ended.signal,
      abandoned: this.#abandoned.signal,
      tell: (event) => this.#tell(event),
    });
    options.signal?.addEventListener('abort', this.#end);
    if (options.signal?.aborted === true) this.#end();
    this.#stopped = this.#live();
  }

  /** Looks for commands now, for example because a heartbeat's answer said that some wait. */
  wake(): void {
    this.#bell.ring();
  }

  /**
   * Takes no more commands, aborts the signals of the running ones, and resolves when they are done and reported, or when
   * the grace is over. A second call does the same.
   */
  async stop(): Promise<void> {
    this.#end();
    await this.#stopped;
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
    const finished = new AbortController();
    const tasks = this.#work(signal);
    const done = tasks.then(() => this.#runner.idle()).then(() => finished.abort());
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    const graceMs = this.#options.stopGraceMs ?? DEFAULT_STOP_GRACE_MS;
    await Promise.race([done, pause(this.#environment.timers, graceMs, finished.signal)]);
    this.#abandoned.abort();
    await tasks;
  }

  async #work(signal: AbortSignal): Promise<void> {
    await this.#recover(signal);
    await Promise.all([this.#watch(signal), this.#poll(signal)]);
  }

  /** Commands that an earlier process of this agent claimed and did not finish: nobody knows how far it came. */
  async #recover(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        for (const command of await this.#list(['accepted', 'running'])) {
          await this.#runner.interrupt(command, INTERRUPTED);
        }
        return;
      } catch (error) {
        failures += 1;
        await this.#backOff('list', error, failures, signal);
      }
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const events = this.#port.watch({
          collections: [COMMANDS_COLLECTION],
          idPrefix: `${this.#agent}/`,
          signal,
          onDisconnect: (error, retryInMs) => {
            this.#tell({ type: 'retrying', what: 'watch', error, retryInMs });
            this.#bell.ring();
          },
        });
        for await (const event of events) {
          failures = 0;
          if (event.type !== 'delete') this.#bell.ring();
        }
      } catch (error) {
        failures += 1;
        this.#bell.ring();
        await this.#backOff('watch', error, failures, signal);
      }
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const failure = await this.#look(signal);
      if (failure === undefined) {
        failures = 0;
        await this.#bell.wait(signal, this.#environment.timers, this.#pollIntervalMs);
      } else {
        failures += 1;
        await this.#backOff(failure.what, failure.error, failures, signal);
      }
    }
  }

  /** Admits what waits. A command that cannot be claimed holds up no other, unless the sidecar is gone. */
  async #look(
    signal: AbortSignal,
  ): Promise<{ what: 'list' | 'claim'; error: unknown } | undefined> {
    let failure: { what: 'claim'; error: unknown } | undefined;
    try {
      for (const command of this.#runner.due(await this.#list(['pending']))) {
        if (signal.aborted) return undefined;
        try {
          await this.#runner.admit(command);
        } catch (error) {
          failure ??= { what: 'claim', error };
          if (toClientError(error).unreachable) break;
        }
      }
    } catch (error) {
      return { what: 'list', error };
    }
    return failure;
  }

  /** Oldest first, in the order in which they were issued. */
  async #list(states: readonly CommandState[]): Promise<Command[]> {
    const { signal } = this.#ended;
    const commands = this.#port.listCommands({ agent: this.#agent, states, signal });
    return (await commands.toArray(MAX_COMMANDS_PER_LOOK)).reverse();
  }

  async #backOff(
    what: (CommandEvent & { type: 'retrying' })['what'],
    thrown: unknown,
    failures: number,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const { random, timers } = this.#environment;
    const error = toClientError(thrown);
    const retryInMs = retryDelayMs(failures, random.fraction(), error.retryAfterMs);
    this.#tell({ type: 'retrying', what, error, retryInMs });
    await pause(timers, retryInMs, signal);
  }

  #tell(event: CommandEvent): void {
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      warnOf(error);
    }
  }
}
