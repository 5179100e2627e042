// Tells a monitoring backend at an interval how this sidecar is: one POST of flat JSON, one at a time, none of it kept.
import { readFile } from 'node:fs/promises';
import { type Clock, type JsonObject, type Random, Secret, type Timers } from '../../core/index.ts';
import { readSecretFile } from '../identity/secret-file.ts';
import type { Log } from '../log.ts';
import { type PlainTls, plainRequest } from '../plain-http.ts';
import { RepeatFilter } from '../repeat-filter.ts';
import { retryDelayMs } from '../retry-delay.ts';
import { StartupError } from '../startup-error.ts';

export interface MonitorOptions {
  /** Without the path of the heartbeat. */
  readonly url: URL;
  /** File with the key; read before each attempt, so that a new key needs no restart. */
  readonly keyFile: string | undefined;
  readonly intervalMs: number;
  /** File with certificates of authorities in PEM, in place of the system's. */
  readonly caFile: string | undefined;
}

export interface MonitorParts extends MonitorOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  report(): Promise<JsonObject>;
}

const HEARTBEAT_PATH = '/monitor/server/heartbeat';
/** A monitor that takes longer has a fault of its own. */
const TIMEOUT_MS = 10_000;
/** Of an answer nothing is read but the status. */
const MAX_ANSWER_BYTES = 65_536;
const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;
/** A tenth of the interval: sidecars that were started together do not push together. */
const SPREAD = 0.1;
/** A monitor that stays away is mentioned so often. */
const REPEAT_MS = 3_600_000;
const SUBJECT = 'monitor';
/** What a header may hold. */
const KEY = /^[\x21-\x7e]+$/;

/** Why a push came to nothing. */
class PushError extends Error {
  override readonly name = 'PushError';
  /** The monitor answered, and will say the same until somebody changes something. */
  readonly isRefusal: boolean;
  constructor(message: string, isRefusal: boolean) {
    super(message);
    this.isRefusal = isRefusal;
  }
}

export class MonitorPush {
  readonly #parts: MonitorParts;
  readonly #ended = new AbortController();
  readonly #filter = new RepeatFilter(REPEAT_MS);
  readonly #url: URL;
  #failures = 0;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#url = new URL(parts.url);
    this.#url.pathname = `${parts.url.pathname.replace(/\/+$/, '')}${HEARTBEAT_PATH}`;
  }

  /** The first push is spread over a tenth of the interval. */
  start(): void {
    this.#plan(this.#parts.intervalMs * SPREAD * this.#parts.random.fraction());
  }

  /** Ends a push under way and waits for that, which takes no time. Idempotent. */
  async close(): Promise<void> {
    this.#ended.abort();
    this.#cancel?.();
    await this.#running;
  }

  #plan(delayMs: number): void {
    if (this.#ended.signal.aborted) return;
    this.#cancel = this.#parts.timers.after(delayMs, () => {
      this.#running = this.#pushNow();
    });
  }

  /** Never rejects. */
  async #pushNow(): Promise<void> {
    try {
      await this.#push();
      this.#succeeded();
      const { intervalMs, random } = this.#parts;
      this.#plan(intervalMs * (1 - SPREAD * random.fraction()));
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.#failed(error);
    }
  }

  async #push(): Promise<void> {
    const { keyFile, caFile, timers, report } = this.#parts;
    const key = keyFile === undefined ? undefined : await readKey(keyFile);
    const tls: PlainTls | undefined =
      caFile === undefined ? undefined : { ca: await readOrFail(caFile, 'certificates') };
    const { status } = await plainRequest({
      ...{ url: this.#url, method: 'POST', tls, timers, signal: this.#ended.signal },
      headers: { 'content-type': 'application/json', ...(key && { 'x-api-key': key.reveal() }) },
      body: JSON.stringify(await report()),
      timeoutMs: TIMEOUT_MS,
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (status >= 200 && status < 300) return;
    const isRefusal = status >= 300 && status < 500 && status !== 408 && status !== 429;
    throw new PushError(`answered ${status}${hintFor(status)}`, isRefusal);
  }

  #succeeded(): void {
    const wasFailing = this.#failures > 0;
    this.#failures = 0;
    this.#filter.end(SUBJECT);
    if (!wasFailing) return;
    this.#parts.log.info('monitor.reached', this.#where(), 'the monitor takes heartbeats again');
  }

  #failed(error: unknown): void {
    const { clock, intervalMs, random, log } = this.#parts;
    this.#failures += 1;
    const isRefusal = error instanceof PushError && error.isRefusal;
    // What waits for a person is not asked for faster than what works.
    const firstMs = isRefusal ? Math.max(intervalMs, FIRST_RETRY_MS) : FIRST_RETRY_MS;
    const longestMs = Math.max(intervalMs, LONGEST_RETRY_MS);
    const retryInMs = retryDelayMs(this.#failures, { firstMs, longestMs }, random.fraction());
    this.#plan(retryInMs);
    const reason = error instanceof Error ? error.message : String(error);
    const passed = this.#filter.pass(SUBJECT, reason, clock.now().monotonicMs);
    if (passed === undefined) return;
    const fields = { ...this.#where(), reason, failures: this.#failures, retryInMs };
    const event = isRefusal ? 'monitor.refused' : 'monitor.failed';
    const message = isRefusal
      ? 'the monitor refuses heartbeats; it is asked again, but somebody has to change something'
      : 'the monitor was not told; it is tried on, with what is true then';
    log.warn(event, fields, message);
  }

  /** A query may hold a secret; options refuse a user in front. */
  #where(): { readonly monitor: string } {
    return { monitor: `${this.#url.origin}${this.#url.pathname}` };
  }
}

/** A file that others may read is refused, as every secret's is. */
async function readKey(path: string): Promise<Secret<string>> {
  const text = await readSecretFile(path).catch((error: unknown) => {
    const hint = error instanceof StartupError ? ` ${error.hint}` : '';
    throw new PushError(
      `has no key: ${error instanceof Error ? error.message : error}${hint}`,
      true,
    );
  });
  if (text !== undefined && KEY.test(text)) return new Secret(text);
  const why = text === undefined ? 'there is no file' : 'no line of visible characters is in';
  throw new PushError(`has no key: ${why} ${path}`, true);
}

async function readOrFail(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new PushError(`has no ${what}: ${path} cannot be read (${code})`, true);
  }
}

function hintFor(status: number): string {
  if (status === 401 || status === 403) return ', which refuses the key';
  if (status === 404) return ', so the URL is another one';
  return status >= 300 && status < 400 ? '; redirects are not followed' : '';
}
