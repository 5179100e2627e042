// The key of this node: one seed in a file, from which the signing and the Noise keys are derived.
import { join } from 'node:path';
import { parseHex, type Random, type Signer, toHex, utf8 } from '../../core/index.ts';
import {
  createSigner,
  type KeyPair,
  keyPairFromSeed,
  sealingPairFromSeed,
  sodiumCrypto,
} from '../sodium-crypto.ts';
import { malformedSecret, readOrCreateSecretFile } from './secret-file.ts';

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
export async function loadNodeKey(dataDir: string, random: Random): Promise<NodeKey> {
  const path = join(dataDir, NODE_KEY_FILE);
  const text = await readOrCreateSecretFile(path, () => toHex(random.bytes(SEED_BYTES)), random);
  const seed = parseHex(text.toLowerCase());
  if (seed?.length !== SEED_BYTES) {
    throw malformedSecret(path, `is not a node key: expected ${2 * SEED_BYTES} hex digits`);
  }
  return deriveNodeKey(seed);
}

/** The keys of a 32-byte seed, always the same. */
export function deriveNodeKey(seed: Uint8Array): NodeKey {
  return {
    signer: createSigner(sodiumCrypto.keyedBlake2b(seed, SIGNING_LABEL)),
    noise: keyPairFromSeed(sodiumCrypto.keyedBlake2b(seed, NOISE_LABEL)),
    sealing: sealingPairFromSeed(sodiumCrypto.keyedBlake2b(seed, SEALING_LABEL)),
  };
}
