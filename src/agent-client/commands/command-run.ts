// One attempt in its handler: told to stop by a cancel, by its run timeout or by the end of the loop, and what became of it.
//
//   handler ──returns──► succeeded
//      ├──throws──► failed; after a cancel: cancelled; after the end of the loop, where it may be repeated: interrupted
//      └──run timeout──► abort ──handler ends, or 5 s──► timed out

import { type ClientEnvironment, pause } from '../environment.ts';
import type { JsonObject } from '../types.ts';
import { CommandFailure, CommandStopped } from './command-errors.ts';
import { shorten } from './command-reporter.ts';
import type { CommandRun, DescribedHandler } from './command-types.ts';
import type { Command, CommandReport } from './command-values.ts';

/** A handler that was told that its time is over is waited for so long, milliseconds. Its sidecar waits for 15 s. */
const TIMEOUT_GRACE_MS = 5_000;
/** What the timers of the system can count to, milliseconds; nothing runs longer without being looked at again. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface RunParts {
  readonly command: Command;
  readonly spec: DescribedHandler;
  readonly environment: ClientEnvironment;
  /** What is left of its run timeout, in milliseconds; undefined for as long as it takes. */
  readonly leftMs: number | undefined;
  /** Whether it may be begun again elsewhere in time: then a stop of the agent is no end of it. */
  readonly mayRepeat: boolean;
  readonly progress: CommandRun['progress'];
  readonly log: CommandRun['log'];
  /** Called when the handler ends after the run was given up. */
  readonly late: (dropped: CommandReport) => void;
}

/** How the handler ended, or that the process stopped it in the middle. */
export type RunOutcome = CommandReport | 'interrupted';

export class Run {
  readonly #parts: RunParts;
  readonly #stopping = new AbortController();
  #isTimedOut = false;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** Tells the handler to stop. Only the first reason is told. */
  stop(reason: CommandStopped): void {
    this.#isTimedOut ||= reason.why === 'timed_out';
    if (!this.#stopping.signal.aborted) this.#stopping.abort(reason);
  }

  /** Calls the handler. Never rejects. */
  async execute(): Promise<RunOutcome> {
    const done = new AbortController();
    const handled = this.#handle();
    const overdue = this.#overdue(done.signal);
    const first = await Promise.race([handled, overdue]);
    done.abort();
    if (first !== 'overdue') return first;
    void handled.then((dropped) => {
      if (dropped !== 'interrupted') this.#parts.late(dropped);
    });
    return this.#timedOut('its handler did not stop');
  }

  async #handle(): Promise<RunOutcome> {
    const { command, spec, progress, log } = this.#parts;
    const { id, kind, args } = command;
    const { signal } = this.#stopping;
    const attempt = Math.max(1, command.attempt);
    try {
      const result = await spec.handler({ id, kind, args, attempt, signal, progress, log });
      const report = withResult({ state: 'succeeded' }, result ?? undefined);
      return this.#isTimedOut ? { ...report, ...this.#timedOut('its handler ended late') } : report;
    } catch (error) {
      return this.#failed(error);
    }
  }

  #failed(error: unknown): RunOutcome {
    const message = shorten(error instanceof Error ? error.message : String(error));
    const result = error instanceof CommandFailure ? error.result : undefined;
    if (this.#isTimedOut) return withResult(this.#timedOut(message), result);
    const { reason } = this.#stopping.signal;
    const why = reason instanceof CommandStopped ? reason.why : undefined;
    if (why === 'agent_stopped' && this.#parts.mayRepeat) return 'interrupted';
    return withResult({ state: why === 'cancelled' ? 'cancelled' : 'failed', message }, result);
  }

  #timedOut(what: string): CommandReport {
    const { runTimeoutMs } = this.#parts.command;
    return { state: 'timed_out', message: shorten(`not over after ${runTimeoutMs} ms: ${what}`) };
  }

  /** Stops the handler when its time is over, and resolves when it had its grace as well. Never, when `done` aborts first. */
  async #overdue(done: AbortSignal): Promise<'overdue'> {
    const { environment, command, leftMs } = this.#parts;
    const { timers } = environment;
    if (leftMs !== undefined) {
      for (let left = leftMs; left > 0 && !done.aborted; left -= LONGEST_TIMER_MS) {
        await pause(timers, Math.min(left, LONGEST_TIMER_MS), done);
      }
      if (!done.aborted) {
        const message = `it may run for ${command.runTimeoutMs} ms`;
        this.stop(new CommandStopped('timed_out', message));
        await pause(timers, TIMEOUT_GRACE_MS, done);
      }
      if (!done.aborted) return 'overdue';
    }
    return new Promise(() => {});
  }
}

/** As it will look on the wire, or without it where it is no JSON. */
function withResult(report: CommandReport, result: JsonObject | undefined): CommandReport {
  if (result === undefined) return report;
  try {
    const plain: JsonObject = JSON.parse(JSON.stringify(result));
    return { ...report, result: plain };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = shorten(`${report.message ?? ''} (result is not JSON: ${why})`.trim());
    return { ...report, message };
  }
}
