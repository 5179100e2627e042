// Watches one agent that has not integrated: asks it at an interval, writes what it says under its name, and falls silent with it.
import type { Clock, Random, Timers } from '../../core/index.ts';
import type { Log } from '../log.ts';
import { RepeatFilter } from '../repeat-filter.ts';
import { retryDelayMs } from '../retry-delay.ts';
import type { Submit } from '../submit.ts';
import { readPackages, readPulledPackages, readStatus, type Told } from './agent-answers.ts';
import { type AgentCall, askAgent, type WatcherTls } from './agent-poll.ts';
import { syncDocuments } from './document-sync.ts';

export interface AgentWatchParts {
  readonly agent: string;
  readonly url: URL;
  readonly intervalMs: number;
  readonly tls: WatcherTls;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  readonly submit: Submit;
  /** Whether the agent is one of this sidecar. */
  isServed(agent: string): boolean;
  /** Whether it sent a heartbeat itself lately, so that nobody has to speak for it. */
  speaksItself(agent: string): boolean;
}

const LONGEST_RETRY_MS = 300_000;
/** A poll comes up to a tenth early, and never late: presence is judged by the interval. */
const SPREAD = 0.1;
/** What stays wrong is mentioned so often. */
const REPEAT_MS = 3_600_000;

type Subject = AgentCall | 'documents' | 'name' | 'own';

export class AgentWatch {
  readonly #parts: AgentWatchParts;
  readonly #ended = new AbortController();
  readonly #filter = new RepeatFilter(REPEAT_MS);
  #failures = 0;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: AgentWatchParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#plan(this.#parts.intervalMs * SPREAD * this.#parts.random.fraction());
  }

  /** Ends a poll under way. Resolves when nothing of it runs any more. Idempotent. */
  async close(): Promise<void> {
    this.#ended.abort();
    this.#cancel?.();
    await this.#running;
  }

  #plan(delayMs: number): void {
    if (this.#ended.signal.aborted) return;
    this.#cancel = this.#parts.timers.after(delayMs, () => {
      this.#running = this.#pollNow();
    });
  }

  /** Never rejects. */
  async #pollNow(): Promise<void> {
    const { clock, intervalMs, random } = this.#parts;
    const beganMs = clock.now().monotonicMs;
    const isUp = await this.#poll();
    if (this.#ended.signal.aborted) return;
    this.#failures = isUp ? 0 : this.#failures + 1;
    if (isUp) {
      const tookMs = clock.now().monotonicMs - beganMs;
      this.#plan(Math.max(0, intervalMs * (1 - SPREAD * random.fraction()) - tookMs));
    } else {
      const longestMs = Math.max(intervalMs, LONGEST_RETRY_MS);
      this.#plan(
        retryDelayMs(this.#failures, { firstMs: intervalMs, longestMs }, random.fraction()),
      );
    }
  }

  /** False when the agent does not say how it is, or is none of this sidecar: then nothing is written. */
  async #poll(): Promise<boolean> {
    const { agent, submit, intervalMs, isServed, speaksItself } = this.#parts;
    if (!isServed(agent)) {
      this.#wrong('name', 'is no agent of this sidecar; add it with --agent');
      return false;
    }
    this.#right('name');
    if (speaksItself(agent)) {
      this.#wrong('own', 'sends heartbeats itself; it is not asked meanwhile');
      return true;
    }
    this.#right('own');
    const beat = await this.#ask('status', readStatus);
    if (beat === undefined || this.#ended.signal.aborted) return false;
    await this.#write(async () => {
      const heartbeat = { agent, beat, intervalMs, ack: 'memory' as const };
      await submit('heartbeat', { scope: 'agent', agent }, heartbeat);
      await this.#sync('packages', 'deployments', (body) => readPackages(agent, body));
      await this.#sync('pulled', 'packages', (body) => readPulledPackages(agent, body));
    });
    return true;
  }

  async #sync(
    call: AgentCall,
    collection: 'deployments' | 'packages',
    read: (body: string) => Told,
  ): Promise<void> {
    const told = await this.#ask(call, read);
    // Without an answer nothing is known to be gone.
    if (told === undefined || this.#ended.signal.aborted) return;
    const { agent, submit } = this.#parts;
    await syncDocuments(submit, agent, collection, told.valueById);
  }

  /** Undefined where it has no answer, or none of the right form. */
  async #ask<Answer>(call: AgentCall, read: (body: string) => Answer): Promise<Answer | undefined> {
    try {
      const answer = read(await askAgent(call, { ...this.#parts, signal: this.#ended.signal }));
      this.#right(call);
      return answer;
    } catch (error) {
      this.#wrong(call, messageOf(error));
      return undefined;
    }
  }

  async #write(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.#right('documents');
    } catch (error) {
      // Full, damaged or stopping: whatever it is, it may pass until the next poll.
      this.#wrong('documents', messageOf(error));
    }
  }

  #wrong(subject: Subject, reason: string): void {
    if (this.#ended.signal.aborted) return;
    const { log, clock } = this.#parts;
    const passed = this.#filter.pass(subject, reason, clock.now().monotonicMs);
    if (passed === undefined) return;
    const fields = { ...this.#fields(subject), reason };
    const event = subject === 'own' ? 'watcher.not_needed' : 'watcher.failed';
    const message =
      subject === 'own'
        ? 'a watched agent calls this sidecar itself'
        : 'a watched agent could not be asked, or what it says not be written; it is tried on';
    log[subject === 'own' ? 'info' : 'warn'](event, fields, message);
  }

  #right(subject: Subject): void {
    if (this.#filter.end(subject) === undefined) return;
    this.#parts.log.info('watcher.works', this.#fields(subject), 'a watched agent answers again');
  }

  #fields(subject: Subject) {
    return { agent: this.#parts.agent, url: this.#parts.url.href, what: subject };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
