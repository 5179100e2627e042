// `holdfast key seal`: seals the key of a stopped sidecar in another way. At any moment the file is the old one or the new one.
import { join } from 'node:path';
import { type Environment, type Secret, toHex } from '../../core/index.ts';
import { auditOnce, BY_OPERATOR } from '../audit/index.ts';
import { replaceFileDurably } from '../durable-file.ts';
import { keyBeforePath, nextKeyPath } from '../identity/next-key.ts';
import { deriveNodeKey, nodeKeyPath, openSeed, writeSeed } from '../identity/node-key.ts';
import { open, type SealWith, sealingKeyName } from '../identity/sealed.ts';
import type { Sealing } from '../identity/sealing.ts';
import { readSecretFile } from '../identity/secret-file.ts';
import { LevelSource } from '../level-source.ts';
import { StartupError } from '../startup-error.ts';

export interface ResealRequest {
  readonly dataDir: string;
  /** Opens the file as it is. */
  readonly before: Sealing;
  readonly after: Sealing;
  readonly environment: Environment;
  print(text: string): void;
}

const OWNER_ONLY = 0o600;
const TEMPORARY_NAME_BYTES = 8;

/** Also the key before it and the next one, where there are such. Rejects with StartupError; then the file is what it was. */
export async function resealNodeKey(request: ResealRequest): Promise<void> {
  const { dataDir, before, after, environment } = request;
  const { random } = environment;
  const path = nodeKeyPath(dataDir);
  // Before the lock, which makes a store where there is none.
  await requireText(path);
  const stores = new LevelSource(join(dataDir, 'store'));
  await stores.lock();
  try {
    // All are opened before one is written. The one that a start needs comes last: until then it opens as before.
    const paths = [nextKeyPath(dataDir), keyBeforePath(dataDir), path];
    const seeds: [string, Secret<Uint8Array>][] = [];
    for (const one of paths) {
      const text = await readSecretFile(one);
      if (text !== undefined) seeds.push([one, await openSeed(one, text, before)]);
    }
    const by = await after.forNew();
    for (const [one, seed] of seeds) {
      const text = writeSeed(seed, by, random);
      checkOpens(text, by);
      const temporaryPath = `${one}.${toHex(random.bytes(TEMPORARY_NAME_BYTES))}.tmp`;
      await replaceFileDurably({
        ...{ path: one, temporaryPath, content: `${text}\n`, mode: OWNER_ONLY },
      });
    }
    const [, current] = seeds.at(-1) ?? [];
    if (current !== undefined) {
      const { signer } = deriveNodeKey(current.reveal());
      const what = { how: by === undefined ? 'plain' : by.kind };
      const entry = { event: 'key.sealed', by: BY_OPERATOR, what } as const;
      await auditOnce({ dataDir, signer }, environment, entry);
    }
    request.print(`${path} ${describe(by)}\n`);
  } finally {
    await stores.unlock();
  }
}

/** What cannot be opened here and now is not worth the old file. */
function checkOpens(text: string, by: SealWith | undefined): void {
  const opened: Secret<Uint8Array> | string | undefined =
    by && open(text, { purpose: 'node-seed', by });
  if (typeof opened === 'string') throw new Error(`what was sealed here ${opened}`);
}

function describe(by: SealWith | undefined): string {
  if (by === undefined) {
    return 'is plain now: whoever has a copy of the data directory has the key of this node.';
  }
  const reminder =
    'The sidecar needs it at every start; without it the node has to join again.\nCopies made before, also in backups, open as they did.';
  return by.kind === 'key'
    ? `is sealed now, with the key ${sealingKeyName(by.key)}. ${reminder}`
    : `is sealed now, with a passphrase. ${reminder}`;
}

async function requireText(path: string): Promise<string> {
  const text = await readSecretFile(path);
  if (text !== undefined) return text;
  throw new StartupError(
    `There is no ${path}. Nothing was changed.`,
    'Name the data directory of a sidecar that has a key with --data-dir.',
  );
}
