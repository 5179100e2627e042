// `holdfast audit verify`: reads the audit log of a data directory, or what was exported, and checks it.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Crypto, formatNodeId } from '../../core/index.ts';
import { StartupError } from '../startup-error.ts';
import { auditDirectory, auditFileName } from './audit-files.ts';
import type { AuditHead } from './file-audit-log.ts';
import { type AuditPart, type AuditVerdict, verifyAudit } from './verify.ts';

/** What is exported is smaller than all files of a log. */
const MAX_EXPORT_BYTES = 256 * 1024 * 1024;

export interface AuditCheck {
  readonly dataDir: string;
  /** An export to check instead of the directory. */
  readonly file: string | undefined;
  /** Whose log it must be: a node id as it is shown. */
  readonly node: string | undefined;
  /** A head that was noted. */
  readonly head: AuditHead | undefined;
  readonly crypto: Crypto;
}

/** The verdict, with the node id as it is shown. Rejects with StartupError when there is no log. */
export async function verifyAuditFiles(
  check: AuditCheck,
): Promise<AuditVerdict & { readonly nodeId: string }> {
  const { dataDir, file, crypto, head } = check;
  const read = async () => (file === undefined ? filesOf(dataDir) : [await exportOf(file)]);
  let verdict = verifyAudit(await read(), crypto, { head });
  // A sidecar may have been writing just then.
  if (verdict.findings.length > 0) verdict = verifyAudit(await read(), crypto, { head });
  const nodeId = verdict.node === undefined ? '' : formatNodeId(verdict.node, crypto);
  if (check.node === undefined || check.node === nodeId) return { ...verdict, nodeId };
  const foreign = `it is the log of ${nodeId || 'nobody'}, not of ${check.node}`;
  return { ...verdict, nodeId, findings: [foreign, ...verdict.findings] };
}

async function filesOf(dataDir: string): Promise<AuditPart[]> {
  const directory = join(dataDir, 'audit');
  const files = auditDirectory(directory);
  const numbers = await files.list().catch((error: unknown) => {
    throw unreadable(directory, error);
  });
  if (numbers.length === 0) {
    throw new StartupError(
      `There is no audit log in ${dataDir}. Nothing was checked.`,
      'Name the data directory of a sidecar with --data-dir, or a file that was exported.',
    );
  }
  const parts: AuditPart[] = [];
  for (const file of numbers) {
    const name = auditFileName(file);
    const bytes = await files.read(file).catch((error: unknown) => {
      throw unreadable(join(directory, name), error);
    });
    parts.push({ name, file, bytes });
  }
  return parts;
}

async function exportOf(file: string): Promise<AuditPart> {
  try {
    const { size } = await stat(file);
    if (size > MAX_EXPORT_BYTES) throw new Error(`it has ${size} bytes`);
    return { name: file, file: undefined, bytes: await readFile(file) };
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(what: string, error: unknown): StartupError {
  const why = error instanceof Error ? error.message : String(error);
  return new StartupError(
    `${what} cannot be read: ${why}. Nothing was checked.`,
    'Run it as the user of the sidecar, or check an export.',
    error,
  );
}
