// What a member reports, as log lines: stable event names, one line an event, repetitions counted instead of printed.
import { type Clock, type Crypto, formatNodeId } from '../core/index.ts';
import type { Log } from './log.ts';
import type { MemberReport } from './member.ts';
import { RepeatFilter } from './repeat-filter.ts';

/** A peer that stays away is mentioned once a minute, with how often it was tried. */
const REPEAT_INTERVAL_MS = 60_000;

type ReportOf<Type extends MemberReport['type']> = Extract<MemberReport, { type: Type }>;

/** Returns the function that writes reports to the log. */
export function createReporter(
  log: Log,
  clock: Clock,
  crypto: Crypto,
): (report: MemberReport) => void {
  const reporter = new Reporter(log, clock, crypto);
  return (report) => reporter.write(report);
}

class Reporter {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #crypto: Crypto;
  readonly #filter = new RepeatFilter(REPEAT_INTERVAL_MS);

  constructor(log: Log, clock: Clock, crypto: Crypto) {
    this.#log = log;
    this.#clock = clock;
    this.#crypto = crypto;
  }

  write(report: MemberReport): void {
    switch (report.type) {
      case 'link-up':
        return this.#linkUp(report);
      case 'link-down':
        return this.#linkDown(report);
      case 'refused':
        return this.#refused(report);
      case 'dial-failed':
        return this.#dialFailed(report);
      case 'core':
        return this.#core(report);
      case 'views-rebuilt':
        return this.#viewsRebuilt(report);
      case 'store-failed':
        return this.#storeFailed(report);
    }
  }

  #linkUp({ nodeId, address, outbound }: ReportOf<'link-up'>): void {
    this.#filter.end(`dial ${address}`);
    const node = formatNodeId(nodeId, this.#crypto);
    this.#log.info('mesh.link_up', { node, address, outbound }, `linked to ${address}`);
  }

  #linkDown({ nodeId, name, reason }: ReportOf<'link-down'>): void {
    const node = formatNodeId(nodeId, this.#crypto);
    const message = `lost the link to ${name || node}: ${reason}`;
    this.#log.warn('mesh.link_down', { node, name, reason }, message);
  }

  #refused({ address, reason, versionMismatch }: ReportOf<'refused'>): void {
    // By host: whoever dials comes from another port each time. And by reason: several may share a host.
    const host = address.slice(0, address.lastIndexOf(':'));
    const passed = this.#passes(`refused ${host}: ${reason}`, reason);
    if (passed === undefined) return;
    const event = versionMismatch ? 'mesh.version_mismatch' : 'mesh.peer_refused';
    this.#log.warn(event, { address, reason, ...passed }, `refused ${address}: ${reason}`);
  }

  #dialFailed({ address, reason, attempts, versionMismatch }: ReportOf<'dial-failed'>): void {
    const passed = this.#passes(`dial ${address}`, reason);
    if (passed === undefined) return;
    const event = versionMismatch ? 'mesh.version_mismatch' : 'mesh.dial_failed';
    const message = `no link to ${address}: ${reason}; trying on`;
    this.#log.warn(event, { address, reason, attempts, ...passed }, message);
  }

  #core({ event, detail, fault }: ReportOf<'core'>): void {
    if (fault === undefined) this.#log.warn(event, { detail }, detail);
    else this.#log.error(event, { detail, error: fault }, `fault in ${detail}`);
  }

  #viewsRebuilt({ documents }: ReportOf<'views-rebuilt'>): void {
    const message = `views were lost and rebuilt from commits: ${documents} documents`;
    this.#log.warn('store.views_rebuilt', { documents }, message);
  }

  #storeFailed({ error }: ReportOf<'store-failed'>): void {
    this.#log.error('store.failed', { error }, 'the store failed; nothing more is acknowledged');
  }

  #passes(subject: string, condition: string): { silenced: number } | undefined {
    return this.#filter.pass(subject, condition, this.#clock.now().monotonicMs);
  }
}
