// A join that has begun: the token and the request, kept until the device is in, so that it goes on after an interruption with the same
// bytes. It holds the token, so it is as secret as a key, and is removed with success.
//
//   holdfast join 1
//   <token>
//   <sealed request in base64>
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Random, Secret, toHex } from '../../core/index.ts';
import { replaceFileDurably, syncDirectory } from '../durable-file.ts';
import { malformedSecret, readSecretFile } from '../identity/secret-file.ts';

const FILE = 'join.pending';
const FIRST_LINE = 'holdfast join 1';
const OWNER_ONLY = 0o600;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

export interface PendingJoin {
  readonly token: Secret<string>;
  readonly sealed: Uint8Array;
}

/** Undefined where none has begun. Rejects with StartupError. */
export async function loadPendingJoin(dataDir: string): Promise<PendingJoin | undefined> {
  const path = join(dataDir, FILE);
  const text = await readSecretFile(path);
  if (text === undefined) return undefined;
  const [first, token, sealed, ...more] = text.split(/\r?\n/);
  const isWhole = token !== undefined && sealed !== undefined && BASE64.test(sealed);
  if (first !== FIRST_LINE || !isWhole || more.length > 0) {
    throw malformedSecret(path, 'is damaged', `Remove it and run holdfast join with the token.`);
  }
  return { token: new Secret(token), sealed: new Uint8Array(Buffer.from(sealed, 'base64')) };
}

export async function storePendingJoin(
  dataDir: string,
  { token, sealed }: PendingJoin,
  random: Random,
): Promise<void> {
  const path = join(dataDir, FILE);
  const lines = [FIRST_LINE, token.reveal(), Buffer.from(sealed).toString('base64')];
  await replaceFileDurably({
    ...{ path, mode: OWNER_ONLY, content: `${lines.join('\n')}\n` },
    temporaryPath: `${path}.${toHex(random.bytes(8))}.tmp`,
  });
}

/** Harmless where there is none. */
export async function forgetPendingJoin(dataDir: string): Promise<void> {
  const path = join(dataDir, FILE);
  await rm(path, { force: true });
  await syncDirectory(dirname(path));
}
