// The file that makes a node one of a founded fleet: the genesis, and the statements that lead from it to the node's certificate.
//
//   holdfast trust 1
//   <statement in base64>      the genesis first
//   ...
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../../core/index.ts';
import { toHex } from '../../core/index.ts';
import { errorCode, replaceFileDurably } from '../durable-file.ts';
import { StartupError } from '../startup-error.ts';

export const TRUST_FILE = 'fleet.trust';
const FIRST_LINE = 'holdfast trust 1';
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** A genesis, root changes and certificates: far below, unless a root was changed every day. */
const MAX_FILE_BYTES = 1024 * 1024;
const OWNER_ONLY = 0o600;

/** The statements in `<dataDir>/fleet.trust`; undefined where there is none: the fleet is open. Rejects with StartupError. */
export async function loadTrustFile(dataDir: string): Promise<readonly Uint8Array[] | undefined> {
  const path = join(dataDir, TRUST_FILE);
  const text = await readBounded(path);
  if (text === undefined) return undefined;
  const statements = parseTrust(text);
  if (statements !== undefined) return statements;
  throw new StartupError(
    `${path} is damaged: it is not the text of statements that ${TRUST_FILE} holds.`,
    `Restore it from a backup, or take it from another member: only the lines of this node's own certificate differ.`,
  );
}

/** Writes `<dataDir>/fleet.trust`, in place of the one there is. */
export async function storeTrustFile(
  dataDir: string,
  statements: readonly Uint8Array[],
  random: Random,
): Promise<void> {
  const path = join(dataDir, TRUST_FILE);
  const temporaryPath = `${path}.${toHex(random.bytes(8))}.tmp`;
  await replaceFileDurably({
    ...{ path, temporaryPath, mode: OWNER_ONLY, content: formatTrust(statements) },
  });
}

export function formatTrust(statements: readonly Uint8Array[]): string {
  const lines = statements.map((bytes) => Buffer.from(bytes).toString('base64'));
  return `${[FIRST_LINE, ...lines].join('\n')}\n`;
}

/** Undefined for what is no such text. Nothing is verified yet. */
export function parseTrust(text: string): readonly Uint8Array[] | undefined {
  const [first, ...lines] = text.trim().split(/\r?\n/);
  if (first !== FIRST_LINE || lines.length === 0) return undefined;
  if (!lines.every((line) => BASE64.test(line))) return undefined;
  return lines.map((line) => new Uint8Array(Buffer.from(line, 'base64')));
}

async function readBounded(path: string): Promise<string | undefined> {
  try {
    await using handle = await open(path, 'r');
    const { size } = await handle.stat();
    return size > MAX_FILE_BYTES ? '' : await handle.readFile('utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new StartupError(
      `Cannot read ${path}: ${error instanceof Error ? error.message : String(error)}.`,
      'The user the sidecar runs as must be able to read and write the data directory.',
      error,
    );
  }
}
