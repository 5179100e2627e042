// The audit log as the API reads it.
import type { Crypto } from '../../core/index.ts';
import type { AuditControl } from '../api/index.ts';
import { AuditReader } from './audit-reader.ts';
import type { FileAuditLog } from './file-audit-log.ts';

export function auditControl(log: FileAuditLog, crypto: Crypto): AuditControl {
  return {
    read: (range) => new AuditReader(log, crypto, range),
    head: () => ({ seq: 0, hash: '', ...log.head, nodeKey: log.node }),
    onWritten: (listener) => log.onWritten(listener),
  };
}
