// One entry in the audit log of a sidecar that does not run, of a verb that works on its data directory.
import { join } from 'node:path';
import type { Environment, Signer } from '../../core/index.ts';
import { auditDirectory } from './audit-files.ts';
import type { AuditEntry } from './audit-log.ts';
import { FileAuditLog } from './file-audit-log.ts';

/** Whoever started the verb. */
export const BY_OPERATOR = 'operator';

/** Never fails, as what was done is done: an entry that cannot be written is lost. */
export async function auditOnce(
  { dataDir, signer }: { readonly dataDir: string; readonly signer: Signer },
  environment: Environment,
  entry: AuditEntry,
): Promise<void> {
  const files = auditDirectory(join(dataDir, 'audit'));
  const log = new FileAuditLog({ ...environment, signer, files });
  log.record(entry);
  await log.close();
}
