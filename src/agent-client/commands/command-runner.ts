// Commands through their life at the agent: claim, write down that they begin, run, write down how they ended, report until it is stored.
import { Recent } from '../bounded.ts';
import { type ClientEnvironment, pause } from '../environment.ts';
import { toClientError } from '../error.ts';
import type { CommandJournal } from '../journal/command-journal.ts';
import { retryDelayMs } from '../retry.ts';
import { CommandStopped } from './command-errors.ts';
import type { HandlerTable } from './command-kinds.ts';
import { CommandLogger, type LoggerPort } from './command-logger.ts';
import { CommandReporter } from './command-reporter.ts';
import { Run } from './command-run.ts';
import type { CommandEvent, CommandPort, DescribedHandler, LoopTask } from './command-types.ts';
import type { Command, CommandOffers, CommandReport } from './command-values.ts';

/** A look that was on its way while an attempt ended still speaks of it. One that is younger means it: the sidecar was restored. */
const LOOKS_ARE_OLD_MS = 5_000;
const REMEMBERED_ATTEMPTS = 10_000;

const RESTARTED = 'the agent restarted after it claimed the command';
const INTERRUPTED = 'the agent restarted in the middle of it';
const STOPPED = 'the agent was stopped in the middle of it';
const NOT_BEGUN = 'the agent was stopped before it started the command';
const NO_REPEAT =
  'the agent was interrupted in the middle of it, and does not repeat commands of this kind';

/** One attempt and what goes with it. */
interface Living {
  readonly command: Command;
  readonly spec: DescribedHandler;
  readonly run: Run;
  readonly reporter: CommandReporter;
  readonly logger: CommandLogger;
}

export interface RunnerOptions {
  readonly port: CommandPort;
  readonly handlers: HandlerTable;
  readonly journal: CommandJournal;
  readonly concurrency: number;
  readonly environment: ClientEnvironment;
  /** Aborts when no command may be started any more; running handlers are told. */
  readonly ended: AbortSignal;
  /** Aborts when also the last reports are given up. */
  readonly abandoned: AbortSignal;
  readonly tell: (event: CommandEvent) => void;
  /** Called when a command ended, so that another one may begin. */
  readonly freed: () => void;
}

type Claimed = CommandOffers['claimed'][number];

/** What is under way here. `run` is undefined while only its report is. */
interface Active {
  readonly attempt: number;
  readonly run: Run | undefined;
}

export class CommandRunner {
  readonly #options: RunnerOptions;
  /** By id, until the end is stored. */
  readonly #active = new Map<string, Active>();
  /** Attempts that were done with here lately. */
  readonly #settled: Recent;
  readonly #tasks = new Set<Promise<void>>();
  #running = 0;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#settled = new Recent(REMEMBERED_ATTEMPTS, LOOKS_ARE_OLD_MS, options.environment.clock);
    options.ended.addEventListener('abort', () => {
      const reason = new CommandStopped('agent_stopped', 'the agent stops');
      for (const { run } of this.#active.values()) run?.stop(reason);
    });
  }

  /** Whether a command of this kind could begin now. */
  hasRoom({ kind }: Command): boolean {
    const needsNone = this.#options.handlers.get(kind) === undefined;
    return needsNone || this.#running < this.#options.concurrency;
  }

  /** Whether an offer is news. */
  isDue(command: Command): boolean {
    if (command.withheld !== '' || this.#active.has(command.id)) return false;
    return !this.#settled.has(keyOf(command));
  }

  /** Resolves when all that was started is done and reported. */
  async idle(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
  }

  /** Claims a command and starts its handler. Rejects when the sidecar could not be asked: then try again. */
  async admit(command: Command): Promise<void> {
    const { handlers, journal, environment, tell } = this.#options;
    if (handlers.get(command.kind) === undefined) {
      const message = `this agent has no handler for ${JSON.stringify(command.kind)}`;
      const answer = await this.#acknowledge(command, { accept: false, message });
      this.#settled.add(keyOf(command));
      if (answer !== undefined) tell({ type: 'rejected', command });
      return;
    }
    const atMs = environment.clock.now().monotonicMs;
    const claim = { accept: true, claimant: journal.claimant };
    const answer = await this.#acknowledge(command, claim);
    if (answer === undefined) return;
    if (!answer.claimed) {
      // Claimed before by another process of this agent, or over. One that is only not to be begun now is offered again.
      if (answer.command.state !== 'pending') this.#settled.add(keyOf(command));
      return;
    }
    const { runTimeoutMs } = answer.command;
    const passedMs = environment.clock.now().monotonicMs - atMs;
    this.#begin(answer.command, runTimeoutMs === undefined ? undefined : runTimeoutMs - passedMs);
  }

  /**
   * Looks after what is claimed: stops what is to be stopped, goes on with what this journal claimed, and, with `isFirst`, says that the
   * other processes of this agent are gone. False when it has to wait for room. Rejects when the sidecar could not be asked.
   */
  async tend({ command, stop }: Claimed, isFirst: boolean): Promise<boolean> {
    const active = this.#active.get(command.id);
    if (active !== undefined) {
      if (stop !== '' && active.attempt === command.attempt)
        active.run?.stop(stopOf(command, stop));
      return true;
    }
    if (command.claimant !== this.#options.journal.claimant) {
      if (isFirst) await this.#interrupt(command, RESTARTED);
      return true;
    }
    if (this.#settled.has(keyOf(command))) return true;
    if (!this.#isBegun(command)) {
      if (stop !== '') {
        const state = stopOf(command, stop).why === 'cancelled' ? 'cancelled' : 'timed_out';
        this.#deliver(command, { state, message: stop });
        return true;
      }
      if (!this.hasRoom(command)) return false;
    }
    this.#begin(command, this.#leftMs(command));
    return true;
  }

  /** Whether the handler was called for this attempt, or the command ended. */
  #isBegun({ id, attempt }: Command): boolean {
    const entry = this.#options.journal.get(id);
    return entry !== undefined && (entry.report !== undefined || entry.attempt >= attempt);
  }

  /** What may happen with a claimed attempt, by what is known of it here. */
  #begin(command: Command, leftMs: number | undefined): void {
    const { handlers, journal } = this.#options;
    const entry = journal.get(command.id);
    const spec = handlers.get(command.kind);
    if (entry?.report !== undefined) {
      // It ended: the sidecar forgot it, from a backup for example, or never heard of it.
      this.#deliver(command, entry.report, entry.isReported);
    } else if (this.#isBegun(command)) {
      this.#track(command, undefined, () => this.#giveUp(command, spec, INTERRUPTED));
    } else if (spec === undefined) {
      const message = `this agent has no handler for ${JSON.stringify(command.kind)} any more`;
      this.#deliver(command, { state: 'failed', message });
    } else if (command.attempt > 1 && spec.effect === 'at_most_once') {
      this.#deliver(command, { state: 'unknown', message: NO_REPEAT });
    } else {
      this.#start(command, spec, leftMs);
    }
  }

  #start(command: Command, spec: DescribedHandler, leftMs: number | undefined): void {
    const { environment, tell } = this.#options;
    const reporter = this.#reporterOf(command);
    const logger = this.#loggerOf(command);
    const run = new Run({
      command,
      spec,
      environment,
      leftMs,
      mayRepeat: mayRepeat(command, spec),
      progress: (progress, message) => reporter.running(progress, message),
      log: (stream, text) => logger.log(stream, text),
      late: (dropped) => tell({ type: 'late', command, dropped }),
    });
    this.#running += 1;
    this.#track(command, run, () => this.#live({ command, spec, run, reporter, logger }));
  }

  /** From the claim to the report. Never rejects. */
  async #live({ command, spec, run, reporter, logger }: Living): Promise<void> {
    const { journal, ended, tell } = this.#options;
    let outcome: CommandReport | 'interrupted' | 'unstarted' = 'unstarted';
    try {
      if (await this.#noteStart(command)) {
        tell({ type: 'started', command });
        reporter.running();
        if (ended.aborted) run.stop(new CommandStopped('agent_stopped', 'the agent stops'));
        outcome = await run.execute();
      }
    } finally {
      this.#running -= 1;
      this.#options.freed();
    }
    // Before the final report, which ends the log.
    await logger.end();
    if (outcome === 'interrupted') await this.#giveUp(command, spec, STOPPED);
    else if (outcome !== 'unstarted') await this.#finish(command, outcome, reporter);
    else if (!journal.isDurable) await this.#leave(command, spec, reporter);
    // With a journal the next process finds it claimed and not begun, and begins it.
  }

  /** Says how an attempt ended, without its handler. */
  #deliver(command: Command, report: CommandReport, isRepeated = false): void {
    const reporter = this.#reporterOf(command);
    this.#track(command, undefined, () => this.#finish(command, report, reporter, isRepeated));
  }

  async #finish(
    command: Command,
    report: CommandReport,
    reporter: CommandReporter,
    isRepeated = false,
  ): Promise<void> {
    const { journal, tell } = this.#options;
    if (journal.get(command.id)?.report === undefined) await this.#noteEnd(command, report);
    const outcome = await reporter.finish(report);
    if (outcome.type === 'abandoned') return;
    this.#settled.add(keyOf(command));
    journal.reported(command.id);
    if (outcome.type === 'refused') tell({ type: 'skipped', command, error: outcome.error });
    else if (!isRepeated) tell({ type: 'finished', command, report: outcome.report });
  }

  /** A claim that was made for nothing: what may be repeated is offered again. */
  async #leave(command: Command, spec: DescribedHandler, reporter: CommandReporter): Promise<void> {
    if (mayRepeat(command, spec)) await this.#giveUp(command, spec, NOT_BEGUN);
    else await this.#finish(command, { state: 'failed', message: NOT_BEGUN }, reporter);
  }

  /** Nobody can tell how far it came. Never rejects; tries until the sidecar has it, or the loop ends. */
  async #giveUp(
    command: Command,
    spec: DescribedHandler | undefined,
    message: string,
  ): Promise<void> {
    if (spec?.effect === 'at_most_once') {
      await this.#finish(command, { state: 'unknown', message }, this.#reporterOf(command));
      return;
    }
    await this.#untilDone('interrupt', () => this.#interrupt(command, message));
  }

  async #interrupt(command: Command, message: string): Promise<void> {
    const { port, abandoned, tell } = this.#options;
    const { id, attempt } = command;
    try {
      await port.interruptCommand(id, { attempt, message }, { signal: abandoned });
      tell({ type: 'interrupted', command });
    } catch (thrown) {
      const error = toClientError(thrown);
      if (!error.refused) throw error;
      tell({ type: 'skipped', command, error });
    }
    this.#settled.add(keyOf(command));
  }

  /** The sidecar's answer, or undefined when it refuses the step for good. */
  async #acknowledge(
    command: Command,
    answer: { accept: boolean; message?: string; claimant?: string },
  ) {
    const { port, abandoned, tell } = this.#options;
    try {
      return await port.acknowledgeCommand(command.id, answer, { signal: abandoned });
    } catch (thrown) {
      const error = toClientError(thrown);
      if (!error.refused) throw error;
      this.#settled.add(keyOf(command));
      tell({ type: 'skipped', command, error });
      return undefined;
    }
  }

  /** Whether the handler may be called: not before it is written down that it is. */
  async #noteStart({ id, attempt, expiresAt }: Command): Promise<boolean> {
    const { journal, ended } = this.#options;
    if (ended.aborted) return false;
    const expiresMs = expiresAt?.getTime() ?? Number.MAX_SAFE_INTEGER;
    return await this.#untilDone('journal', () => journal.started(id, attempt, expiresMs), ended);
  }

  /** Without it the next process would only not know how it ended, so the report does not wait for a disk that fails. */
  async #noteEnd({ id }: Command, report: CommandReport): Promise<void> {
    const { journal, tell } = this.#options;
    try {
      await journal.ended(id, report);
    } catch (thrown) {
      tell({ type: 'retrying', what: 'journal', error: toClientError(thrown), retryInMs: 0 });
    }
  }

  /** False when the signal aborted first. */
  async #untilDone(
    what: LoopTask,
    step: () => Promise<unknown>,
    signal = this.#options.abandoned,
  ): Promise<boolean> {
    const { environment, tell } = this.#options;
    for (let failures = 1; !signal.aborted; failures++) {
      try {
        await step();
        return true;
      } catch (thrown) {
        const error = toClientError(thrown);
        const { random, timers } = environment;
        const retryInMs = retryDelayMs(failures, random.fraction(), error.retryAfterMs);
        tell({ type: 'retrying', what, error, retryInMs });
        await pause(timers, retryInMs, signal);
      }
    }
    return false;
  }

  #track({ id, attempt }: Command, run: Run | undefined, work: () => Promise<void>): void {
    const active: Active = { attempt, run };
    this.#active.set(id, active);
    const task: Promise<void> = work().finally(() => {
      if (this.#active.get(id) === active) this.#active.delete(id);
      this.#tasks.delete(task);
      this.#options.freed();
    });
    this.#tasks.add(task);
  }

  #loggerOf({ id, attempt }: Command): CommandLogger {
    const { port, environment, abandoned } = this.#options;
    const append: LoggerPort['append'] = (log, signal) =>
      port.appendCommandLog(id, log, { signal });
    return new CommandLogger({ append }, attempt, environment, abandoned);
  }

  #reporterOf({ id, attempt }: Command): CommandReporter {
    const { port, environment, abandoned, tell } = this.#options;
    const reporterPort = {
      send: (report: CommandReport, signal: AbortSignal) =>
        port.reportCommand(id, report, { signal }),
      retrying: (error: ReturnType<typeof toClientError>, retryInMs: number) =>
        tell({ type: 'retrying', what: 'report', error, retryInMs }),
    };
    return new CommandReporter(reporterPort, attempt, environment, abandoned);
  }

  /** Of a claim that an earlier process made: only the wall clock of this machine, which made the claim as well, can tell. */
  #leftMs({ runTimeoutMs, acceptedAt }: Command): number | undefined {
    if (runTimeoutMs === undefined || acceptedAt === undefined) return runTimeoutMs;
    const { wallMs } = this.#options.environment.clock.now();
    const passedMs = Math.max(0, wallMs - acceptedAt.getTime());
    return Math.max(0, runTimeoutMs - passedMs);
  }
}

/** An attempt at a command; an offer that nobody claimed is for the first one. */
function keyOf({ id, attempt }: Command): string {
  return `${id}/${Math.max(1, attempt)}`;
}

function mayRepeat(command: Command, spec: DescribedHandler): boolean {
  return command.effect === 'idempotent' && spec.effect !== 'at_most_once';
}

function stopOf(command: Command, message: string): CommandStopped {
  return new CommandStopped(command.cancel === undefined ? 'timed_out' : 'cancelled', message);
}
