// Bearer tokens of the local API, one a file: the operator's, each agent's, those of who only looks or only commands; and whose each is.
import { timingSafeEqual } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { holderKey, type Random, type TokenHolder, toBase32, utf8 } from '../../core/index.ts';
import { errorCode } from '../durable-file.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { malformedSecret, readOrCreateSecretFile } from './secret-file.ts';

const TOKEN_DIRECTORY = 'tokens';
const PREFIX = 'hft_';
/** 256 bits: nobody guesses one, so attempts need not be counted. */
const TOKEN_BYTES = 32;
const TOKEN = /^hft_[a-z2-7]{52}$/;
/** What is longer is no token of ours and not worth hashing. */
const MAX_PRESENTED_LENGTH = 128;
/** Names of agents as everywhere; here they also become names of files, as those of access tokens do. */
const HOLDER_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const ACCESS_FILE = /^(read|command)-([a-z0-9][a-z0-9-]{0,62})$/;

interface TokenEntry {
  readonly digest: Uint8Array;
  readonly caller: TokenHolder;
}

/** Knows whose a token is. Keeps digests only, so that neither a dump nor the time a comparison takes gives a token away. */
export class TokenTable {
  #entries: readonly TokenEntry[];

  constructor(entries: readonly { readonly token: string; readonly caller: TokenHolder }[]) {
    this.#entries = entries.map(({ token, caller }) => ({ digest: digestOf(token), caller }));
  }

  /** Whose tokens are known. */
  get holders(): readonly TokenHolder[] {
    return this.#entries.map(({ caller }) => caller);
  }

  /** From now on the token is this holder's, and no earlier one of the same holder counts. */
  put(token: string, caller: TokenHolder): void {
    this.remove(caller);
    this.#entries = [...this.#entries, { digest: digestOf(token), caller }];
  }

  remove(caller: TokenHolder): void {
    const gone = holderKey(caller);
    this.#entries = this.#entries.filter((entry) => holderKey(entry.caller) !== gone);
  }

  /** Whose token it is, or undefined. */
  find(presented: string): TokenHolder | undefined {
    if (presented.length > MAX_PRESENTED_LENGTH) return undefined;
    const digest = digestOf(presented);
    let found: TokenHolder | undefined;
    // No early end: the time taken does not say which entry matched.
    for (const entry of this.#entries) {
      if (timingSafeEqual(entry.digest, digest)) found = entry.caller;
    }
    return found;
  }
}

/** Where the token of a caller is kept. */
export function tokenPath(dataDir: string, caller: TokenHolder): string {
  return join(dataDir, TOKEN_DIRECTORY, holderKey(caller));
}

export function isHolderName(text: string): boolean {
  return HOLDER_NAME.test(text);
}

/** The token in the holder's file, made first where there is none. Rejects with StartupError. */
export async function readOrMakeToken(
  dataDir: string,
  caller: TokenHolder,
  random: Random,
): Promise<string> {
  const path = tokenPath(dataDir, caller);
  const token = await readOrCreateSecretFile(path, () => makeToken(random), random);
  if (TOKEN.test(token)) return token;
  throw malformedSecret(path, `is not a token: expected ${PREFIX} and 52 characters`);
}

/** Holders of the access tokens that have a file. */
async function findAccessHolders(dataDir: string): Promise<TokenHolder[]> {
  const names: string[] = await readdir(join(dataDir, TOKEN_DIRECTORY)).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names.sort().flatMap((file): TokenHolder[] => {
    const [, scope, name] = ACCESS_FILE.exec(file) ?? [];
    if (name === undefined) return [];
    return [{ scope: scope === 'read' ? 'read' : 'command', name }];
  });
}

/**
 * Loads the tokens of the operator and the given agents, makes those that are missing, and loads all access tokens. Rejects
 * with StartupError.
 */
export async function loadTokens(
  dataDir: string,
  agents: readonly string[],
  random: Random,
): Promise<TokenTable> {
  const callers: readonly TokenHolder[] = [
    { scope: 'admin' },
    ...agents.map((agent) => ({ scope: 'agent' as const, agent: checkedName(agent) })),
    ...(await findAccessHolders(dataDir)),
  ];
  const pathByToken = new Map<string, string>();
  const entries: { token: string; caller: TokenHolder }[] = [];
  for (const caller of callers) {
    const path = tokenPath(dataDir, caller);
    const token = await readOrMakeToken(dataDir, caller, random);
    const twin = pathByToken.get(token);
    // A copied file would silently give one caller the rights of the other.
    if (twin !== undefined && twin !== path) {
      throw malformedSecret(path, `holds the same token as ${twin}`);
    }
    pathByToken.set(token, path);
    entries.push({ token, caller });
  }
  return new TokenTable(entries);
}

function makeToken(random: Random): string {
  return PREFIX + toBase32(random.bytes(TOKEN_BYTES));
}

function digestOf(token: string): Uint8Array {
  return sodiumCrypto.blake2b(utf8(token));
}

function checkedName(agent: string): string {
  if (HOLDER_NAME.test(agent)) return agent;
  throw new StartupError(
    `"${agent}" cannot be the name of an agent.`,
    'Use 1 to 63 lower-case letters, digits and hyphens; the first is no hyphen.',
  );
}
