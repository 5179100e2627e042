// Bearer tokens of the local API: one file for the administrator, one for each agent, and the table that knows whose a token is.
import { timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { type Random, type TokenHolder, toBase32, utf8 } from '../../core/index.ts';
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
/** Names of agents as everywhere; here they also become names of files. */
const AGENT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Knows whose a token is. Keeps digests only, so that neither a dump nor the time a comparison takes gives a token away. */
export class TokenTable {
  readonly #entries: readonly { readonly digest: Uint8Array; readonly caller: TokenHolder }[];

  constructor(entries: readonly { readonly token: string; readonly caller: TokenHolder }[]) {
    this.#entries = entries.map(({ token, caller }) => ({ digest: digestOf(token), caller }));
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
  const name = caller.scope === 'admin' ? 'admin' : `agent-${caller.agent}`;
  return join(dataDir, TOKEN_DIRECTORY, name);
}

/** Loads the tokens of the administrator and the given agents; makes those that are missing. Rejects with StartupError. */
export async function loadTokens(
  dataDir: string,
  agents: readonly string[],
  random: Random,
): Promise<TokenTable> {
  const callers: readonly TokenHolder[] = [
    { scope: 'admin' },
    ...agents.map((agent) => ({ scope: 'agent' as const, agent: checkedName(agent) })),
  ];
  const pathByToken = new Map<string, string>();
  const entries: { token: string; caller: TokenHolder }[] = [];
  for (const caller of callers) {
    const path = tokenPath(dataDir, caller);
    const token = await readOrCreateSecretFile(path, () => makeToken(random), random);
    if (!TOKEN.test(token)) {
      throw malformedSecret(path, `is not a token: expected ${PREFIX} and 52 characters`);
    }
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
  if (AGENT_NAME.test(agent)) return agent;
  throw new StartupError(
    `"${agent}" cannot be the name of an agent.`,
    'Use 1 to 63 lower-case letters, digits and hyphens; the first is no hyphen.',
  );
}
