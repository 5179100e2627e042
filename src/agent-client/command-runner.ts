// One command at a time through its life at the agent: claim, run once, report until it is stored.
import { RecentIds, Slots } from './bounded.ts';
import { CommandLogger } from './command-logger.ts';
import { CommandReporter } from './command-reporter.ts';
import type {
  CommandEvent,
  CommandHandler,
  CommandHandlers,
  CommandPort,
  CommandRun,
} from './command-types.ts';
import type { Command, CommandReport } from './command-values.ts';
import type { ClientEnvironment } from './environment.ts';
import { toClientError } from './error.ts';

/** The sidecar's claims keep a command from running twice; remembering so many ids only saves calls. */
const REMEMBERED_IDS = 10_000;

const ANSWER_LOST = 'the answer to the claim was lost, so the agent did not start the command';
const STOPPED = 'the agent was stopped before it started the command';

export interface RunnerOptions {
  readonly port: CommandPort;
  readonly handlers: CommandHandlers;
  readonly concurrency: number;
  readonly environment: ClientEnvironment;
  /** Aborts when no command may be started any more; running handlers are told. */
  readonly ended: AbortSignal;
  /** Aborts when also the last reports are given up. */
  readonly abandoned: AbortSignal;
  readonly tell: (event: CommandEvent) => void;
}

export class CommandRunner {
  readonly #options: RunnerOptions;
  readonly #handlers: ReadonlyMap<string, CommandHandler>;
  readonly #slots: Slots;
  /** Commands that were claimed or refused here, or cannot be claimed any more. */
  readonly #settled = new RecentIds(REMEMBERED_IDS);
  /** Commands whose claim failed in a way that leaves open whether it was made. At most one look's worth. */
  readonly #uncertain = new Map<string, Command>();
  readonly #runs = new Set<Promise<void>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#handlers = new Map(Object.entries(options.handlers));
    this.#slots = new Slots(options.concurrency);
  }

  /** What to admit now: the commands whose claim is in doubt, then the pending ones that are new. */
  due(pending: readonly Command[]): Command[] {
    const fresh = pending.filter(
      ({ id, withheld }) => withheld === '' && !this.#settled.has(id) && !this.#uncertain.has(id),
    );
    return [...this.#uncertain.values(), ...fresh];
  }

  /** Resolves when all that was started is done and reported. */
  async idle(): Promise<void> {
    while (this.#runs.size > 0) await Promise.all(this.#runs);
  }

  /**
   * Claims a command and starts its handler, as soon as there is a slot; resolves when it was started, or will not be.
   * Rejects when the sidecar could not be asked: then try again.
   */
  async admit(command: Command): Promise<void> {
    const handler = this.#handlers.get(command.kind);
    if (handler === undefined) {
      const message = `this agent has no handler for ${JSON.stringify(command.kind)}`;
      const answer = await this.#acknowledge(command, { accept: false, message });
      if (answer !== undefined) this.#options.tell({ type: 'rejected', command });
      return;
    }
    if (!(await this.#slots.take(this.#options.ended))) return;
    let started = false;
    try {
      const attempt = await this.#claim(command);
      if (attempt !== undefined) {
        const run: Promise<void> = this.#run(command, attempt, handler).finally(() =>
          this.#runs.delete(run),
        );
        this.#runs.add(run);
        started = true;
      }
    } finally {
      if (!started) this.#slots.give();
    }
  }

  /** Reports a command that somebody claimed and nobody can say what became of. Rejects when the sidecar could not be asked. */
  async interrupt(command: Command, message: string): Promise<void> {
    const { port, abandoned, tell } = this.#options;
    this.#settled.add(command.id);
    try {
      const report: CommandReport = { state: 'unknown', message };
      await port.reportCommand(command.id, report, { signal: abandoned });
      tell({ type: 'interrupted', command });
    } catch (thrown) {
      const error = toClientError(thrown);
      if (!error.refused) throw error;
      tell({ type: 'skipped', command, error });
    }
  }

  /** The attempt that was claimed; undefined where none was. */
  async #claim(command: Command): Promise<number | undefined> {
    const doubtful = this.#uncertain.has(command.id);
    const answer = await this.#acknowledge(command, { accept: true });
    if (answer === undefined) return undefined;
    const { claimed, command: after } = answer;
    if (claimed) return after.attempt;
    // Claimed before: by our own call whose answer was lost, or by another process of this agent, which then reports it.
    const unfinished = after.state === 'accepted' || after.state === 'running';
    if (doubtful && unfinished) await this.interrupt(command, ANSWER_LOST);
    return undefined;
  }

  /** The sidecar's answer, or undefined when it refuses the step for good. */
  async #acknowledge(command: Command, answer: { accept: boolean; message?: string }) {
    const { port, abandoned, tell } = this.#options;
    try {
      const reply = await port.acknowledgeCommand(command.id, answer, { signal: abandoned });
      this.#settle(command);
      return reply;
    } catch (thrown) {
      const error = toClientError(thrown);
      if (!error.refused) {
        this.#uncertain.set(command.id, command);
        throw error;
      }
      this.#settle(command);
      tell({ type: 'skipped', command, error });
      return undefined;
    }
  }

  #settle({ id }: Command): void {
    this.#uncertain.delete(id);
    this.#settled.add(id);
  }

  /** Never rejects. Gives the slot back when the handler is done: the report may have to wait for the sidecar. */
  async #run(command: Command, attempt: number, handler: CommandHandler): Promise<void> {
    const { port, environment, ended, abandoned, tell } = this.#options;
    const reporter = new CommandReporter(
      {
        send: (report, signal) => port.reportCommand(command.id, report, { signal }),
        retrying: (error, retryInMs) =>
          tell({ type: 'retrying', what: 'report', error, retryInMs }),
      },
      environment,
      abandoned,
    );
    const logger = new CommandLogger(
      { append: (log, signal) => port.appendCommandLog(command.id, log, { signal }) },
      attempt,
      environment,
      abandoned,
    );
    let report: CommandReport = { state: 'failed', message: STOPPED };
    if (!ended.aborted) {
      tell({ type: 'started', command });
      reporter.running();
      report = await this.#handle(command, handler, reporter, logger);
    }
    this.#slots.give();
    // Before the final report, which ends the log.
    await logger.end();
    const outcome = await reporter.finish(report);
    if (outcome.type === 'stored') tell({ type: 'finished', command, report: outcome.report });
    if (outcome.type === 'refused') tell({ type: 'skipped', command, error: outcome.error });
  }

  async #handle(
    { id, kind, args }: Command,
    handler: CommandHandler,
    reporter: CommandReporter,
    logger: CommandLogger,
  ): Promise<CommandReport> {
    const progress = (percent: number, message?: string) => reporter.running(percent, message);
    const log: CommandRun['log'] = (stream, text) => logger.log(stream, text);
    try {
      const result = await handler({ id, kind, args, signal: this.#options.ended, progress, log });
      return { state: 'succeeded', ...(result === undefined ? {} : { result }) };
    } catch (error) {
      return { state: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }
}
