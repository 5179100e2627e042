// People for the stories about the mesh: the same name has the same keys in every run, and keys are printed as names.
import {
  createIncarnation,
  type FeedId,
  INCARNATION_RANDOM_BYTES,
  type Lane,
  type NodeId,
  toHex,
  utf8,
} from '../../../src/core/index.ts';
import type { Membership } from '../../../src/mesh/index.ts';
import { createSigner, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

export const FLEET_SECRET = new Uint8Array(32).fill(7);
export const OTHER_SECRET = new Uint8Array(32).fill(8);
const STARTED_MS = 1_800_000_000_000;

const nameByNode = new Map<NodeId, string>();

export function membershipOf(name: string, fleetSecret: Uint8Array = FLEET_SECRET): Membership {
  const signer = createSigner(sodiumCrypto.blake2b(utf8(name)));
  const nodeId = toHex(signer.publicKey);
  nameByNode.set(nodeId, name);
  const random = sodiumCrypto.blake2b(utf8(`boot of ${name}`));
  const bootId = createIncarnation(
    nodeId,
    STARTED_MS,
    random.subarray(0, INCARNATION_RANDOM_BYTES),
    sodiumCrypto,
  );
  return { nodeId, bootId, fleetSecret, signer, crypto: sodiumCrypto };
}

/** The feed that this person writes in a lane. */
export function feedOf(name: string, lane: Lane): FeedId {
  const { nodeId, bootId } = membershipOf(name);
  return { author: nodeId, incarnation: bootId, lane };
}

export function nameOf(nodeId: NodeId): string {
  return nameByNode.get(nodeId) ?? nodeId.slice(0, 8);
}
