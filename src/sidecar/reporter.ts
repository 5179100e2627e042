// What a member reports, as log lines: stable event names, one line an event, repetitions counted instead of printed.
import { type Clock, type Crypto, formatNodeId } from '../core/index.ts';
import { logEnrolment } from './enrolment/report.ts';
import type { Log } from './log.ts';
import { describeDuplicate, type SupervisorReport } from './member/index.ts';
import { RepeatFilter } from './repeat-filter.ts';

/** A peer that stays away is mentioned once a minute, with how often it was tried. */
const REPEAT_INTERVAL_MS = 60_000;
/** Damaged records that get a line each. */
const MAX_DAMAGE_LINES = 50;
const BYTES_PER_MIB = 1024 * 1024;

type ReportOf<Type extends SupervisorReport['type']> = Extract<SupervisorReport, { type: Type }>;

/** Returns the function that writes reports to the log. */
export function createReporter(
  log: Log,
  clock: Clock,
  crypto: Crypto,
): (report: SupervisorReport) => void {
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

  write(report: SupervisorReport): void {
    switch (report.type) {
      case 'link-up':
        return this.#linkUp(report);
      case 'link-down':
        return this.#linkDown(report);
      case 'refused':
        return this.#refused(report);
      case 'dial-failed':
        return this.#dialFailed(report);
      case 'contact-given-up':
        return this.#givenUp(report);
      case 'contact-corrected':
        return this.#corrected(report);
      case 'token-created':
      case 'token-approved':
      case 'token-revoked':
      case 'enrolment-waiting':
      case 'enrolled':
      case 'certificate-issued':
      case 'certificate-renewed':
      case 'rotation-asked':
      case 'rotation-certified':
      case 'rotated':
      case 'rotation-granted':
      case 'rotation-refused':
      case 'key-retired':
        return logEnrolment(this.#log, this.#crypto, report);
      case 'enrolment-refused':
        return this.#notLetIn(report);
      case 'addresses-stated':
        return this.#stated(report);
      case 'statement-ignored':
        return this.#statementIgnored(report);
      case 'held':
        return this.#held(report);
      case 'discovery-started':
        return this.#discoveryStarted(report);
      case 'discovery-trouble':
        return this.#discoveryTrouble(report);
      case 'read-failed':
        return this.#readFailed(report);
      case 'duplicate-identity':
        return this.#duplicate(report);
      case 'peer-duplicated':
        return this.#peerDuplicated(report);
      case 'quiet':
      case 'quiet-over':
        return this.#quiet(report);
      case 'identity-reused':
        return this.#reused(report);
      case 'core':
        return this.#core(report);
      case 'views-rebuilt':
        return this.#viewsRebuilt(report);
      case 'store-failed':
        return this.#storeFailed(report);
      case 'core-fault':
        return this.#coreFault(report);
      case 'store-reopen-failed':
        return this.#reopenFailed(report);
      case 'store-reopened':
        return this.#reopened(report);
      case 'store-damaged':
        return this.#damaged(report);
      case 'disk-full':
      case 'disk-roomy':
        return this.#disk(report);
    }
  }

  #linkUp({ nodeId, address, outbound }: ReportOf<'link-up'>): void {
    this.#filter.end(`dial ${address}`);
    const node = formatNodeId(nodeId, this.#crypto);
    this.#log.info('mesh.link_up', { node, address, outbound }, `linked to ${address}`);
  }

  #stated({ addresses }: ReportOf<'addresses-stated'>): void {
    const told = addresses.length === 0 ? 'nowhere' : addresses.join(', ');
    this.#log.info('mesh.addresses_stated', { addresses }, `others are told to dial ${told}`);
  }

  #statementIgnored({ nodeId, reason, ignored }: ReportOf<'statement-ignored'>): void {
    const node = formatNodeId(nodeId, this.#crypto);
    const passed = this.#passes(`statement ${node}`, reason);
    if (passed === undefined) return;
    const message = `some addresses that ${node} states are not used: ${reason}`;
    this.#log.warn('mesh.statement_ignored', { node, reason, ignored, ...passed }, message);
  }

  #held({ nodeId, feed, reason, retryAfterMs }: ReportOf<'held'>): void {
    const author = formatNodeId(feed.author, this.#crypto);
    const passed = this.#passes(`held ${author}`, reason);
    if (passed === undefined) return;
    const node = nodeId === '' ? '' : formatNodeId(nodeId, this.#crypto);
    const { lane } = feed;
    const message = `commits of ${author} are not taken for now: ${reason}`;
    this.#log.warn(
      'mesh.feed_held',
      { node, author, lane, reason, retryAfterMs, ...passed },
      message,
    );
  }

  #readFailed({ nodeId, reason }: ReportOf<'read-failed'>): void {
    const passed = this.#passes('read', reason);
    if (passed === undefined) return;
    const node = nodeId === '' ? '' : formatNodeId(nodeId, this.#crypto);
    const message = `cannot read commits to send: ${reason}`;
    this.#log.error('mesh.read_failed', { node, reason, ...passed }, message);
  }

  #discoveryStarted({ source }: ReportOf<'discovery-started'>): void {
    this.#log.info('discovery.started', { source }, `members are looked for by ${source}`);
  }

  #discoveryTrouble({ source, reason }: ReportOf<'discovery-trouble'>): void {
    const passed = this.#passes(`discovery ${source} ${reason}`, reason);
    if (passed === undefined) return;
    const message = `${source} discovery: ${reason}; trying on`;
    this.#log.warn('discovery.trouble', { source, reason, ...passed }, message);
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

  /** By token where its holder came with it, otherwise by reason: strangers come as often as they like, with a new name each time. */
  #notLetIn(report: ReportOf<'enrolment-refused'>): void {
    const { reason, token, nodeId } = report;
    const passed = this.#passes(`not let in ${reason} ${nodeId === '' ? '' : token}`, reason);
    if (passed !== undefined) logEnrolment(this.#log, this.#crypto, report, passed);
  }

  #dialFailed(report: ReportOf<'dial-failed'>): void {
    const { address, reason, attempts, versionMismatch, triesOn } = report;
    const passed = this.#passes(`dial ${address}`, reason);
    if (passed === undefined) return;
    const event = versionMismatch ? 'mesh.version_mismatch' : 'mesh.dial_failed';
    const next = triesOn ? 'trying on' : 'not tried again before the network changes';
    const message = `no link to ${address}: ${reason}; ${next}`;
    this.#log.warn(event, { address, reason, attempts, ...passed }, message);
  }

  #givenUp({ address, reason, attempts }: ReportOf<'contact-given-up'>): void {
    const passed = this.#passes(`given up ${address}`, reason);
    if (passed === undefined) return;
    const message = `${address} was found and leads nowhere: ${reason}; it is not tried any more`;
    this.#log.info('mesh.contact_given_up', { address, reason, attempts, ...passed }, message);
  }

  #corrected({ address, ...report }: ReportOf<'contact-corrected'>): void {
    const node = formatNodeId(report.nodeId, this.#crypto);
    const expected = formatNodeId(report.expected, this.#crypto);
    const passed = this.#passes(`corrected ${address}`, node);
    if (passed === undefined) return;
    const message = `${address} is ${node}, and was said to be ${expected}; the link is kept`;
    this.#log.warn('mesh.contact_corrected', { address, node, expected, ...passed }, message);
  }

  #quiet(report: ReportOf<'quiet' | 'quiet-over'>): void {
    const { linkClass } = report;
    if (report.type === 'quiet') {
      const { closed, reason } = report;
      const message = `${reason}; links closed: ${closed}`;
      this.#log.info('mesh.quiet_hours', { linkClass, closed }, message);
    } else {
      const message = `quiet hours of ${linkClass} links are over`;
      this.#log.info('mesh.quiet_hours_over', { linkClass }, message);
    }
  }

  #core({ event, detail, fault }: ReportOf<'core'>): void {
    if (fault === undefined) this.#log.warn(event, { detail }, detail);
    else this.#log.error(event, { detail, error: fault }, `fault in ${detail}`);
  }

  #duplicate(report: ReportOf<'duplicate-identity'>): void {
    const { address, bootId, saidBy } = report;
    const told = saidBy === undefined ? { bootId } : { node: formatNodeId(saidBy, this.#crypto) };
    this.#log.warn('identity.duplicate', { address, ...told }, describeDuplicate(report));
  }

  #peerDuplicated({ nodeId }: ReportOf<'peer-duplicated'>): void {
    const node = formatNodeId(nodeId, this.#crypto);
    const message = `duplicate identity: two processes run with the key of ${node}; one of them must be stopped`;
    this.#log.warn('identity.peer_duplicate', { node }, message);
  }

  #reused({ error }: ReportOf<'identity-reused'>): void {
    const message = `this process was rolled back or cloned while it ran, so it goes on under another incarnation: ${error.message}`;
    this.#log.warn('identity.reused', { error }, message);
  }

  #viewsRebuilt({ documents }: ReportOf<'views-rebuilt'>): void {
    const message = `views were lost and rebuilt from commits: ${documents} documents`;
    this.#log.warn('store.views_rebuilt', { documents }, message);
  }

  #storeFailed({ error }: ReportOf<'store-failed'>): void {
    const message =
      'the store failed; nothing is acknowledged until it was opened again and checked';
    this.#log.error('store.failed', { error }, message);
  }

  #coreFault({ error, faults }: ReportOf<'core-fault'>): void {
    const message = `a fault of the core, number ${faults} in ten minutes; the sidecar starts anew inside`;
    this.#log.error('core.fault', { error, faults }, message);
  }

  #reopenFailed({ error, attempts }: ReportOf<'store-reopen-failed'>): void {
    const reason = error instanceof Error ? error.message : String(error);
    const passed = this.#passes('reopen', reason);
    if (passed === undefined) return;
    const message = `the store cannot be opened: ${reason} Trying on.`;
    this.#log.error('store.reopen_failed', { error, attempts, ...passed }, message);
  }

  #reopened({ attempts, downMs }: ReportOf<'store-reopened'>): void {
    this.#filter.end('reopen');
    const message = `the store is open again after ${downMs} ms`;
    this.#log.info('store.reopened', { attempts, downMs }, message);
  }

  #damaged({ damage, unnamed }: ReportOf<'store-damaged'>): void {
    for (const { what, detail } of damage.slice(0, MAX_DAMAGE_LINES)) {
      this.#log.error('store.damaged', { what, detail }, `${what} ${detail}`);
    }
    const more = Math.max(0, damage.length - MAX_DAMAGE_LINES) + unnamed;
    if (more === 0) return;
    this.#log.error('store.damaged', { more }, `${more} more records of the store are damaged`);
  }

  #disk({ type, space }: ReportOf<'disk-full' | 'disk-roomy'>): void {
    const freeMiB = Math.floor(space.freeBytes / BYTES_PER_MIB);
    const fields = { freeMiB, totalMiB: Math.floor(space.totalBytes / BYTES_PER_MIB) };
    if (type === 'disk-full') {
      const message = `the disk is nearly full, ${freeMiB} MiB are free; nothing is written until there is room`;
      this.#log.error('disk.full', fields, message);
    } else {
      const message = `there is room on the disk again, ${freeMiB} MiB are free; writes are taken`;
      this.#log.info('disk.roomy', fields, message);
    }
  }

  #passes(subject: string, condition: string): { silenced: number } | undefined {
    return this.#filter.pass(subject, condition, this.#clock.now().monotonicMs);
  }
}
