// Who may call the API, while the sidecar runs: agents served and access tokens come and go without a restart.
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type AccessHolder,
  HoldfastError,
  type Random,
  type TokenHolder,
  toHex,
} from '../../core/index.ts';
import { errorCode, replaceFileDurably, syncDirectory } from '../durable-file.ts';
import { StartupError } from '../startup-error.ts';
import {
  isHolderName,
  loadTokens,
  readOrMakeToken,
  type TokenTable,
  tokenPath,
} from './token-file.ts';

/** One name an agent on the machine, as in the options. */
const MAX_AGENTS = 64;
/** Tools and people that look; more are another kind of deployment. */
const MAX_ACCESS_TOKENS = 64;
const ADDED_FILE = 'agents.json';
const OWNER_ONLY = 0o600;
const TEMPORARY_NAME_BYTES = 8;

export interface AccessParts {
  readonly dataDir: string;
  /** Agents of the options, or of the certificate. */
  readonly agents: readonly string[];
  /** Agents that the certificate names; undefined in an open fleet, where any may be served. */
  readonly certified: readonly string[] | undefined;
  readonly random: Random;
}

export interface AgentAdded {
  readonly tokenFile: string;
  /** False when it was served already. */
  readonly added: boolean;
}

export class Access {
  readonly #parts: AccessParts;
  readonly #tokens: TokenTable;
  readonly #served: Set<string>;
  #added: readonly string[];
  /** One change after the other: each reads what the one before wrote. */
  #changes: Promise<unknown> = Promise.resolve();

  private constructor(parts: AccessParts, tokens: TokenTable, added: readonly string[]) {
    this.#parts = parts;
    this.#tokens = tokens;
    this.#added = added;
    this.#served = new Set([...parts.agents, ...added]);
  }

  /** Loads what is in the data directory, and makes tokens that are missing. Rejects with StartupError. */
  static async open(parts: AccessParts): Promise<Access> {
    const { dataDir, agents, certified, random } = parts;
    const stored = await readAdded(join(dataDir, ADDED_FILE));
    const added = stored.filter((agent) => certified === undefined || certified.includes(agent));
    const tokens = await loadTokens(dataDir, [...new Set([...agents, ...added])], random);
    return new Access(parts, tokens, added);
  }

  /** Agents served now. The set itself grows and shrinks with them. */
  get served(): ReadonlySet<string> {
    return this.#served;
  }

  /** Whose token it is, or undefined. */
  find(token: string): TokenHolder | undefined {
    return this.#tokens.find(token);
  }

  /** Everybody who has a token, by scope, then name. */
  list(): readonly { readonly holder: TokenHolder; readonly tokenFile: string }[] {
    return this.#tokens.holders
      .map((holder) => ({ holder, tokenFile: tokenPath(this.#parts.dataDir, holder) }))
      .sort((a, b) => (a.tokenFile < b.tokenFile ? -1 : 1));
  }

  /** Serves an agent from now on, also after a restart. Rejects with HoldfastError. */
  addAgent(agent: string): Promise<AgentAdded> {
    return this.#change(async () => {
      checkName(agent, 'name');
      const holder: TokenHolder = { scope: 'agent', agent };
      const tokenFile = tokenPath(this.#parts.dataDir, holder);
      if (this.#served.has(agent)) return { tokenFile, added: false };
      this.#checkCertified(agent);
      if (this.#served.size >= MAX_AGENTS) {
        throw full(`${MAX_AGENTS} agents are served already`, 'start a second sidecar');
      }
      const token = await this.#makeToken(holder);
      await this.#storeAdded([...this.#added, agent]);
      this.#tokens.put(token, holder);
      this.#served.add(agent);
      return { tokenFile, added: true };
    });
  }

  /** Serves an agent no more that was added so, and withdraws its token. Rejects with HoldfastError. */
  removeAgent(agent: string): Promise<void> {
    return this.#change(async () => {
      if (!this.#added.includes(agent)) {
        const isOption = this.#served.has(agent);
        const why = isOption
          ? 'is served by an option or by the certificate; change that'
          : 'is not served here';
        throw new HoldfastError('NOT_FOUND', `The agent "${agent}" ${why}. Nothing was changed.`, {
          field: 'name',
        });
      }
      await this.#storeAdded(this.#added.filter((one) => one !== agent));
      this.#served.delete(agent);
      await this.#withdraw({ scope: 'agent', agent });
    });
  }

  /** Mints the token of a new holder. Resolves to its file. Rejects with HoldfastError. */
  add(holder: AccessHolder): Promise<string> {
    return this.#change(async () => {
      checkName(holder.name, 'name');
      const holders = this.#tokens.holders.filter(isAccess);
      if (holders.some(({ name }) => name === holder.name)) {
        throw new HoldfastError(
          'IDEMPOTENCY_CONFLICT',
          `name: there is a token "${holder.name}" already. Nothing was made; remove it first, or choose another name.`,
          { field: 'name' },
        );
      }
      if (holders.length >= MAX_ACCESS_TOKENS) {
        throw full(`${MAX_ACCESS_TOKENS} access tokens are there already`, 'remove one');
      }
      this.#tokens.put(await this.#makeToken(holder), holder);
      return tokenPath(this.#parts.dataDir, holder);
    });
  }

  /** Withdraws the token of this name at once. Resolves to whose it was. Rejects with HoldfastError. */
  remove(name: string): Promise<TokenHolder> {
    return this.#change(async () => {
      const holder = this.#tokens.holders.filter(isAccess).find((one) => one.name === name);
      if (holder === undefined) {
        throw new HoldfastError(
          'NOT_FOUND',
          `There is no access token "${name}". Nothing was changed.`,
          { field: 'name' },
        );
      }
      await this.#withdraw(holder);
      return holder;
    });
  }

  #checkCertified(agent: string): void {
    const { certified } = this.#parts;
    if (certified === undefined || certified.includes(agent)) return;
    throw new HoldfastError(
      'NOT_OWNER',
      `name: the certificate of this sidecar names ${certified.join(', ') || 'no agent'}, and not "${agent}". Nothing was changed, because what that agent wrote would count nowhere; enrol this machine with a certificate that names it.`,
      { field: 'name' },
    );
  }

  async #makeToken(holder: TokenHolder): Promise<string> {
    const { dataDir, random } = this.#parts;
    try {
      // What lies there is of somebody who was served before, and may be known to others.
      await rm(tokenPath(dataDir, holder), { force: true });
      return await readOrMakeToken(dataDir, holder, random);
    } catch (error) {
      throw unusable(error);
    }
  }

  /** In effect even where its file cannot be deleted. */
  async #withdraw(holder: TokenHolder): Promise<void> {
    this.#tokens.remove(holder);
    const path = tokenPath(this.#parts.dataDir, holder);
    try {
      await rm(path, { force: true });
      await syncDirectory(dirname(path));
    } catch (error) {
      throw new HoldfastError(
        'INTERNAL',
        `The token does not work any more, but its file ${path} could not be deleted: it would work again after a restart. Delete it.`,
        { cause: error },
      );
    }
  }

  async #storeAdded(added: readonly string[]): Promise<void> {
    const path = join(this.#parts.dataDir, ADDED_FILE);
    const suffix = toHex(this.#parts.random.bytes(TEMPORARY_NAME_BYTES));
    try {
      await replaceFileDurably({
        path,
        content: `${JSON.stringify({ added })}\n`,
        mode: OWNER_ONLY,
        temporaryPath: `${path}.${suffix}.tmp`,
      });
    } catch (error) {
      throw unusable(error);
    }
    this.#added = added;
  }

  #change<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(change);
    this.#changes = done.catch(() => undefined);
    return done;
  }
}

async function readAdded(path: string): Promise<readonly string[]> {
  try {
    const stored: unknown = JSON.parse(await readFile(path, 'utf8'));
    const added =
      typeof stored === 'object' && stored !== null && 'added' in stored && stored.added;
    if (
      Array.isArray(added) &&
      added.every((one) => typeof one === 'string' && isHolderName(one))
    ) {
      return added.slice(0, MAX_AGENTS);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new StartupError(
    `${path} is not a list of agents.`,
    `Move it away and add the agents again with \`holdfast agent add\`.`,
  );
}

function isAccess(holder: TokenHolder): holder is AccessHolder {
  return holder.scope === 'read' || holder.scope === 'command';
}

function checkName(name: string, field: string): void {
  if (isHolderName(name)) return;
  throw new HoldfastError(
    'INVALID_FIELD',
    `${field}: a name is 1 to 63 of a-z, 0-9 and -, beginning with a letter or a digit. Nothing was made.`,
    { field },
  );
}

function full(what: string, advice: string): HoldfastError {
  return new HoldfastError('LIMIT_REACHED', `${what}. Nothing was made; ${advice}.`);
}

/** The disk, or the modes of a file that is there already. */
function unusable(error: unknown): HoldfastError {
  const words = error instanceof Error ? error.message : String(error);
  const hint = error instanceof StartupError ? ` ${error.hint}` : '';
  return new HoldfastError('INTERNAL', `Nothing was changed: ${words}${hint}`, { cause: error });
}
