// The fleet a data directory belongs to: open to every holder of its secret, or founded, with a certificate for each member.
import {
  type Certificate,
  heirsOf,
  type NodeId,
  type Trust,
  type TrustSet,
  toHex,
} from '../../core/index.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { openTrust } from '../trust/member-trust.ts';
import { type FleetSecret, requireFleetSecret } from './fleet-secret.ts';
import { loadTrustFile, TRUST_FILE } from './trust-file.ts';

export type FleetMode = 'open' | 'founded';

export interface Fleet {
  readonly mode: FleetMode;
  /** What members find and greet each other with, in both modes. */
  readonly secret: FleetSecret;
  /** 32 bytes. Of an open fleet made of its secret, of a founded one of its genesis. */
  readonly fleetId: Uint8Array;
  /** The genesis, then what leads to the own certificate; undefined in an open fleet. */
  readonly founded: readonly Uint8Array[] | undefined;
  /** The current certificate of this node; undefined in an open fleet. */
  readonly certificate: Certificate | undefined;
}

/** The fleet of the data directory of a node. Rejects with StartupError. */
export async function loadFleet(dataDir: string, nodeKey: Uint8Array): Promise<Fleet> {
  const secret = await requireFleetSecret(dataDir);
  const founded = await loadTrustFile(dataDir);
  if (founded === undefined) return openFleet(secret);
  const trust = readTrust(dataDir, founded);
  return { ...foundedFleet(secret, founded, trust), certificate: ownOf(dataDir, trust, nodeKey) };
}

/** A fleet without certificates. */
export function openFleet(secret: FleetSecret): Fleet {
  const { fleetId } = secret;
  return { mode: 'open', secret, fleetId, founded: undefined, certificate: undefined };
}

/** Names the fleet of a data directory, whatever else is in it. */
export async function fleetIdOf(dataDir: string, secret: FleetSecret): Promise<Uint8Array> {
  const founded = await loadTrustFile(dataDir);
  return founded === undefined ? secret.fleetId : readTrust(dataDir, founded).fleetId;
}

function foundedFleet(
  secret: FleetSecret,
  founded: readonly Uint8Array[],
  { fleetId }: TrustSet,
): Omit<Fleet, 'certificate'> {
  return { mode: 'founded', secret, fleetId, founded };
}

function readTrust(dataDir: string, founded: readonly Uint8Array[]): TrustSet {
  try {
    return openTrust(founded, [], sodiumCrypto);
  } catch (error) {
    throw new StartupError(
      `${dataDir}/${TRUST_FILE} founds no fleet: ${error instanceof Error ? error.message : String(error)}.`,
      'Restore it from a backup, or join the fleet again in an empty data directory.',
      error,
    );
  }
}

function ownOf(dataDir: string, { trust }: TrustSet, nodeKey: Uint8Array): Certificate {
  const own = currentOf(trust, toHex(nodeKey));
  if (own !== undefined) return own;
  throw new StartupError(
    `${dataDir}/${TRUST_FILE} holds no certificate for the key in ${dataDir}/node.key.`,
    'Restore both from the same backup, or join the fleet with a new token in an empty data directory.',
  );
}

/** Whether the data directory holds a certificate by which a key takes the place of another one. Rejects with StartupError. */
export async function isHeir(dataDir: string, key: NodeId, predecessor: NodeId): Promise<boolean> {
  const founded = await loadTrustFile(dataDir);
  if (founded === undefined) return false;
  return heirsOf(readTrust(dataDir, founded).trust, predecessor).some((heir) => heir.key === key);
}

/** The newest certificate of a member; undefined where there is none. */
export function currentOf(trust: Trust, key: NodeId): Certificate | undefined {
  return trust.members.get(key)?.certificates[0];
}
