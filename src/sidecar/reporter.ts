// What a member reports, as log lines: stable event names, one line an event, repetitions counted instead of printed.
import { type Crypto, formatNodeId, type Clock } from '../core/index.ts';
import type { Log } from './log.ts';
import type { MemberReport } from './member.ts';
import { RepeatFilter } from './repeat-filter.ts';

/** A peer that stays away is mentioned once a minute, with how often it was tried. */
const REPEAT_INTERVAL_MS = 60_000;

/** Returns the function that writes reports to the log. */
export function createReporter(log: Log, clock: Clock, crypto: Crypto): (report: MemberReport) => void {
  const filter = new RepeatFilter(REPEAT_INTERVAL_MS);
  const passes = (subject: string, condition: string): { silenced: number } | undefined =>
    filter.pass(subject, condition, clock.now().monotonicMs);

  return (report) => {
    switch (report.type) {
      case 'link-up': {
        filter.end(`dial ${report.address}`);
        const node = formatNodeId(report.nodeId, crypto);
        const { address, outbound } = report;
        log.info('mesh.link_up', { node, address, outbound }, `linked to ${address}`);
        return;
      }
      case 'link-down': {
        const node = formatNodeId(report.nodeId, crypto);
        const { name, reason } = report;
        log.warn('mesh.link_down', { node, name, reason }, `lost the link to ${name || node}: ${reason}`);
        return;
      }
      case 'refused': {
        const { address, reason } = report;
        const host = address.slice(0, address.lastIndexOf(':'));
        const passed = passes(`refused ${host}`, reason);
        if (passed === undefined) return;
        const event = reason.startsWith('it speaks protocol') ? 'mesh.version_mismatch' : 'mesh.peer_refused';
        log.warn(event, { address, reason, ...passed }, `refused ${address}: ${reason}`);
        return;
      }
      case 'dial-failed': {
        const { address, reason, attempts } = report;
        const passed = passes(`dial ${address}`, reason);
        if (passed === undefined) return;
        const event = reason.startsWith('it speaks protocol') ? 'mesh.version_mismatch' : 'mesh.dial_failed';
        log.warn(event, { address, reason, attempts, ...passed }, `no link to ${address}: ${reason}; trying on`);
        return;
      }
      case 'core':
        if (report.fault === undefined) log.warn(report.event, { detail: report.detail }, report.detail);
        else log.error(report.event, { detail: report.detail, error: report.fault }, `fault in ${report.detail}`);
        return;
      case 'views-rebuilt':
        log.warn(
          'store.views_rebuilt',
          { documents: report.documents },
          `views were lost and rebuilt from commits: ${report.documents} documents`,
        );
        return;
      case 'store-failed':
        log.error('store.failed', { error: report.error }, 'the store failed; nothing more is acknowledged');
        return;
    }
  };
}
