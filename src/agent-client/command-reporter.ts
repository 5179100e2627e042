// Brings the reports of one command to the sidecar: progress by newest-replaces, the final state until it is stored.

import type { CommandReport } from './command-values.ts';
import { type ClientEnvironment, pause } from './environment.ts';
import { type HoldfastClientError, toClientError } from './error.ts';
import { retryDelayMs } from './retry.ts';

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

export class CommandReporter {
  readonly #port: ReporterPort;
  readonly #environment: ClientEnvironment;
  readonly #signal: AbortSignal;
  #percent = 0;
  #next: CommandReport | undefined;
  #delivering = false;
  #finished = false;
  readonly #outcome = Promise.withResolvers<ReportOutcome>();

  /** Aborting the signal gives up what was not stored yet. */
  constructor(port: ReporterPort, environment: ClientEnvironment, signal: AbortSignal) {
    this.#port = port;
    this.#environment = environment;
    this.#signal = signal;
  }

  /** Progress behind the final report, or progress that goes back, is not sent. */
  running(percent?: number, message?: string): void {
    if (this.#finished) return;
    if (percent !== undefined && Number.isFinite(percent)) {
      this.#percent = Math.max(this.#percent, Math.min(100, percent));
    }
    this.#push({
      state: 'running',
      ...(percent === undefined ? {} : { progress: { percent: this.#percent } }),
      ...(message === undefined ? {} : { message: shorten(message) }),
    });
  }

  /** Resolves when the sidecar has the final report, or will never have it. Never rejects. */
  finish(report: CommandReport): Promise<ReportOutcome> {
    this.#finished = true;
    this.#push({ ...report, message: shorten(report.message ?? '') });
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
      const error = await this.#attempt(report);
      if (error === undefined) {
        failures = 0;
        this.#settle(report, { type: 'stored', report });
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

  async #attempt(report: CommandReport): Promise<HoldfastClientError | undefined> {
    try {
      await this.#port.send(report, this.#signal);
      return undefined;
    } catch (error) {
      return toClientError(error);
    }
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
  return { state: report.state, message };
}

/** The message, cut to what the API takes without cutting a character in half. */
function shorten(message: string): string {
  const bytes = new TextEncoder().encode(message);
  if (bytes.length <= MAX_MESSAGE_BYTES) return message;
  const cut = new TextDecoder().decode(bytes.subarray(0, MAX_MESSAGE_BYTES - 3));
  return `${cut.replace(/\uFFFD$/, '')}…`;
}
