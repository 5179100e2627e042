// The door of the audit log.
export { AUDIT_EVENTS, type AuditEvent } from './audit-events.ts';
export {
  type AuditEntry,
  type AuditLog,
  BY_SIDECAR,
  byCaller,
  byNode,
  NO_AUDIT,
} from './audit-log.ts';
