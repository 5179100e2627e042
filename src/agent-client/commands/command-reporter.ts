// Brings the reports of one command to the sidecar: progress by newest-replaces, the final state until it is stored.

import { type ClientEnvironment, pause } from '../environment.ts';
import { type HoldfastClientError, toClientError } from '../error.ts';
import { retryDelayMs } from '../retry.ts';
import { ProgressMeter } from './command-progress.ts';
import type { CommandProgress, CommandReport } from './command-values.ts';

export interface ReporterPort {
  send(report: CommandReport, signal: AbortSignal): Promise<unknown>;
  retrying(error: HoldfastClientError, retryInMs: number): void;
}

/** What became of the final report. */
export type ReportOutcome =
  | { readonly type: 'stored'; readonly report: CommandReport }
  /** The sidecar refuses it for good. */
  | { readonly type: 'refused'; readonly error: HoldfastClientError }
  /** The signal aborted first; the next process of the agent finds the command unfinished. */
  | { readonly type: 'abandoned' };

/** Limit of the API for messages. */
const MAX_MESSAGE_BYTES = 1_024;
/** Between two reports of progress, milliseconds: what is told more often nobody reads, and every report is a commit. */
const PROGRESS_INTERVAL_MS = 500;

export class CommandReporter {
  readonly #port: ReporterPort;
  readonly #environment: ClientEnvironment;
  readonly #signal: AbortSignal;
  readonly #attempt: number;
  readonly #meter: ProgressMeter;
  /** Aborts when the final report is there: it does not wait its turn. */
  readonly #hurry = new AbortController();
  #next: CommandReport | undefined;
  #delivering = false;
  #finished = false;
  readonly #outcome = Promise.withResolvers<ReportOutcome>();

  /** For one attempt at a command. Aborting the signal gives up what was not stored yet. */
  constructor(
    port: ReporterPort,
    attempt: number,
    environment: ClientEnvironment,
    signal: AbortSignal,
  ) {
    this.#port = port;
    this.#attempt = attempt;
    this.#environment = environment;
    this.#meter = new ProgressMeter(environment.clock);
    this.#signal = signal;
  }

  /** Progress behind the final report is not sent. */
  running(progress?: number | CommandProgress, message?: string): void {
    if (this.#finished) return;
    // A word that waits for its turn and says more is not lost to one that says less.
    const waiting = this.#next;
    const measured = progress === undefined ? waiting?.progress : this.#meter.measure(progress);
    const words = message === undefined ? waiting?.message : shorten(message);
    this.#push({
      state: 'running',
      attempt: this.#attempt,
      ...(measured === undefined ? {} : { progress: measured }),
      ...(words === undefined ? {} : { message: words }),
    });
  }

  /** Resolves when the sidecar has the final report, or will never have it. Never rejects. */
  finish(report: CommandReport): Promise<ReportOutcome> {
    this.#finished = true;
    const message = shorten(report.message ?? '');
    this.#push({ ...report, attempt: this.#attempt, message });
    this.#hurry.abort();
    return this.#outcome.promise;
  }

  #push(report: CommandReport): void {
    this.#next = report;
    if (!this.#delivering) void this.#deliver();
  }

  /** Never rejects. */
  async #deliver(): Promise<void> {
    this.#delivering = true;
    let failures = 0;
    for (let report = this.#take(); report !== undefined; report = this.#take()) {
      if (this.#signal.aborted) {
        this.#settle(report, { type: 'abandoned' });
        continue;
      }
      const error = await this.#send(report);
      if (error === undefined) {
        failures = 0;
        this.#settle(report, { type: 'stored', report });
        if (report.state === 'running') await this.#breathe();
      } else if (error.refused && report.result !== undefined) {
        this.#next ??= withoutResult(report, error);
      } else if (error.refused) {
        this.#settle(report, { type: 'refused', error });
      } else {
        this.#next ??= report;
        failures += 1;
        await this.#wait(error, failures);
      }
    }
    this.#delivering = false;
  }

  #settle(report: CommandReport, outcome: ReportOutcome): void {
    if (report.state !== 'running') this.#outcome.resolve(outcome);
  }

  #take(): CommandReport | undefined {
    const report = this.#next;
    this.#next = undefined;
    return report;
  }

  async #send(report: CommandReport): Promise<HoldfastClientError | undefined> {
    try {
      await this.#port.send(report, this.#signal);
      return undefined;
    } catch (error) {
      return toClientError(error);
    }
  }

  #breathe(): Promise<void> {
    const signal = AbortSignal.any([this.#signal, this.#hurry.signal]);
    return pause(this.#environment.timers, PROGRESS_INTERVAL_MS, signal);
  }

  async #wait(error: HoldfastClientError, failures: number): Promise<void> {
    if (this.#signal.aborted) return;
    const { random, timers } = this.#environment;
    const retryInMs = retryDelayMs(failures, random.fraction(), error.retryAfterMs);
    this.#port.retrying(error, retryInMs);
    await pause(timers, retryInMs, this.#signal);
  }
}

/** The command did end like that, so this is said even when the sidecar does not take the result. */
function withoutResult(report: CommandReport, error: HoldfastClientError): CommandReport {
  const message = shorten(`${report.message ?? ''} (result refused: ${error.message})`.trim());
  return { state: report.state, attempt: report.attempt, message };
}

/** The message, cut to what the API takes without cutting a character in half. */
export function shorten(message: string): string {
  const bytes = new TextEncoder().encode(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return message;
  const cut = new TextDecoder().decode(bytes.subarray(0, MAX_MESSAGE_BYTES - 3));
  return `${cut.replace(/\uFFFD$/, '')}…`;
}
