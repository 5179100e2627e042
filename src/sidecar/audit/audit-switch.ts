// The last word of a key in the audit log: which one its node goes on with, signed, so that whoever checks the log follows it there.
import { type Signer, toHex } from '../../core/index.ts';
import { BY_SIDECAR } from './audit-log.ts';
import { FileAuditLog, type FileAuditLogParts } from './file-audit-log.ts';

/** Resolves when it is written, or could not be. */
export async function auditSwitch(
  parts: Omit<FileAuditLogParts, 'signer'>,
  old: Signer,
  next: Signer,
): Promise<void> {
  const log = new FileAuditLog({ ...parts, signer: old });
  const what = { from: toHex(old.publicKey), to: toHex(next.publicKey) };
  log.record({ event: 'trust.rotated', by: BY_SIDECAR, what });
  await log.close();
}
