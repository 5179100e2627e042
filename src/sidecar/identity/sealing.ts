// Where the key or the passphrase that seals the node's seed comes from: a file of the machine, a credential of systemd, an operator.
import { join } from 'node:path';
import { parseHex, type Random, Secret, toHex } from '../../core/index.ts';
import { StartupError } from '../startup-error.ts';
import type { SealChoice } from './seal-choice.ts';
import {
  NODE_PASSPHRASE_COST,
  type OpenWith,
  SEALING_KEY_BYTES,
  type SealedHeader,
  type SealWith,
  sealingKeyName,
} from './sealed.ts';
import { malformedSecret, readOrCreateSecretFile, readSecretFile } from './secret-file.ts';

/** How the seed of one node is sealed. Both methods reject with StartupError. */
export interface Sealing {
  /** What opens a seed sealed so, for people; empty where it is plain. */
  readonly keep: string;
  /** What a new seed is sealed with, made if need be; undefined where it is to be plain. */
  forNew(): Promise<SealWith | undefined>;
  /** What may open the file at `path`, whose header is given. */
  forOpening(path: string, header: SealedHeader): Promise<OpenWith>;
}

export interface SealingParts {
  readonly choice: SealChoice;
  /** Of a new seed where the choice is `auto`. */
  readonly whenAuto: 'plain' | 'sealed';
  /** File with the passphrase; undefined to ask for it. */
  readonly passphraseFile: string | undefined;
  readonly places: SealPlaces;
  readonly random: Random;
  /** What an operator types unseen; undefined where nobody sits at a terminal. */
  askSecret(question: string): Promise<Secret<string> | undefined>;
}

/** Where a machine keeps sealing keys. */
export interface SealPlaces {
  /** The machine's own, used where nobody names another. Never in a data directory. */
  readonly keyFile: string;
  /** Where systemd puts the credentials of this service. */
  readonly credentialsDir: string | undefined;
}

/** The credential that is used where nobody names another. */
const DEFAULT_CREDENTIAL = 'holdfast-seal';
/** Whoever finds the file tries passphrases without end: several words hold, one does not. */
const MIN_PASSPHRASE_CHARACTERS = 12;
/** Systemd gives a service its credentials by access lists, which show as rights of the group. */
const WORLD = 0o007;

export function sealPlaces(
  env: Readonly<Record<string, string | undefined>>,
  host: { readonly isRoot: boolean; readonly homeDir: string },
): SealPlaces {
  const { XDG_CONFIG_HOME: configHome = '', CREDENTIALS_DIRECTORY: credentialsDir } = env;
  const own = configHome === '' ? join(host.homeDir, '.config') : configHome;
  const directory = host.isRoot ? '/etc/holdfast' : join(own, 'holdfast');
  return { keyFile: join(directory, 'seal.key'), credentialsDir };
}

/** For seeds that are plain and stay so. */
export const PLAIN_SEALING: Sealing = {
  keep: '',
  forNew: () => Promise.resolve(undefined),
  forOpening: (path) =>
    Promise.reject(
      new StartupError(
        `${path} is sealed, and nobody said what opens it.`,
        'Say it with --seal, as the sidecar is told when it runs.',
      ),
    ),
};

export function createSealing(parts: SealingParts): Sealing {
  const { choice } = parts;
  return {
    keep: keepOf(parts),
    async forNew() {
      switch (choice.kind) {
        case 'plain':
          return undefined;
        case 'passphrase':
          return {
            kind: 'passphrase',
            passphrase: await newPassphrase(parts),
            cost: NODE_PASSPHRASE_COST,
          };
        case 'key-file':
          return { kind: 'key', key: await readOrMakeKey(choice.path, parts.random) };
        case 'credential':
          return { kind: 'key', key: await requireCredential(parts.places, choice.name) };
        case 'auto':
          return parts.whenAuto === 'plain' ? undefined : machineKey(parts);
      }
    },

    async forOpening(path, header) {
      if (header.with.kind === 'passphrase') {
        return { kind: 'passphrase', passphrase: await knownPassphrase(parts, path) };
      }
      if (choice.kind === 'key-file') {
        return { kind: 'key', key: await requireKey(choice.path) };
      }
      if (choice.kind === 'credential') {
        return { kind: 'key', key: await requireCredential(parts.places, choice.name) };
      }
      return { kind: 'key', key: await findKey(parts.places, path, header.with.keyName) };
    },
  };
}

function keepOf({ choice, whenAuto, places }: SealingParts): string {
  switch (choice.kind) {
    case 'plain':
      return '';
    case 'passphrase':
      return "the passphrase of this machine's key";
    case 'key-file':
      return choice.path;
    case 'credential':
      return `the credential ${choice.name}`;
    case 'auto':
      if (whenAuto === 'plain') return '';
      return places.credentialsDir === undefined
        ? places.keyFile
        : `the credential ${DEFAULT_CREDENTIAL}, or ${places.keyFile} where the service has none`;
  }
}

/** The credential where the service has one, else the key file of the machine, made at the first need. */
async function machineKey({ places, random }: SealingParts): Promise<SealWith> {
  const credential = await readCredential(places, DEFAULT_CREDENTIAL);
  return { kind: 'key', key: credential ?? (await readOrMakeKey(places.keyFile, random)) };
}

/** The key of that name, of those places where one is used without being named. */
async function findKey(
  places: SealPlaces,
  path: string,
  keyName: string,
): Promise<Secret<Uint8Array>> {
  const credential = await readCredential(places, DEFAULT_CREDENTIAL);
  const keys = [credential, await readKey(places.keyFile)].filter((key) => key !== undefined);
  const fitting = keys.find((key) => sealingKeyName(key) === keyName);
  if (fitting !== undefined) return fitting;
  const present = keys.map(sealingKeyName).join(' and ');
  throw new StartupError(
    `${path} is sealed with the key ${keyName}, ${present === '' ? `and there is no key in ${places.keyFile}` : `and the key of this machine is ${present}`}.`,
    `Bring back ${places.keyFile} as it was when the node was made, or say with --seal where its key is. If the key is lost, so is the node's identity: join again in an empty data directory.`,
  );
}

async function readOrMakeKey(path: string, random: Random): Promise<Secret<Uint8Array>> {
  const make = (): string => toHex(random.bytes(SEALING_KEY_BYTES));
  return parseKey(path, await readOrCreateSecretFile(path, make, random));
}

async function readKey(path: string): Promise<Secret<Uint8Array> | undefined> {
  const text = await readSecretFile(path);
  return text === undefined ? undefined : parseKey(path, text);
}

async function requireKey(path: string): Promise<Secret<Uint8Array>> {
  const key = await readKey(path);
  if (key !== undefined) return key;
  throw new StartupError(
    `There is no sealing key at ${path}.`,
    'Bring the file back. If it is lost, so is the identity of the node: join again in an empty data directory.',
  );
}

async function readCredential(
  { credentialsDir }: SealPlaces,
  name: string,
): Promise<Secret<Uint8Array> | undefined> {
  if (credentialsDir === undefined || credentialsDir === '') return undefined;
  const path = join(credentialsDir, name);
  const text = await readSecretFile(path, WORLD);
  return text === undefined ? undefined : parseKey(path, text);
}

async function requireCredential(places: SealPlaces, name: string): Promise<Secret<Uint8Array>> {
  const key = await readCredential(places, name);
  if (key !== undefined) return key;
  throw new StartupError(
    places.credentialsDir === undefined
      ? `There are no credentials of systemd here, and --seal names ${name}.`
      : `There is no credential ${name} in ${places.credentialsDir}.`,
    `Give the service its key: LoadCredentialEncrypted=${name}:/etc/holdfast/${name}.cred in the unit; docs/OPERATIONS.md has the whole recipe.`,
  );
}

function parseKey(path: string, text: string): Secret<Uint8Array> {
  const key = parseHex(text.toLowerCase());
  if (key?.length === SEALING_KEY_BYTES) return new Secret(key);
  throw malformedSecret(
    path,
    `is not a sealing key: expected ${2 * SEALING_KEY_BYTES} hex digits`,
    'Name the right file, or bring back the one that was there. `openssl rand -hex 32` makes a new one, for a new node.',
  );
}

async function newPassphrase(parts: SealingParts): Promise<Secret<string>> {
  const passphrase = await knownPassphrase(parts, undefined);
  if (passphrase.reveal().length < MIN_PASSPHRASE_CHARACTERS) {
    throw new StartupError(
      `The passphrase has less than ${MIN_PASSPHRASE_CHARACTERS} characters. Nothing was sealed.`,
      'Take several random words: whoever finds the file may try as many as they like.',
    );
  }
  if (parts.passphraseFile !== undefined) return passphrase;
  const again = await parts.askSecret('The same passphrase again: ');
  if (again?.reveal() === passphrase.reveal()) return passphrase;
  throw new StartupError('The two passphrases differ. Nothing was sealed.', 'Try again.');
}

/** `path`: the file to open; undefined for a new one. */
async function knownPassphrase(
  { passphraseFile, askSecret }: SealingParts,
  path: string | undefined,
): Promise<Secret<string>> {
  if (passphraseFile !== undefined) {
    const text = await readSecretFile(passphraseFile);
    if (text !== undefined && text !== '') return new Secret(text);
    throw new StartupError(
      `There is no passphrase in ${passphraseFile}.`,
      'Put it there as one line, in a file that only this user may read.',
    );
  }
  const typed = await askSecret(
    path === undefined ? "New passphrase for this node's key: " : `Passphrase of ${path}: `,
  );
  if (typed !== undefined) return typed;
  throw new StartupError(
    `${path ?? "The node's key"} needs a passphrase, and nobody sits at a terminal to type it.`,
    'Name a file that holds it with --seal-passphrase-file or HOLDFAST_SEAL_PASSPHRASE_FILE.',
  );
}
