// Where the sidecar is and what to show it: from options, the environment, or the places a sidecar uses by default.
import { basename, join, resolve } from 'node:path';
import { HoldfastClientError } from '../error.ts';
import { HiddenText } from './hidden-text.ts';
import type { TlsFiles } from './tls-files.ts';

/** Who may say where the sidecar is, in words for error messages. */
export type AddressSource = string;

export interface LocateOptions {
  /** `http://127.0.0.1:7676` or `unix:/path/api.sock`. */
  readonly address?: string | undefined;
  /** The token itself; prefer a file. */
  readonly token?: string | undefined;
  /** File that holds the token. */
  readonly tokenFile?: string | undefined;
  /** The agent that calls: chooses its token among those in the data directory. */
  readonly agent?: string | undefined;
  /** True to call with the operator's token instead of an agent's. */
  readonly admin?: boolean | undefined;
  /** The sidecar's data directory, with `api.sock` and `tokens/` in it. */
  readonly dataDir?: string | undefined;
  /** File in PEM with the authorities of a sidecar that is called over https. */
  readonly tlsCa?: string | undefined;
  /** File in PEM with the client certificate that such a sidecar asks for. */
  readonly tlsCert?: string | undefined;
  /** File in PEM with the private key of that certificate. */
  readonly tlsKey?: string | undefined;
}

/** What the search looks at. `systemSurroundings` is the real one. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isRoot: boolean;
  readonly homeDir: string;
  isSocket(path: string): boolean;
  /** Names of the files in a directory; none when it cannot be read. */
  fileNames(directory: string): readonly string[];
}

/** A sidecar's API: a socket, or a base URL. */
export type Endpoint =
  | {
      readonly kind: 'unix';
      readonly path: string;
      readonly text: string;
      readonly source: AddressSource;
    }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly text: string;
      readonly source: AddressSource;
    };

export type Credential =
  | { readonly kind: 'token'; readonly token: HiddenText; readonly source: string }
  /** `required` is false for the default place: where nothing is, nothing is sent and the sidecar says what it needs. */
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly required: boolean;
      readonly source: string;
    }
  /** Nothing tells which of several tokens to take. */
  | { readonly kind: 'none'; readonly why: string };

export interface Location {
  readonly endpoint: Endpoint;
  readonly credential: Credential;
  /** Undefined when nothing names the agent; its token still does, to the sidecar. */
  readonly agent: string | undefined;
  /** For an address that begins with https. */
  readonly tls: TlsFiles;
}

/** Where a sidecar listens unless it is told otherwise. */
export const DEFAULT_ADDRESS = 'http://127.0.0.1:7676';
const SOCKET_NAME = 'api.sock';
/** Where an operator may give the sidecar a socket of their own. */
const ADMIN_SOCKET_NAME = 'admin.sock';
const TOKENS_FOLDER = 'tokens';
const ADMIN_TOKEN = 'admin';
const AGENT_TOKEN_PREFIX = 'agent-';

/** Options go before the environment, the environment before what is found in the data directory. */
export function locate(options: LocateOptions, around: Surroundings): Location {
  const dataDir = resolve(
    options.dataDir ?? given(around.env.HOLDFAST_DATA_DIR) ?? defaultDataDir(around),
  );
  const agent = options.admin === true ? undefined : findAgent(options, dataDir, around);
  const endpoint = findEndpoint(options, dataDir, around);
  return {
    endpoint,
    credential: findCredential(options, endpoint, { dataDir, agent }, around),
    agent,
    tls: {
      ca: options.tlsCa ?? given(around.env.HOLDFAST_TLS_CA),
      cert: options.tlsCert ?? given(around.env.HOLDFAST_TLS_CERT),
      key: options.tlsKey ?? given(around.env.HOLDFAST_TLS_KEY),
    },
  };
}

/** Empty means unset, as everywhere in holdfast. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

function defaultDataDir({ env, isRoot, homeDir }: Surroundings): string {
  if (isRoot) return '/var/lib/holdfast';
  return join(given(env.XDG_STATE_HOME) ?? join(homeDir, '.local', 'state'), 'holdfast');
}

function findEndpoint(options: LocateOptions, dataDir: string, around: Surroundings): Endpoint {
  const adminSocket = join(dataDir, ADMIN_SOCKET_NAME);
  const isAdmin = options.admin === true && around.isSocket(adminSocket);
  const socket = isAdmin ? adminSocket : join(dataDir, SOCKET_NAME);
  if (options.address !== undefined) return parseAddress(options.address, 'the address option');
  // Who names a data directory means the sidecar in it, and no other one when that is not running.
  if (options.dataDir !== undefined) {
    return parseAddress(`unix:${socket}`, 'the data directory option');
  }
  const fromEnv = given(around.env.HOLDFAST_ADDRESS);
  if (fromEnv !== undefined) return parseAddress(fromEnv, 'HOLDFAST_ADDRESS');
  return around.isSocket(socket)
    ? parseAddress(`unix:${socket}`, 'the socket in the data directory')
    : parseAddress(DEFAULT_ADDRESS, 'the default');
}

/** An endpoint from text, or HoldfastClientError `invalid_argument`. */
export function parseAddress(text: string, source: AddressSource): Endpoint {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (path.startsWith('/')) return { kind: 'unix', path, text: `unix:${path}`, source };
  } else if (URL.canParse(text)) {
    const { protocol, host, pathname } = new URL(text);
    if ((protocol === 'http:' || protocol === 'https:') && pathname === '/') {
      const url = `${protocol}//${host}`;
      return { kind: 'http', url, text: url, source };
    }
  }
  throw new HoldfastClientError(
    'invalid_argument',
    `${JSON.stringify(text)}, from ${source}, is not the address of a sidecar; write for example ${DEFAULT_ADDRESS} or unix:/var/lib/holdfast/${SOCKET_NAME}`,
  );
}

function findCredential(
  options: LocateOptions,
  endpoint: Endpoint,
  { dataDir, agent }: { readonly dataDir: string; readonly agent: string | undefined },
  around: Surroundings,
): Credential {
  if (options.token !== undefined) {
    return { kind: 'token', token: new HiddenText(options.token), source: 'the token option' };
  }
  if (options.tokenFile !== undefined) {
    return {
      kind: 'file',
      path: options.tokenFile,
      required: true,
      source: 'the token file option',
    };
  }
  const fromEnv = given(around.env.HOLDFAST_TOKEN_FILE);
  if (fromEnv !== undefined && options.dataDir === undefined) {
    return { kind: 'file', path: fromEnv, required: true, source: 'HOLDFAST_TOKEN_FILE' };
  }
  if (endpoint.kind === 'http' && endpoint.url.startsWith('https:')) {
    // The tokens that lie here are those of this machine's sidecar, and no other one's business.
    return {
      kind: 'none',
      why: 'the token for a sidecar at an https address is named with --token-file or HOLDFAST_TOKEN_FILE',
    };
  }
  const folder = join(dataDir, TOKENS_FOLDER);
  const owner = options.admin === true ? ADMIN_TOKEN : agent && `${AGENT_TOKEN_PREFIX}${agent}`;
  if (owner === undefined || owner === '') {
    return {
      kind: 'none',
      why: `nothing says which agent's token in ${folder} to take; give the agent's name`,
    };
  }
  return { kind: 'file', path: join(folder, owner), required: false, source: 'the data directory' };
}

/** The agent's name: given, or as its token file is called, or the only one that the data directory has a token for. */
function findAgent(
  options: LocateOptions,
  dataDir: string,
  around: Surroundings,
): string | undefined {
  const named = options.agent ?? given(around.env.HOLDFAST_AGENT);
  if (named !== undefined) return named;
  if (options.token !== undefined) return undefined;
  const file = options.tokenFile ?? given(around.env.HOLDFAST_TOKEN_FILE);
  if (file !== undefined) return agentOf(basename(file));
  const agents = around
    .fileNames(join(dataDir, TOKENS_FOLDER))
    .map(agentOf)
    .filter((agent) => agent !== undefined);
  return agents.length === 1 ? agents[0] : undefined;
}

function agentOf(fileName: string): string | undefined {
  return fileName.startsWith(AGENT_TOKEN_PREFIX)
    ? fileName.slice(AGENT_TOKEN_PREFIX.length)
    : undefined;
}
