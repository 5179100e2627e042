// The key of this node: one seed in a file, sealed or plain, from which the keys for signing, links and sealed values are derived.
import { join } from 'node:path';
import {
  type CertifiedKeys,
  parseHex,
  type Random,
  Secret,
  type Signer,
  toHex,
  utf8,
} from '../../core/index.ts';
import {
  createSigner,
  type KeyPair,
  keyPairFromSeed,
  sealingPairFromSeed,
  sodiumCrypto,
} from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import {
  isSealed,
  open,
  readSealedHeader,
  type SealedHeader,
  type SealWith,
  seal,
} from './sealed.ts';
import { PLAIN_SEALING, type Sealing } from './sealing.ts';
import { malformedSecret, readOrCreateSecretFile, readSecretFile } from './secret-file.ts';

const NODE_KEY_FILE = 'node.key';
const SEED_BYTES = 32;

// One label a purpose: a key that leaks or is misused says nothing about the other. Changing a label renames every node.
const SIGNING_LABEL = utf8('holdfast/v1/node/signing');
const NOISE_LABEL = utf8('holdfast/v1/node/noise');
const SEALING_LABEL = utf8('holdfast/v1/node/sealing');

export interface NodeKey {
  /** Signs commits; its public key is the node id. */
  readonly signer: Signer;
  /** Encrypts links. */
  readonly noise: KeyPair;
  /** What is sealed for this node alone is sealed to it; X25519. */
  readonly sealing: KeyPair;
}

/** The node's key in `<dataDir>/node.key`, made at the first start. Rejects with StartupError. */
export async function loadNodeKey(
  dataDir: string,
  random: Random,
  sealing: Sealing = PLAIN_SEALING,
): Promise<NodeKey> {
  const path = nodeKeyPath(dataDir);
  const present = await readSecretFile(path);
  if (present !== undefined)
    return deriveNodeKey((await openSeed(path, present, sealing)).reveal());
  const seed = new Secret(random.bytes(SEED_BYTES));
  const text = writeSeed(seed, await sealing.forNew(), random);
  const stored = await readOrCreateSecretFile(path, () => text, random);
  // Another process may have been first.
  const kept = stored === text ? seed : await openSeed(path, stored, sealing);
  return deriveNodeKey(kept.reveal());
}

export function nodeKeyPath(dataDir: string): string {
  return join(dataDir, NODE_KEY_FILE);
}

/** How the seed lies in the data directory; undefined where there is none. */
export async function readNodeKeySeal(
  dataDir: string,
): Promise<'plain' | SealedHeader['with']['kind'] | undefined> {
  const text = await readSecretFile(nodeKeyPath(dataDir));
  if (text === undefined || !isSealed(text)) return text === undefined ? undefined : 'plain';
  const header = readSealedHeader(text);
  return typeof header === 'string' ? undefined : header.with.kind;
}

/** The text of node.key. */
export function writeSeed(
  seed: Secret<Uint8Array>,
  by: SealWith | undefined,
  random: Random,
): string {
  return by === undefined ? toHex(seed.reveal()) : seal(seed, { purpose: 'node-seed', by, random });
}

/** The seed in the text of node.key. Rejects with StartupError. */
export async function openSeed(
  path: string,
  text: string,
  sealing: Sealing,
): Promise<Secret<Uint8Array>> {
  if (!isSealed(text)) {
    const seed = parseHex(text.toLowerCase());
    if (seed?.length === SEED_BYTES) return new Secret(seed);
    throw malformedSecret(path, `is not a node key: expected ${2 * SEED_BYTES} hex digits`);
  }
  const header = readSealedHeader(text);
  if (typeof header === 'string') throw malformedSecret(path, header);
  const by = await sealing.forOpening(path, header);
  const opened = open(text, { purpose: 'node-seed', by });
  if (typeof opened !== 'string') return opened;
  throw new StartupError(
    `${path} ${opened}.`,
    'Nothing was changed. Say with --seal where its key is, or type the passphrase again.',
  );
}

/** The keys of a 32-byte seed, always the same. */
export function deriveNodeKey(seed: Uint8Array): NodeKey {
  return {
    signer: createSigner(sodiumCrypto.keyedBlake2b(seed, SIGNING_LABEL)),
    noise: keyPairFromSeed(sodiumCrypto.keyedBlake2b(seed, NOISE_LABEL)),
    sealing: sealingPairFromSeed(sodiumCrypto.keyedBlake2b(seed, SEALING_LABEL)),
  };
}

/** Its public keys, as a certificate names them. */
export function certifiedKeys({ signer, noise, sealing }: NodeKey): CertifiedKeys {
  return {
    key: toHex(signer.publicKey),
    noiseKey: toHex(noise.publicKey),
    sealingKey: toHex(sealing.publicKey),
  };
}
