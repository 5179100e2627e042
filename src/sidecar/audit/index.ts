// The door of the audit log.

export { auditControl } from './audit-control.ts';
export { AUDIT_EVENTS, type AuditEvent } from './audit-events.ts';
export { auditDirectory } from './audit-files.ts';
export {
  type AuditEntry,
  type AuditLog,
  BY_SIDECAR,
  byCaller,
  byNode,
  NO_AUDIT,
} from './audit-log.ts';
export { auditOnce, BY_OPERATOR } from './audit-once.ts';
export { AuditReader, type AuditRow } from './audit-reader.ts';
export { auditReports } from './audit-reports.ts';
export { auditSwitch } from './audit-switch.ts';
export { auditCalls, auditSecrets, auditSubmit } from './audited.ts';
export { type AuditHead, FileAuditLog } from './file-audit-log.ts';
export { verifyAudit } from './verify.ts';
export { verifyAuditFiles } from './verify-files.ts';
