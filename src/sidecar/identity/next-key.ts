// Another key for a node: made while it runs, taken up at a start that finds a certificate for it. At any moment the data directory is that
// of a node that can be started.
//
//   node.key.next     made, sealed as node.key is ──► asked for ──► fleet.trust holds the certificates of both keys
//   node.key.before   what node.key was, once node.key.next has its name: it opens what was sealed for the node until then
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Random, Secret, toHex } from '../../core/index.ts';
import { replaceFileDurably, syncDirectory } from '../durable-file.ts';
import { StartupError } from '../startup-error.ts';
import { isHeir } from './fleet.ts';
import {
  deriveNodeKey,
  loadNodeKey,
  type NodeKey,
  nodeKeyPath,
  openSeed,
  writeSeed,
} from './node-key.ts';
import { isSealed, NODE_PASSPHRASE_COST, readSealedHeader, type SealWith } from './sealed.ts';
import type { Sealing } from './sealing.ts';
import { malformedSecret, readOrCreateSecretFile, readSecretFile } from './secret-file.ts';

const OWNER_ONLY = 0o600;
const SEED_BYTES = 32;
const TEMPORARY_NAME_BYTES = 8;

/** Where the key is that a node is to go on with. Both reject with StartupError. */
export interface NextKeyPlace {
  /** Undefined where none was made. */
  load(): Promise<NodeKey | undefined>;
  loadOrMake(): Promise<NodeKey>;
}

export interface StartKeys {
  readonly key: NodeKey;
  /** The key that was replaced last. */
  readonly before: NodeKey | undefined;
  /** Where the next one will be. */
  readonly place: NextKeyPlace;
  /** What an operator is to know, one sentence each. */
  readonly warnings: readonly string[];
}

export interface StartKeysRequest {
  readonly dataDir: string;
  readonly random: Random;
  readonly sealing: Sealing;
  /** The node goes on under another key: told before it does, and perhaps twice. */
  onSwitch(old: NodeKey, next: NodeKey): Promise<void>;
}

export function nextKeyPath(dataDir: string): string {
  return `${nodeKeyPath(dataDir)}.next`;
}

export function keyBeforePath(dataDir: string): string {
  return `${nodeKeyPath(dataDir)}.before`;
}

export function nextKeyPlace(dataDir: string, random: Random, sealing: Sealing): NextKeyPlace {
  const path = nextKeyPath(dataDir);
  // An operator types a passphrase once.
  let known: { readonly text: string; readonly key: NodeKey } | undefined;
  const load = async (): Promise<NodeKey | undefined> => {
    const text = await readSecretFile(path);
    if (text === undefined) return undefined;
    if (known?.text !== text) known = { text, key: await openKey(path, text, sealing) };
    return known.key;
  };
  return {
    load,
    loadOrMake: async () => {
      const present = await load();
      if (present !== undefined) return present;
      const by = await sealingOf(dataDir, sealing);
      const seed = new Secret(random.bytes(SEED_BYTES));
      const made = writeSeed(seed, by, random);
      const text = await readOrCreateSecretFile(path, () => made, random);
      const isOurs = text === made;
      const key = isOurs ? deriveNodeKey(seed.reveal()) : await openKey(path, text, sealing);
      known = { text, key };
      return key;
    },
  };
}

/** The key of this start: the next one, if it was certified. Rejects with StartupError. */
export async function loadStartKeys(request: StartKeysRequest): Promise<StartKeys> {
  const { dataDir, random, sealing } = request;
  const key = await loadNodeKey(dataDir, random, sealing);
  const place = nextKeyPlace(dataDir, random, sealing);
  const [next, warnings] = await tried(nextKeyPath(dataDir), place.load());
  const isNew = next !== undefined && idOf(next) !== idOf(key);
  if (isNew && (await isHeir(dataDir, idOf(next), idOf(key)))) {
    await request.onSwitch(key, next);
    await takeUp(dataDir, random);
    return { key: next, before: key, place, warnings };
  }
  const path = keyBeforePath(dataDir);
  const [before, more] = await tried(path, loadKeyAt(path, sealing));
  return { key, before, place, warnings: [...warnings, ...more] };
}

/** First the copy of the old key, then one rename: until then a start has the old key, from then on the new one. */
async function takeUp(dataDir: string, random: Random): Promise<void> {
  const path = nodeKeyPath(dataDir);
  const text = await readSecretFile(path);
  if (text === undefined) throw new Error(`${path} vanished during the start`);
  const before = keyBeforePath(dataDir);
  const temporaryPath = `${before}.${toHex(random.bytes(TEMPORARY_NAME_BYTES))}.tmp`;
  await replaceFileDurably({
    path: before,
    temporaryPath,
    content: `${text}\n`,
    mode: OWNER_ONLY,
  });
  await rename(nextKeyPath(dataDir), path);
  await syncDirectory(dirname(path));
}

/** What cannot be read does not keep a node from starting with the key it has. */
async function tried(
  path: string,
  loading: Promise<NodeKey | undefined>,
): Promise<[NodeKey | undefined, readonly string[]]> {
  try {
    return [await loading, []];
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return [undefined, [`${path} is not used: ${error.message}`]];
  }
}

async function loadKeyAt(path: string, sealing: Sealing): Promise<NodeKey | undefined> {
  const text = await readSecretFile(path);
  return text === undefined ? undefined : openKey(path, text, sealing);
}

async function openKey(path: string, text: string, sealing: Sealing): Promise<NodeKey> {
  return deriveNodeKey((await openSeed(path, text, sealing)).reveal());
}

/** What node.key is sealed with, once it was seen to open it; undefined where it is plain. */
async function sealingOf(dataDir: string, sealing: Sealing): Promise<SealWith | undefined> {
  const path = nodeKeyPath(dataDir);
  const text = await readSecretFile(path);
  if (text === undefined) throw new StartupError(`There is no ${path}.`, 'Start the sidecar anew.');
  if (!isSealed(text)) return undefined;
  const header = readSealedHeader(text);
  if (typeof header === 'string') throw malformedSecret(path, header);
  const by = await sealing.forOpening(path, header);
  await openSeed(path, text, { ...sealing, forOpening: () => Promise.resolve(by) });
  return by.kind === 'key' ? by : { ...by, cost: NODE_PASSPHRASE_COST };
}

function idOf({ signer }: NodeKey): string {
  return toHex(signer.publicKey);
}
