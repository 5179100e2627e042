// The secret that the members of a fleet in open mode share: whoever holds it is a member.
import { join } from 'node:path';
import { bytesEqual, concatBytes, type Random, Secret, toBase32, utf8 } from '../../core/index.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { parseBase32 } from './base32.ts';
import { createSecretFile, malformedSecret, readSecretFile } from './secret-file.ts';

const FLEET_KEY_FILE = 'fleet.key';
const PREFIX = 'holdfast-open1-';
const SECRET_BYTES = 32;
/** A mistyped secret passes once in 16 million. With the secret 35 bytes: 56 letters and no bits left over. */
const CHECK_BYTES = 3;
const TEXT_LENGTH = PREFIX.length + ((SECRET_BYTES + CHECK_BYTES) * 8) / 5;

const FLEET_ID_LABEL = utf8('holdfast/v1/open-fleet/id');
const CHECK_LABEL = utf8('holdfast/v1/open-fleet/check');

/** `reveal` gives the text that other machines join with: for `init` and the file alone. */
export class FleetSecret extends Secret<string> {
  readonly #bytes: Uint8Array;
  /** Names the fleet without giving the secret away, 32 bytes. */
  readonly fleetId: Uint8Array;

  constructor(bytes: Uint8Array) {
    if (bytes.length !== SECRET_BYTES) {
      throw new RangeError(`a fleet secret has ${SECRET_BYTES} bytes, this one ${bytes.length}`);
    }
    super(PREFIX + toBase32(concatBytes(bytes, checkBytes(bytes))));
    this.#bytes = bytes;
    this.fleetId = sodiumCrypto.keyedBlake2b(bytes, FLEET_ID_LABEL);
  }

  /** The 32 bytes themselves, to key a hash with. */
  get key(): Uint8Array {
    return this.#bytes;
  }
}

export function createFleetSecret(random: Random): FleetSecret {
  return new FleetSecret(random.bytes(SECRET_BYTES));
}

/** Reads the text form, forgiving spaces around it and upper case. Throws StartupError that says what is wrong, not what was given. */
export function parseFleetSecret(text: string): FleetSecret {
  const parsed = tryParse(text);
  if (parsed instanceof FleetSecret) return parsed;
  throw new StartupError(
    `This is not a fleet secret: ${parsed.fault}.`,
    `Copy the whole file ${FLEET_KEY_FILE} of a member; its text begins with ${PREFIX}.`,
  );
}

/** The secret in `<dataDir>/fleet.key`, or undefined when this node has not joined a fleet. Rejects with StartupError. */
export async function loadFleetSecret(dataDir: string): Promise<FleetSecret | undefined> {
  const path = join(dataDir, FLEET_KEY_FILE);
  const text = await readSecretFile(path);
  if (text === undefined) return undefined;
  const parsed = tryParse(text);
  if (parsed instanceof FleetSecret) return parsed;
  throw malformedSecret(
    path,
    `is damaged: ${parsed.fault}`,
    `Replace it with the ${FLEET_KEY_FILE} of another member.`,
  );
}

/** Writes `<dataDir>/fleet.key`. Storing the same secret again is harmless; another one is refused with StartupError. */
export async function storeFleetSecret(
  dataDir: string,
  secret: FleetSecret,
  random: Random,
): Promise<void> {
  const path = join(dataDir, FLEET_KEY_FILE);
  if (await createSecretFile(path, secret.reveal(), random)) return;
  const present = await loadFleetSecret(dataDir);
  if (present !== undefined && bytesEqual(present.fleetId, secret.fleetId)) return;
  throw new StartupError(
    `This node already belongs to another fleet: ${path} exists.`,
    'Use another data directory, or move the old one away: its documents stay with the old fleet.',
  );
}

function tryParse(text: string): FleetSecret | { readonly fault: string } {
  const trimmed = text.trim().toLowerCase();
  if (!trimmed.startsWith(PREFIX)) return { fault: `it does not begin with ${PREFIX}` };
  if (trimmed.length !== TEXT_LENGTH) {
    return { fault: `it has ${trimmed.length} characters instead of ${TEXT_LENGTH}` };
  }
  const bytes = parseBase32(trimmed.slice(PREFIX.length));
  if (bytes === undefined) return { fault: 'it contains characters other than a-z and 2-7' };
  const secret = bytes.slice(0, SECRET_BYTES);
  return bytesEqual(bytes.subarray(SECRET_BYTES), checkBytes(secret))
    ? new FleetSecret(secret)
    : { fault: 'at least one character is mistyped' };
}

function checkBytes(secret: Uint8Array): Uint8Array {
  return sodiumCrypto.keyedBlake2b(secret, CHECK_LABEL).subarray(0, CHECK_BYTES);
}

/** The secret of the fleet the directory belongs to. Rejects with StartupError. */
export async function requireFleetSecret(dataDir: string): Promise<FleetSecret> {
  const secret = await loadFleetSecret(dataDir);
  if (secret !== undefined) return secret;
  throw new StartupError(
    `This sidecar belongs to no fleet yet: there is no fleet.key in ${dataDir}.`,
    'Run `holdfast init` with the same --data-dir, for a new fleet or to join one.',
  );
}
