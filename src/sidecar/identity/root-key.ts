// The root key of a founded fleet: a seed in a file of its own that only its passphrase opens. It is made once, carried away, and
// brought back for the few things that nobody else may do.
import { dirname } from 'node:path';
import { type Random, Secret, type Signer, utf8 } from '../../core/index.ts';
import { createSigner, sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { open, ROOT_PASSPHRASE_COST, seal } from './sealed.ts';
import { createSecretFile, readSecretFile } from './secret-file.ts';

const SEED_BYTES = 32;
const SIGNING_LABEL = utf8('holdfast/v1/fleet-root/signing');
/** A passphrase is tried by whoever finds the file, without end: 20 random letters would do, a word does not. */
const MIN_PASSPHRASE_CHARACTERS = 12;

/** Makes a root key and its file, which must not exist. Rejects with StartupError; then there is none. */
export async function createRootKey(
  path: string,
  passphrase: Secret<string>,
  random: Random,
): Promise<Signer> {
  if (passphrase.reveal().length < MIN_PASSPHRASE_CHARACTERS) {
    throw new StartupError(
      `The passphrase has less than ${MIN_PASSPHRASE_CHARACTERS} characters. Nothing was made.`,
      'Take several random words: whoever finds the file may try as many as they like.',
    );
  }
  const seed = new Secret(random.bytes(SEED_BYTES));
  const by = { kind: 'passphrase', passphrase, cost: ROOT_PASSPHRASE_COST } as const;
  if (!(await createSecretFile(path, seal(seed, { purpose: 'fleet-root', by, random }), random))) {
    throw new StartupError(
      `${path} exists already. Nothing was made.`,
      `Give another file with --root-key, or move ${path} away: it may be the key of a fleet.`,
    );
  }
  return signerOf(seed);
}

/** The root key in a file. Rejects with StartupError that says what is wrong, not what was given. */
export async function openRootKey(path: string, passphrase: Secret<string>): Promise<Signer> {
  const text = await readSecretFile(path);
  if (text === undefined) {
    throw new StartupError(
      `There is no root key at ${path}.`,
      `Bring the medium that it is kept on, and name the file with --root-key. It is not in ${dirname(path)}.`,
    );
  }
  const seed = open(text, { purpose: 'fleet-root', by: { kind: 'passphrase', passphrase } });
  if (seed instanceof Secret) return signerOf(seed);
  throw new StartupError(
    `${path} ${seed}.`,
    'Nothing was signed. Try again, or take the other copy.',
  );
}

function signerOf(seed: Secret<Uint8Array>): Signer {
  return createSigner(sodiumCrypto.keyedBlake2b(seed.reveal(), SIGNING_LABEL));
}
