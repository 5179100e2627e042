// Telemetry of a running sidecar, put together: the host sampled, heartbeats completed, history kept, monitor told.
import type { Environment, JsonObject } from '../../core/index.ts';
import { HostSampler } from '../../host/index.ts';
import type { TelemetryControl } from '../api/index.ts';
import type { Log } from '../log.ts';
import type { Submit } from '../submit.ts';
import { Watcher, type WatcherOptions } from '../watcher/watcher.ts';
import { attachFigures } from './attach.ts';
import { flatReport, type ReportParts } from './flat-report.ts';
import { type HistoryLimits, TelemetryHistory } from './history.ts';
import { HistoryFeed } from './history-feed.ts';
import { HostWatch } from './host-watch.ts';
import { type MonitorOptions, MonitorPush } from './monitor-push.ts';

export interface TelemetryOptions {
  /** Milliseconds; undefined to sample nothing. */
  readonly sampleMs: number | undefined;
  /** Path whose file system is measured. */
  readonly diskPath: string;
  /** Undefined to keep none. */
  readonly history: HistoryLimits | undefined;
  /** Undefined to tell nobody. */
  readonly monitor: MonitorOptions | undefined;
  /** Agents that are asked, because they do not call; empty for none. */
  readonly watcher: WatcherOptions;
}

export interface TelemetryParts extends Omit<ReportParts, 'newest' | 'wallMs'> {
  readonly options: TelemetryOptions;
  readonly environment: Pick<Environment, 'clock' | 'timers' | 'random'>;
  readonly log: Log;
  onChange(listener: () => void): () => void;
}

/** A report is made for many askers at once: it reads the fleet, and asking needs no token. */
const REPORT_LIFE_MS = 1_000;

export class Telemetry {
  readonly control: TelemetryControl;
  readonly #parts: TelemetryParts;
  readonly #host: HostWatch | undefined;
  readonly #feed: HistoryFeed | undefined;
  readonly #push: MonitorPush | undefined;
  readonly #watcher: Watcher;
  #report: { readonly madeAtMs: number; readonly made: Promise<JsonObject> } | undefined;

  /** Begins to sample and to keep. */
  constructor(parts: TelemetryParts) {
    const { options, environment } = parts;
    this.#parts = parts;
    this.#host = hostWatchOf(parts);
    const history = options.history && new TelemetryHistory(options.history);
    this.#feed = history && new HistoryFeed({ ...environment, ...parts, history });
    const report = (): Promise<JsonObject> => this.#sharedReport();
    this.control = {
      report,
      ...(history && { history: (query) => history.read(query) }),
    };
    const { monitor, watcher } = options;
    this.#push = monitor && new MonitorPush({ ...environment, ...monitor, log: parts.log, report });
    const submit = this.#withFigures(parts.submit);
    this.#watcher = new Watcher({ ...parts, options: watcher, submit });
  }

  /** Tells the monitor and asks agents from now on. */
  start(): void {
    this.#push?.start();
    this.#watcher.start();
  }

  /** The way of the API to the member: heartbeats get the figures of the host, for agents that send none. */
  attach(submit: Submit): Submit {
    return this.#watcher.notice(this.#withFigures(submit));
  }

  #withFigures(submit: Submit): Submit {
    return attachFigures(() => this.#host?.newest()?.figures, submit);
  }

  /** Resolves when nothing of it runs any more. Idempotent. */
  async close(): Promise<void> {
    this.#host?.close();
    this.#feed?.close();
    await Promise.all([this.#push?.close(), this.#watcher.close()]);
  }

  #sharedReport(): Promise<JsonObject> {
    const { environment } = this.#parts;
    const { monotonicMs, wallMs } = environment.clock.now();
    if (this.#report !== undefined && monotonicMs - this.#report.madeAtMs < REPORT_LIFE_MS) {
      return this.#report.made;
    }
    const newest = () => this.#host?.newest();
    const made = flatReport({ ...this.#parts, newest, wallMs: () => wallMs });
    this.#report = { madeAtMs: monotonicMs, made };
    return made;
  }
}

function hostWatchOf({ options, environment }: TelemetryParts): HostWatch | undefined {
  const { sampleMs: intervalMs, diskPath } = options;
  if (intervalMs === undefined) return undefined;
  const nowMs = () => environment.clock.now().monotonicMs;
  const sampler = new HostSampler({ procPath: '/proc', diskPath, nowMs });
  return new HostWatch({ ...environment, intervalMs, sample: () => sampler.sample() });
}
