// The metrics of a running sidecar: what happens is counted when it is told, everything else is looked up when somebody asks.
import type { Clock, Timers } from '../../core/index.ts';
import { API_METHODS, codeOf, type MetricsPage, type SeenCall } from '../api/index.ts';
import type { SupervisorReport } from '../member/index.ts';
import { Metrics } from '../metrics/index.ts';
import { inTime } from './in-time.ts';
import { watchLoopDelay } from './loop-delay.ts';
import type { Measured } from './measured.ts';
import { showCommands } from './show-commands.ts';
import { showData, showStore } from './show-data.ts';
import { showMesh } from './show-mesh.ts';
import { showProcess } from './show-process.ts';
import { showQueues } from './show-queues.ts';
import { showTrust } from './show-trust.ts';

/** As long a scrape waits for the disk. */
const DISK_PATIENCE_MS = 1000;
const METHODS: ReadonlySet<string> = new Set(API_METHODS);

export class SidecarMetrics {
  readonly #metrics = new Metrics();
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #stop: () => void;
  /** A scrape under way, which others share. */
  #scrape: Promise<string> | undefined;

  constructor(parts: { readonly clock: Clock; readonly timers: Timers }) {
    this.#clock = parts.clock;
    this.#timers = parts.timers;
    this.#stop = watchLoopDelay(parts, (delayMs) =>
      this.#metrics.observe('holdfast_event_loop_delay_seconds', {}, delayMs / 1000),
    );
  }

  close(): void {
    this.#stop();
  }

  /** What the member and its store report. */
  hear(report: SupervisorReport): void {
    const metrics = this.#metrics;
    switch (report.type) {
      case 'store-failed':
        return metrics.count('holdfast_store_failures_total', {});
      case 'core-fault':
        return metrics.count('holdfast_core_faults_total', {});
      case 'refused':
        return metrics.count('holdfast_links_refused_total', {});
      case 'duplicate-identity':
        return metrics.count('holdfast_duplicate_identities_total', { whose: 'own' });
      case 'peer-duplicated':
        return metrics.count('holdfast_duplicate_identities_total', { whose: 'peer' });
      case 'enrolment-refused': {
        const name = 'holdfast_enrolment_refusals_total';
        const isKnown = metrics.allows(name, 'reason', report.reason);
        return metrics.count(name, { reason: isKnown ? report.reason : 'other' });
      }
      default:
        return;
    }
  }

  /** A call of the API ended. */
  call(seen: SeenCall): void {
    const method = METHODS.has(seen.method) ? seen.method : 'unknown';
    this.#metrics.count('holdfast_api_requests_total', { method, code: codeOf(seen) });
    if (seen.tookMs === undefined) return;
    this.#metrics.observe('holdfast_api_request_seconds', { method }, seen.tookMs / 1000);
  }

  /** A turn was written. */
  persisted(tookMs: number, sync: boolean): void {
    const labels = { sync: sync ? 'yes' : 'no' } as const;
    this.#metrics.observe('holdfast_persist_seconds', labels, tookMs / 1000);
  }

  /** A bundle was made whole, or taken in whole. */
  bundle(direction: 'exported' | 'imported'): void {
    this.#metrics.count('holdfast_bundles_total', { direction });
  }

  /** The page that shows them. */
  page(measured: Measured): MetricsPage {
    return {
      contentType: this.#metrics.contentType,
      text: () => {
        this.#scrape ??= this.#collect(measured).finally(() => {
          this.#scrape = undefined;
        });
        return this.#scrape;
      },
    };
  }

  async #collect(measured: Measured): Promise<string> {
    const metrics = this.#metrics;
    const { member, disk } = measured;
    const [bytes, space] = await Promise.all([
      inTime(this.#timers, DISK_PATIENCE_MS, member()?.counted.storeBytes()),
      inTime(this.#timers, DISK_PATIENCE_MS, disk?.space()),
    ]);
    // From here on nothing waits, so that all figures are of one moment.
    metrics.clearGauges();
    const now = this.#clock.now();
    const up = member();
    const figures = up?.counted.figures();
    showProcess(metrics, measured);
    showStore(metrics, { bytes, space, damage: measured.damage().length });
    if (figures !== undefined) {
      showData(metrics, figures);
      showCommands(metrics, figures.commands, now);
    }
    showMesh(metrics, measured, figures?.mesh, now);
    const audit = measured.audit?.figures;
    showQueues(metrics, { ...figures, api: measured.api(), audit });
    const trust = up?.trust?.set.trust;
    showTrust(metrics, { nodeId: up?.nodeId ?? '', trust, audit, now });
    return metrics.text();
  }
}
