// The door of the audit log.
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
export { AuditReader, type AuditRow } from './audit-reader.ts';
export { type AuditHead, FileAuditLog } from './file-audit-log.ts';
export { type AuditVerdict, verifyAudit } from './verify.ts';
