// What mesh, trust and enrolment report, as entries of the audit log.
import type { ReportEvent } from '../../core/index.ts';
import type { EnrolmentReport } from '../enrolment/report.ts';
import type { RotationReport } from '../enrolment/rotation-report.ts';
import type { SupervisorReport } from '../member/index.ts';
import type { AuditEvent } from './audit-events.ts';
import { type AuditEntry, type AuditLog, BY_SIDECAR, byNode } from './audit-log.ts';

/** What the core reports and an audit asks for; of the rest the log tells. */
const CORE_EVENTS: Partial<Readonly<Record<ReportEvent, AuditEvent>>> = {
  'trust.ejected': 'trust.ejected',
  'trust.rotated': 'trust.rotated',
  'trust.policy': 'trust.policy',
  'trust.root_changed': 'trust.root_changed',
  'trust.annulled': 'trust.annulled',
  'clock.suspect': 'clock.suspect',
  'clock.trusted': 'clock.trusted',
  'core.fork': 'identity.duplicate',
  'identity.duplicate': 'identity.duplicate',
};

/** Tells the log, too, of reports that belong there. */
export function auditReports(
  log: AuditLog | undefined,
  next: (report: SupervisorReport) => void,
): (report: SupervisorReport) => void {
  if (log === undefined) return next;
  return (report) => {
    next(report);
    const entry = entryOf(report);
    if (entry !== undefined) log.record(entry);
  };
}

function entryOf(report: SupervisorReport): AuditEntry | undefined {
  switch (report.type) {
    case 'refused': {
      const { address, reason } = report;
      // By host: whoever dials comes from another port each time.
      const by = `address ${address.slice(0, address.lastIndexOf(':'))}`;
      return { event: 'mesh.refused', by, what: { reason }, like: `${by} ${reason}` };
    }
    case 'duplicate-identity': {
      const { address, saidBy } = report;
      const what = { address, ...(saidBy && { saidBy }) };
      return { event: 'identity.duplicate', by: BY_SIDECAR, what, like: saidBy ?? '' };
    }
    case 'peer-duplicated': {
      const { nodeId } = report;
      return { event: 'identity.duplicate', by: BY_SIDECAR, what: { nodeId }, like: nodeId };
    }
    case 'rotation-granted': {
      const { name, old, nodeId } = report;
      const what = { name, from: old, to: nodeId };
      return { event: 'trust.rotated', by: BY_SIDECAR, what };
    }
    case 'core': {
      const event = CORE_EVENTS[report.event];
      const what = { detail: report.detail };
      return event && { event, by: BY_SIDECAR, what, like: report.event };
    }
    case 'token-created':
    case 'token-approved':
    case 'token-revoked':
    case 'enrolled':
    case 'enrolment-refused':
    case 'certificate-issued':
    case 'certificate-renewed':
      return enrolmentEntry(report);
    default:
      return undefined;
  }
}

/** Who called is in the entry of the call. */
function enrolmentEntry(
  report: Exclude<EnrolmentReport, RotationReport | { type: 'enrolment-waiting' }>,
): AuditEntry {
  const by = BY_SIDECAR;
  switch (report.type) {
    case 'token-created': {
      const { token, name, roles, expiresMs } = report;
      const what = { token, name, roles: roles.join(','), expires: timeOf(expiresMs) };
      return { event: 'enrolment.token_created', by, what };
    }
    case 'token-approved':
    case 'token-revoked': {
      const { type, token, name } = report;
      const isRevoked = type === 'token-revoked';
      const event = isRevoked ? 'enrolment.token_revoked' : 'enrolment.token_approved';
      return { event, by, what: { token, name } };
    }
    case 'enrolled': {
      const { token, name, nodeId } = report;
      return { event: 'enrolment.granted', by, what: { token, name, nodeId } };
    }
    case 'enrolment-refused': {
      const { token, nodeId, reason, detail } = report;
      const asker = nodeId === '' ? 'a device that is not believed' : byNode(nodeId);
      return {
        ...{ event: 'enrolment.refused', by: asker, like: reason },
        what: { token, reason, detail },
      };
    }
    case 'certificate-issued': {
      const { name, nodeId, generation, expiresMs } = report;
      const what = { name, nodeId, generation: String(generation), expires: timeOf(expiresMs) };
      return { event: 'enrolment.renewed', by, what };
    }
    case 'certificate-renewed': {
      const { generation, expiresMs } = report;
      const what = { generation: String(generation), expires: timeOf(expiresMs) };
      return { event: 'enrolment.renewed', by, what };
    }
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
