// Runs the commands of one agent, woken by a watch, with polling as the fallback.
//
//   watch ──look──┐                    ┌─► tend: what is claimed is gone on with, stopped, or given up
//                 ├─► newest look ──►──┤
//   poll ──look───┘   (bell)           └─► admit: what is offered is claimed and run, as there is room
//     ▲ start, bell, idle tick, "look again in …", and every break of the watch
import { within } from '../bounded.ts';
import { Bell, type ClientEnvironment, pause, type Random } from '../environment.ts';
import { toClientError } from '../error.ts';
import { type CommandJournal, MemoryJournal } from '../journal/command-journal.ts';
import { openJournal } from '../journal/journal-file.ts';
import { retryDelayMs } from '../retry.ts';
import { warnOf } from '../system-environment.ts';
import { followCommands } from './command-feed.ts';
import { HandlerTable } from './command-kinds.ts';
import { CommandRunner } from './command-runner.ts';
import type {
  CommandEvent,
  CommandHandlers,
  CommandLoopOptions,
  CommandPort,
  LoopTask,
} from './command-types.ts';
import type { Command, CommandOffers } from './command-values.ts';

/** The watch wakes the loop at once; this only bounds the harm of a watch that misses something. */
const DEFAULT_POLL_INTERVAL_MS = 30_000;
/** Faster would only load the sidecar; slower would let commands of an hour expire unseen. */
const SHORTEST_POLL_INTERVAL_MS = 100;
const LONGEST_POLL_INTERVAL_MS = 3_600_000;
/** Within the five seconds in which a service manager expects a service to end. */
const DEFAULT_STOP_GRACE_MS = 4_000;
const MOST_AT_A_TIME = 1_000;
/** A look shows no more offers than this: behind it there may be others. */
const FULL_LOOK = 100;

/** What is left to do of a look. */
interface Agenda {
  claimed: CommandOffers['claimed'][number][];
  offered: Command[];
  readonly isFull: boolean;
}

/** Started by `AgentClient.runCommands`. */
export class CommandLoop implements AsyncDisposable {
  readonly #port: CommandPort;
  readonly #options: CommandLoopOptions;
  readonly #environment: ClientEnvironment;
  readonly #pollIntervalMs: number;
  readonly #journal: CommandJournal;
  readonly #handlers: HandlerTable;
  readonly #ended = new AbortController();
  readonly #abandoned = new AbortController();
  readonly #pollBell = new Bell();
  readonly #workBell = new Bell();
  readonly #declareBell = new Bell();
  readonly #runner: CommandRunner;
  readonly #stopped: Promise<void>;
  #agenda: Agenda = { claimed: [], offered: [], isFull: false };
  /** Looks of the watch so far: a poll that was overtaken by one says nothing new. */
  #watched = 0;
  #isWatching = false;
  /** What earlier processes claimed has been looked after. */
  #isRecovered = false;
  /** Something ended since it was asked what is behind it. */
  #hasWorked = false;

  /** Throws HoldfastClientError when an option is out of its range, or the journal cannot be used. */
  constructor(
    port: CommandPort,
    handlers: CommandHandlers,
    options: CommandLoopOptions,
    environment: ClientEnvironment,
  ) {
    this.#port = port;
    this.#options = options;
    this.#environment = environment;
    const { pollIntervalMs = DEFAULT_POLL_INTERVAL_MS, concurrency = 1, journal } = options;
    this.#pollIntervalMs = within(
      'pollIntervalMs',
      pollIntervalMs,
      SHORTEST_POLL_INTERVAL_MS,
      LONGEST_POLL_INTERVAL_MS,
    );
    within('concurrency', concurrency, 1, MOST_AT_A_TIME);
    const name = nameOf(environment.random);
    this.#journal =
      journal === undefined
        ? new MemoryJournal(`p-${name}`)
        : openJournal(journal, `j-${name}`, environment.clock);
    this.#handlers = new HandlerTable(handlers);
    this.#runner = new CommandRunner({
      port,
      handlers: this.#handlers,
      journal: this.#journal,
      concurrency,
      environment,
      ended: this.#ended.signal,
      abandoned: this.#abandoned.signal,
      tell: (event) => this.#tell(event),
      freed: () => {
        this.#hasWorked = true;
        this.#workBell.ring();
      },
    });
    options.signal?.addEventListener('abort', this.#end);
    if (options.signal?.aborted === true) this.#end();
    this.#stopped = this.#live();
  }

  /** Looks for commands now, for example because a heartbeat's answer said that some wait. */
  wake(): void {
    this.#pollBell.ring();
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
    const tasks = Promise.all([
      this.#declare(signal),
      this.#watch(signal),
      this.#poll(signal),
      this.#work(signal),
    ]);
    const done = tasks.then(() => this.#runner.idle()).then(() => finished.abort());
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve());
    });
    const graceMs = this.#options.stopGraceMs ?? DEFAULT_STOP_GRACE_MS;
    await Promise.race([done, pause(this.#environment.timers, graceMs, finished.signal)]);
    this.#abandoned.abort();
    await tasks;
    await this.#journal.close();
  }

  /** Says which kinds the agent takes, at the start and to a sidecar that may be another one. */
  async #declare(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#port.declareCommandKinds(this.#handlers.declarations(), { signal });
        failures = 0;
      } catch (thrown) {
        const error = toClientError(thrown);
        if (!error.refused && error.code !== 'unimplemented') {
          failures += 1;
          await this.#backOff('declare', error, failures, signal);
          continue;
        }
        this.#tell({ type: 'undeclared', error });
      }
      await this.#declareBell.wait(signal);
    }
  }

  #watch(signal: AbortSignal): Promise<void> {
    return followCommands({
      port: this.#port,
      environment: this.#environment,
      signal,
      look: (offers) => {
        this.#isWatching = true;
        this.#watched += 1;
        this.#take(offers);
      },
      broken: (what, error, retryInMs) => {
        this.#isWatching = false;
        this.#tell({ type: 'retrying', what, error, retryInMs });
        this.#pollBell.ring();
        this.#declareBell.ring();
      },
    });
  }

  async #poll(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const watched = this.#watched;
      try {
        const offers = await this.#port.commandOffers({ signal });
        failures = 0;
        if (watched === this.#watched) this.#take(offers);
        const inMs = Math.min(offers.nextInMs ?? this.#pollIntervalMs, this.#pollIntervalMs);
        const waitMs = Math.max(SHORTEST_POLL_INTERVAL_MS, inMs);
        await this.#pollBell.wait(signal, this.#environment.timers, waitMs);
      } catch (error) {
        failures += 1;
        await this.#backOff('offers', error, failures, signal);
      }
    }
  }

  #take({ offered, claimed }: CommandOffers): void {
    this.#agenda = {
      claimed: [...claimed],
      offered: offered.filter((command) => this.#runner.isDue(command)),
      isFull: offered.length >= FULL_LOOK,
    };
    this.#workBell.ring();
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      await this.#workBell.wait(signal);
      if (signal.aborted) return;
      const failure = (await this.#tend(this.#agenda)) ?? (await this.#admit(signal));
      if (failure === undefined) {
        failures = 0;
        this.#askAgain();
      } else {
        failures += 1;
        await this.#backOff('claim', failure, failures, signal);
        this.#workBell.ring();
      }
    }
  }

  /** What comes behind a full look, or, when nobody watches, behind a command that ended, has to be asked for. */
  #askAgain(): void {
    const { offered, isFull } = this.#agenda;
    if (offered.length > 0 || !this.#hasWorked) return;
    this.#hasWorked = false;
    if (isFull || !this.#isWatching) this.#pollBell.ring();
  }

  /** What could not be done about what is claimed; undefined when it was. */
  async #tend(agenda: Agenda): Promise<unknown> {
    const later: Agenda['claimed'] = [];
    try {
      for (let next = agenda.claimed.shift(); next !== undefined; next = agenda.claimed.shift()) {
        later.push(next);
        if (await this.#runner.tend(next, !this.#isRecovered)) later.pop();
      }
      this.#isRecovered = true;
      return undefined;
    } catch (error) {
      return error;
    } finally {
      agenda.claimed = [...later, ...agenda.claimed];
    }
  }

  /** Claims what there is room for. A command that cannot be claimed holds up no other, unless the sidecar is gone. */
  async #admit(signal: AbortSignal): Promise<unknown> {
    const failed = new Set<string>();
    let failure: unknown;
    while (!signal.aborted) {
      // A look that came meanwhile counts at once: what it puts first is more urgent.
      const agenda = this.#agenda;
      const next = agenda.offered.find(({ id }) => !failed.has(id));
      if (next === undefined || !this.#runner.hasRoom(next)) break;
      try {
        if (this.#runner.isDue(next)) await this.#runner.admit(next);
        this.#hasWorked ||= agenda.isFull;
        agenda.offered = agenda.offered.filter(({ id }) => id !== next.id);
      } catch (error) {
        failure ??= error;
        failed.add(next.id);
        if (toClientError(error).unreachable) break;
      }
    }
    return failure;
  }

  async #backOff(
    what: LoopTask,
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

const NAME_PARTS = 4;
const NAME_BASE = 36;
const PART_VALUES = NAME_BASE ** 6;

/** Tells processes and journals apart; it opens nothing, so chance for jitter is good enough for it. */
function nameOf(random: Random): string {
  const part = () =>
    Math.floor(random.fraction() * PART_VALUES)
      .toString(NAME_BASE)
      .padStart(6, '0');
  return Array.from({ length: NAME_PARTS }, part).join('');
}
