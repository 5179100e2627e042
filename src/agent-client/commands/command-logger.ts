// Brings the lines of one attempt to the sidecar: in order, numbered, some at a time, and never so that the command waits for it.
//
//   log ──► queue (the oldest are dropped when it is full; the sidecar sees it by the numbers) ──► one call at a time ──► sidecar

import { type ClientEnvironment, pause } from '../environment.ts';
import { toClientError } from '../error.ts';
import { retryDelayMs } from '../retry.ts';
import type { AppendedLog, AppendedLogLine, LogStream } from './command-log-values.ts';

/** What a logger needs of the client. */
export interface LoggerPort {
  append(log: AppendedLog, signal: AbortSignal): Promise<{ readonly closed: boolean }>;
}

/** What a handler's log is to those who run handlers. */
export interface RunLog {
  /** Several lines in one text are several lines. Returns at once and never throws. */
  log(stream: LogStream, text: string): void;
  /** Resolves when what was logged is stored, or cannot be within some seconds. Never rejects. */
  flush(): Promise<void>;
}

/** A line is seen by those who follow after so long; a call for each would cost a commit each. */
const GATHER_MS = 1_000;
/** Lines and bytes of one call. */
const BATCH_LINES = 1_000;
const BATCH_BYTES = 128 * 1024;
/** What waits while the sidecar is away. Beyond it the oldest go. */
const MAX_QUEUED_LINES = 10_000;
const MAX_QUEUED_BYTES = 1024 * 1024;
/** Bytes of one line on its way: the sidecar cuts at 4 KiB, and says how much. */
const MAX_LINE_CHARACTERS = 16 * 1024;
/** What no later call would change. */
const NEVER: ReadonlySet<string> = new Set([
  'unimplemented',
  'permission_denied',
  'unauthenticated',
]);
/** How long the end of a command may wait for its last lines. */
const FLUSH_LIMIT_MS = 5_000;

export class CommandLogger implements RunLog {
  readonly #port: LoggerPort;
  readonly #attempt: number;
  readonly #environment: ClientEnvironment;
  readonly #signal: AbortSignal;
  #queue: AppendedLogLine[] = [];
  #queuedBytes = 0;
  #seq = 0;
  /** The sidecar takes nothing more. */
  #isClosed = false;
  #isEnding = false;
  #cancelTimer: (() => void) | undefined;
  #sending: Promise<void> | undefined;
  /** Ends the wait before the next attempt to send. */
  #hurry = new AbortController();

  /** Aborting the signal gives up what is not stored yet. */
  constructor(
    port: LoggerPort,
    attempt: number,
    environment: ClientEnvironment,
    signal: AbortSignal,
  ) {
    this.#port = port;
    this.#attempt = attempt;
    this.#environment = environment;
    this.#signal = signal;
  }

  log(stream: LogStream, text: string): void {
    if (this.#isClosed || this.#isEnding || this.#signal.aborted) return;
    const atMs = Math.floor(this.#environment.clock.now().wallMs);
    for (const line of linesOf(text)) {
      const cut = line.slice(0, MAX_LINE_CHARACTERS).toWellFormed();
      this.#queue.push({ seq: ++this.#seq, stream, atMs, text: cut });
      this.#queuedBytes += cut.length;
    }
    this.#dropOldest();
    if (this.#queue.length >= BATCH_LINES || this.#queuedBytes >= BATCH_BYTES) this.#send();
    else this.#gather();
  }

  async flush(): Promise<void> {
    const given = new AbortController();
    const { timers } = this.#environment;
    const stored = this.#sendAll().finally(() => given.abort());
    const signal = AbortSignal.any([given.signal, this.#signal]);
    await Promise.race([stored, pause(timers, FLUSH_LIMIT_MS, signal)]);
  }

  /** The same, and nothing follows: how an attempt ended is stored although it wrote more than its share. */
  async end(): Promise<void> {
    this.#isEnding = true;
    await this.flush();
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#hurry.abort();
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.#isOver) {
      this.#hurry.abort();
      this.#send();
      await this.#sending;
    }
    // The call under way may hold what was logged last.
    await this.#sending;
  }

  get #isOver(): boolean {
    return this.#isClosed || this.#signal.aborted;
  }

  #gather(): void {
    if (this.#cancelTimer !== undefined || this.#sending !== undefined) return;
    this.#cancelTimer = this.#environment.timers.after(GATHER_MS, () => this.#send());
  }

  #send(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#sending !== undefined || this.#queue.length === 0 || this.#isOver) return;
    this.#sending = this.#deliver().finally(() => {
      this.#sending = undefined;
      if (this.#queue.length > 0 && !this.#isOver) this.#gather();
    });
  }

  /** Sends one batch until it is stored, or nothing more is taken. Never rejects. */
  async #deliver(): Promise<void> {
    for (let failures = 0; !this.#isOver; ) {
      // Made anew each time: the oldest may have been dropped meanwhile.
      const lines = this.#batch();
      const last = lines.at(-1)?.seq ?? 0;
      const final = this.#isEnding && lines.length === this.#queue.length;
      try {
        const { closed } = await this.#port.append(
          { attempt: this.#attempt, lines, final },
          this.#signal,
        );
        if (closed) this.#isClosed = true;
        this.#take(last);
        return;
      } catch (thrown) {
        const error = toClientError(thrown);
        // The attempt is over, or the sidecar takes no logs: a command does not fail for it.
        if (error.refused || NEVER.has(error.code)) {
          this.#isClosed = true;
          this.#take(this.#seq);
          return;
        }
        failures += 1;
        const { timers, random } = this.#environment;
        const retryInMs = retryDelayMs(failures, random.fraction(), error.retryAfterMs);
        this.#hurry = new AbortController();
        const signal = AbortSignal.any([this.#hurry.signal, this.#signal]);
        await pause(timers, retryInMs, signal);
      }
    }
  }

  #batch(): AppendedLogLine[] {
    const lines: AppendedLogLine[] = [];
    let bytes = 0;
    for (const line of this.#queue) {
      bytes += line.text.length;
      if (lines.length === BATCH_LINES || (lines.length > 0 && bytes > BATCH_BYTES)) break;
      lines.push(line);
    }
    return lines;
  }

  /** What is stored leaves the queue. */
  #take(throughSeq: number): void {
    const left = this.#queue.filter(({ seq }) => seq > throughSeq);
    this.#queue = left;
    this.#queuedBytes = left.reduce((bytes, { text }) => bytes + text.length, 0);
  }

  #dropOldest(): void {
    let drop = 0;
    let count = this.#queue.length;
    while (count > MAX_QUEUED_LINES || (this.#queuedBytes > MAX_QUEUED_BYTES && count > 1)) {
      this.#queuedBytes -= this.#queue[drop]?.text.length ?? 0;
      drop++;
      count--;
    }
    if (drop > 0) this.#queue = this.#queue.slice(drop);
  }
}

/** Without the ends of lines; an end at the very end begins no further line. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/);
  if (lines.length > 1 && lines.at(-1) === '') lines.pop();
  return lines;
}
