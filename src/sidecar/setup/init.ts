// `holdfast init --open`: makes this machine the first member of a new open fleet, or with another member's secret the next one of theirs.
import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { fingerprint, type Random, type Secret } from '../../core/index.ts';
import { fleetIdOf } from '../identity/fleet.ts';
import {
  createFleetSecret,
  type FleetSecret,
  loadFleetSecret,
  parseFleetSecret,
  storeFleetSecret,
} from '../identity/fleet-secret.ts';
import { loadNodeKey } from '../identity/node-key.ts';
import type { Sealing } from '../identity/sealing.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';

export interface InitRequest {
  readonly dataDir: string;
  /** True when the operator named the data directory, so that the commands we print must name it too. */
  readonly dataDirNamed: boolean;
  /** File with the secret of the fleet to join, `-` for standard input. Absent: a new fleet. */
  readonly joinFile?: string | undefined;
  /** Makes the key of this machine at once, and seals it so. Absent: the first start makes a plain one. */
  readonly sealing?: Sealing | undefined;
  readonly random: Random;
  readonly io: InitIo;
}

export interface InitIo {
  /** The text of the file, of standard input for `-`. */
  read(file: string): Promise<string>;
  print(text: string): void;
  /** What an operator types unseen; undefined where nobody sits at a terminal. */
  askSecret(question: string): Promise<Secret<string> | undefined>;
}

/** What the copied file is called, here and on the machine it is copied to. */
const FLEET_KEY_FILE = 'fleet.key';
const OWNER_ONLY = 0o700;
/** Permission bits of group and others. */
const OTHERS = 0o077;

/** Writes `<dataDir>/fleet.key` and prints what to do next. Rejects with StartupError; then nothing was changed. */
export async function initFleet(request: InitRequest): Promise<void> {
  const { dataDir, joinFile, random, io } = request;
  await refuseSecondFleet(dataDir, joinFile);
  const secret =
    joinFile === undefined ? createFleetSecret(random) : await readJoinFile(joinFile, io);
  await makePrivateDirectory(dataDir);
  if (request.sealing !== undefined) await loadNodeKey(dataDir, random, request.sealing);
  await storeFleetSecret(dataDir, secret, random);
  io.print(
    joinFile === undefined ? describeNewFleet(request, secret) : describeJoined(request, secret),
  );
}

/** Makes the directory of a node that belongs to no fleet yet. Rejects with StartupError; then nothing was changed. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  await refuseSecondFleet(dataDir, undefined);
  await makePrivateDirectory(dataDir);
}

async function refuseSecondFleet(dataDir: string, joinFile: string | undefined): Promise<void> {
  const present = await loadFleetSecret(dataDir);
  // Joining the same fleet again is decided where both secrets are known.
  if (present === undefined || joinFile !== undefined) return;
  throw new StartupError(
    `${dataDir} already belongs to a fleet, ${fingerprint(await fleetIdOf(dataDir, present), sodiumCrypto)}. Nothing was changed.`,
    'Start it with `holdfast run`, or give another --data-dir for a new fleet.',
  );
}

async function readJoinFile(file: string, io: InitIo): Promise<FleetSecret> {
  let text: string;
  try {
    text = await io.read(file);
  } catch (cause) {
    throw new StartupError(
      `Cannot read the fleet secret from ${file === '-' ? 'standard input' : file}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      `Copy ${FLEET_KEY_FILE} from a member's data directory and name it with --join-file.`,
      cause,
    );
  }
  return parseFleetSecret(text);
}

/** Everything below holds keys, tokens and documents. A directory that others may enter is made private only while it is empty. */
async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: OWNER_ONLY });
    if (((await stat(path)).mode & OTHERS) === 0) return;
    if ((await readdir(path)).length === 0) {
      await chmod(path, OWNER_ONLY);
      return;
    }
  } catch (cause) {
    throw new StartupError(
      `Cannot prepare ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`,
      'Give a --data-dir that this user may write.',
      cause,
    );
  }
  throw new StartupError(
    `${path} has files in it and other users may enter it. Nothing was changed.`,
    `Give a --data-dir of its own, or run: chmod 700 ${path}`,
  );
}

/** What status shows on every member of the fleet. */
function fleetName(secret: FleetSecret): string {
  return fingerprint(secret.fleetId, sodiumCrypto);
}

const OPEN_MODE = `This fleet is open: every holder of the secret is trusted, and may read and write everything in the fleet.
Keep the file as you keep a root password.
`;

function describeNewFleet({ dataDir, dataDirNamed }: InitRequest, secret: FleetSecret): string {
  const flag = dataDirNamed ? ` --data-dir ${dataDir}` : '';
  return `Made the fleet ${fleetName(secret)}. Its secret is in ${dataDir}/${FLEET_KEY_FILE}.

Start this sidecar:
  holdfast run${flag}

Add another machine: copy ${FLEET_KEY_FILE} there by a way you trust, for example with scp, and run on it:
  holdfast init --join-file ${FLEET_KEY_FILE}
  holdfast run

On the same LAN they find each other; elsewhere add --peer <address of this machine>:7677.

${OPEN_MODE}`;
}

function describeJoined(
  { dataDir, dataDirNamed, joinFile }: InitRequest,
  secret: FleetSecret,
): string {
  const flag = dataDirNamed ? ` --data-dir ${dataDir}` : '';
  const leftover =
    joinFile === '-'
      ? ''
      : `The secret is now in ${dataDir}/${FLEET_KEY_FILE}; ${joinFile} is no longer needed.\n`;
  return `Joined the fleet ${fleetName(secret)}. ${leftover}
Start this sidecar:
  holdfast run${flag}

Where no other member is on the same LAN, add --peer <address of a member>:7677.

${OPEN_MODE}`;
}
