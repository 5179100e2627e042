// What becomes of a configuration at its agent: tried, reported, kept as the last known good, or failed and tried again later.
//
//   wanted ──► report attempted ──► handler ──resolves──► keep in file ──► report applied
//                                      └─────throws────► report failed ──► again after a while, or when another one is wanted

import type { ClientEnvironment } from '../environment.ts';
import { toClientError } from '../error.ts';
import { type RetryPolicy, retryDelayMs } from '../retry.ts';
import type { JsonObject, JsonValue } from '../types.ts';
import type { ConfigEvent, ConfigHandler, ConfigLoopOptions, ConfigPort } from './config-types.ts';
import type { ConfigReport, DesiredConfig } from './config-values.ts';
import { type KnownGood, readKnownGood, writeKnownGood } from './last-known-good.ts';

/** A configuration that failed fails again, unless what it needs comes back: a minute at first, an hour at most. */
const FAILED_RETRY: RetryPolicy = { firstMs: 60_000, maxMs: 3_600_000 };
/** As the API takes them. */
const MAX_MESSAGE_CHARACTERS = 1024;
/** Shorter secrets are not looked for in messages: they are in every second word. */
const SHORTEST_SECRET = 3;

export interface ApplierParts {
  readonly port: Pick<ConfigPort, 'reportConfig'>;
  readonly handler: ConfigHandler;
  readonly options: Pick<ConfigLoopOptions, 'lastKnownGood'>;
  readonly environment: ClientEnvironment;
  /** The loop is to end. */
  readonly signal: AbortSignal;
  tell(event: ConfigEvent): void;
}

export class ConfigApplier {
  readonly #parts: ApplierParts;
  /** What is in effect in this process. */
  #applied: string | undefined;
  #previous: KnownGood | undefined;
  #failed:
    | { readonly hash: string; readonly failures: number; readonly untilMs: number }
    | undefined;
  /** The newest report that is not stored yet. */
  #unsaid: ConfigReport | undefined;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
  }

  /** What need not be read again; empty where nothing is in effect. */
  get knownHash(): string {
    return this.#applied ?? '';
  }

  /** When what failed is tried again, in milliseconds; undefined where nothing did. */
  get retryInMs(): number | undefined {
    return this.#failed && Math.max(0, this.#failed.untilMs - this.#nowMs());
  }

  /** Reads the file of the last known good. */
  async load(): Promise<void> {
    const { lastKnownGood } = this.#parts.options;
    if (lastKnownGood === undefined) return;
    try {
      this.#previous = await readKnownGood(lastKnownGood);
    } catch (error) {
      this.#parts.tell({ type: 'file-failed', error });
    }
  }

  /** Applies what is wanted unless it is in effect, or failed a short while ago. Rejects where a report cannot be made for now. */
  async offer(desired: DesiredConfig): Promise<void> {
    const { hash, entries, effectiveHash } = desired;
    if (hash === this.#applied) {
      this.#failed = undefined;
      if (effectiveHash === hash && this.#unsaid === undefined) return;
      await this.#say({ state: 'applied', hash });
      return;
    }
    const isNothing = entries.length === 0 && effectiveHash === '' && this.#previous === undefined;
    if (isNothing) return;
    const isTooSoon = this.#failed?.hash === hash && this.#nowMs() < this.#failed.untilMs;
    if (isTooSoon) {
      await this.#flush();
      return;
    }
    await this.#try(desired);
  }

  /** Applies the last known good where nothing is in effect in this process. */
  async fallBack(): Promise<void> {
    const good = this.#previous;
    if (good === undefined || this.#applied !== undefined || this.#parts.signal.aborted) return;
    const failure = await this.#call(good, undefined);
    if (failure === undefined) {
      this.#applied = good.hash;
      this.#parts.tell({ type: 'applied', hash: good.hash, from: 'file' });
      return;
    }
    // It is not tried again and again: whatever is wanted next is.
    this.#previous = undefined;
    const message = messageOf(failure, []);
    this.#parts.tell({ type: 'failed', hash: good.hash, message, retryInMs: 0 });
  }

  async #try(desired: DesiredConfig): Promise<void> {
    const { hash, config, closed } = desired;
    const [shut] = closed;
    if (shut !== undefined) {
      const where = shut.path.join('.');
      return await this.#fail(hash, `the sealed value at ${where} did not open: ${shut.why}`);
    }
    try {
      await this.#say({ state: 'attempted', hash });
    } catch {
      // It is tried all the same: what comes of it is reported until it is stored.
    }
    const failure = await this.#call({ hash, config }, this.#previous);
    if (failure !== undefined) {
      // What failed because it was told to end says nothing of the configuration.
      if (this.#parts.signal.aborted) return;
      return await this.#fail(hash, messageOf(failure, secretsOf(desired)));
    }
    this.#applied = hash;
    this.#previous = { hash, config };
    this.#failed = undefined;
    await this.#keep(this.#previous);
    this.#parts.tell({ type: 'applied', hash, from: 'sidecar' });
    await this.#say({ state: 'applied', hash });
  }

  async #fail(hash: string, message: string): Promise<void> {
    const { random } = this.#parts.environment;
    const failures = this.#failed?.hash === hash ? this.#failed.failures + 1 : 1;
    const retryInMs = retryDelayMs(failures, random.fraction(), 0, FAILED_RETRY);
    this.#failed = { hash, failures, untilMs: this.#nowMs() + retryInMs };
    this.#parts.tell({ type: 'failed', hash, message, retryInMs });
    if (this.#previous?.hash !== hash) await this.fallBack();
    await this.#say({ state: 'failed', hash, message });
  }

  /** Undefined once the handler says that it is in effect; otherwise what it threw, in a box: anything can be thrown. */
  async #call(
    { hash, config }: KnownGood,
    previous: KnownGood | undefined,
  ): Promise<{ readonly thrown: unknown } | undefined> {
    const { handler, signal } = this.#parts;
    try {
      // Copies: what the handler changes in them is its own affair.
      await handler({
        ...{ hash, signal },
        config: structuredClone(config),
        previous: structuredClone(previous),
      });
      return undefined;
    } catch (thrown) {
      return { thrown };
    }
  }

  async #keep(good: KnownGood): Promise<void> {
    const { lastKnownGood } = this.#parts.options;
    if (lastKnownGood === undefined) return;
    try {
      await writeKnownGood(lastKnownGood, good);
    } catch (error) {
      this.#parts.tell({ type: 'file-failed', error });
    }
  }

  async #say(report: ConfigReport): Promise<void> {
    this.#unsaid = report;
    await this.#flush();
  }

  /** A report that is refused is refused again, so it is dropped; every other one is kept for the next time. */
  async #flush(): Promise<void> {
    const report = this.#unsaid;
    if (report === undefined) return;
    try {
      await this.#parts.port.reportConfig(report, { signal: this.#parts.signal });
      this.#unsaid = undefined;
    } catch (thrown) {
      const error = toClientError(thrown);
      if (!error.refused) throw error;
      this.#unsaid = undefined;
      this.#parts.tell({ type: 'retrying', what: 'report', error, retryInMs: 0 });
    }
  }

  #nowMs(): number {
    return this.#parts.environment.clock.now().monotonicMs;
  }
}

/** What is told to the fleet of a failure: no secret of the configuration is in it. */
function messageOf({ thrown }: { readonly thrown: unknown }, secrets: readonly string[]): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, '[redacted]'), text);
  return Array.from(clean.toWellFormed())
    .slice(0, MAX_MESSAGE_CHARACTERS)
    .join('')
    .slice(0, MAX_MESSAGE_CHARACTERS);
}

/** The texts in the opened values, the longest first: one may be a part of another. */
function secretsOf({ config, secretPaths }: DesiredConfig): string[] {
  const found: string[] = [];
  const gather = (value: JsonValue | undefined): void => {
    if (typeof value === 'object' && value !== null) Object.values(value).forEach(gather);
    else if (typeof value === 'string' || typeof value === 'number') found.push(String(value));
  };
  for (const path of secretPaths) gather(valueAt(config, path));
  return found.filter((text) => text.length >= SHORTEST_SECRET).sort((a, b) => b.length - a.length);
}

function valueAt(config: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = config;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = value[key];
  }
  return value;
}
