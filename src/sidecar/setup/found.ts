// `holdfast init --fleet NAME`: founds a fleet with a root key, and makes this machine its first hub.
import { resolve } from 'node:path';
import {
  type Certificate,
  certificateOf,
  encodeCertificate,
  encodeGenesis,
  fingerprint,
  type Random,
  type Secret,
  type Signer,
  type Statement,
  signStatement,
  TrustSet,
  toHex,
} from '../../core/index.ts';
import { createFleetSecret, storeFleetSecret } from '../identity/fleet-secret.ts';
import { certifiedKeys, loadNodeKey, type NodeKey } from '../identity/node-key.ts';
import { createRootKey } from '../identity/root-key.ts';
import type { Sealing } from '../identity/sealing.ts';
import { storeTrustFile, TRUST_FILE } from '../identity/trust-file.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { type InitIo, prepareDataDir } from './init.ts';

export interface FoundRequest {
  readonly dataDir: string;
  /** True when the operator named the data directory, so that the commands we print must name it too. */
  readonly dataDirNamed: boolean;
  /** For people. */
  readonly fleetName: string;
  /** Name of the first hub, and the agents it serves. */
  readonly name: string;
  readonly agents: readonly string[];
  /** File of the root key to be; `<fleet name>.root-key` in the working directory if absent. */
  readonly rootKeyFile: string | undefined;
  readonly passphrase: Secret<string>;
  /** How the key of this machine is sealed. */
  readonly sealing: Sealing;
  readonly random: Random;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly io: InitIo;
}

const FLEET_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const NONCE_BYTES = 16;
const NO_FLEET = new Uint8Array(32);
const NO_TOKEN = new Uint8Array(0);

interface Founding {
  readonly fleetId: Uint8Array;
  /** The genesis first. */
  readonly statements: readonly Statement[];
  /** Of the first hub. */
  readonly certificate: Certificate;
}

/** Makes root key, genesis and the first hub's certificate, and prints what to keep where. Rejects with StartupError. */
export async function foundFleet(request: FoundRequest): Promise<void> {
  const { dataDir, fleetName, passphrase, random } = request;
  if (!FLEET_NAME.test(fleetName)) {
    throw new StartupError(
      `"${fleetName.slice(0, 64)}" cannot be the name of a fleet. Nothing was made.`,
      'Use 1 to 63 lower-case letters, digits and hyphens; the first is no hyphen.',
    );
  }
  await prepareDataDir(dataDir);
  const rootKeyFile = resolve(request.rootKeyFile ?? `${fleetName}.root-key`);
  // Before everything else, because it fails for the most reasons. A root key without a fleet does no harm.
  const root = await createRootKey(rootKeyFile, passphrase, random);
  const key = await loadNodeKey(dataDir, random, request.sealing);
  const founding = found(request, root, key);
  await storeTrustFile(
    dataDir,
    founding.statements.map(({ bytes }) => bytes),
    random,
  );
  // Last: with it the directory belongs to a fleet.
  await storeFleetSecret(dataDir, createFleetSecret(random), random);
  request.io.print(describe(request, rootKeyFile, founding));
}

function found(request: FoundRequest, root: Signer, key: NodeKey): Founding {
  const { fleetName, name, agents, random, nowMs } = request;
  const hash = sodiumCrypto;
  const genesis = signStatement(
    'genesis',
    encodeGenesis({
      name: fleetName,
      root: toHex(root.publicKey),
      madeAtMs: nowMs,
      nonce: random.bytes(NONCE_BYTES),
    }),
    { fleetId: NO_FLEET, signer: root, hash },
  );
  const certificate = certificateOf(
    certifiedKeys(key),
    { name, roles: new Set(['hub', 'issuer', 'agent']), agents, collections: [] },
    { nowMs, generation: 1, tokenId: NO_TOKEN },
  );
  const fleetId = fleetIdOf(genesis);
  const by = { fleetId, signer: root, hash };
  const statement = signStatement('certificate', encodeCertificate(certificate), by);
  return { fleetId, statements: [genesis, statement], certificate };
}

function fleetIdOf(genesis: Statement): Uint8Array {
  const trust = TrustSet.found(genesis.bytes, sodiumCrypto);
  if (typeof trust === 'string') throw new Error(`the genesis made here is none: ${trust}`);
  return trust.fleetId;
}

function describeSealing({ dataDir, sealing: { keep } }: FoundRequest): string {
  if (keep === '') {
    return `  ${dataDir}/node.key is plain, as you asked: whoever copies it can be this hub.\n`;
  }
  return `  ${keep}
      opens ${dataDir}/node.key. Keep a copy of it where no backup of the directory is.
`;
}

function describe(
  request: FoundRequest,
  rootKeyFile: string,
  { fleetId, certificate }: Founding,
): string {
  const { dataDir, dataDirNamed, fleetName, name } = request;
  const flag = dataDirNamed ? ` --data-dir ${dataDir}` : '';
  const expires = new Date(certificate.expiresMs).toISOString().slice(0, 10);
  return `Founded the fleet ${fleetName} (${fingerprint(fleetId, sodiumCrypto)}). This machine is its first hub, ${name}.

Keep:
  ${rootKeyFile}
      the root key. Move it to two offline media now and delete it here. Whoever has it and its passphrase owns the
      fleet; without it a captured hub cannot be replaced, and this hub cannot be renewed after ${expires}.
  the passphrase
      on paper, in another place than the media.
  ${dataDir}
      stays on this machine, and in its backups: the keys of this hub, ${TRUST_FILE}, and the documents.
${describeSealing(request)}
Start this hub:
  holdfast run${flag}

Let another machine in: make a token here, and carry it there by a way you trust:
  holdfast token create${flag} --name edge-7 --role agent
  holdfast join TOKEN
`;
}
