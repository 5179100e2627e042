// `holdfast join`: this device becomes a member, over links or by files.
import { readFile, rm } from 'node:fs/promises';
import {
  type Certificate,
  type Environment,
  fingerprint,
  Secret,
  type Timers,
  tokenName,
  utf8,
} from '../../core/index.ts';
import {
  askToEnrol,
  createLanTransport,
  type EnrolReply,
  type Transport,
} from '../../mesh/index.ts';
import { auditOnce, BY_OPERATOR } from '../audit/index.ts';
import { replaceFileDurably } from '../durable-file.ts';
import type { NodeKey } from '../identity/node-key.ts';
import type { Sealing } from '../identity/sealing.ts';
import { sodiumCrypto } from '../sodium-crypto.ts';
import { StartupError } from '../startup-error.ts';
import { decodeReplyFile, encodeRequestFile } from './files.ts';
import { beginJoin, doubtReply, finishJoin, type Joining } from './joining.ts';

export interface JoinIo {
  /** The text of the file, of standard input for `-`. */
  read(file: string): Promise<string>;
  /** The result. */
  print(text: string): void;
  /** What goes on meanwhile, a line. */
  progress(text: string): void;
}

export interface JoinRequestParts {
  readonly dataDir: string;
  /** True when the operator named the data directory, so that the commands we print must name it too. */
  readonly dataDirNamed: boolean;
  /** Absent where it is in a file, or a join goes on. */
  readonly token?: string | undefined;
  /** File with the token, `-` for standard input. */
  readonly tokenFile?: string | undefined;
  /** Write the request there instead of asking over a link. */
  readonly requestOut?: string | undefined;
  /** Take the reply from there. */
  readonly certificateIn?: string | undefined;
  /** How the key of this machine is sealed, or opened. */
  readonly sealing: Sealing;
  readonly environment: Environment;
  readonly io: JoinIo;
  /** Ends the asking; what has begun goes on with the next call. */
  readonly signal: AbortSignal;
  /** By default links over TCP. */
  createTransport?(key: NodeKey): Transport;
}

/** A device whose clock is wrong by years asks at least for so long. */
const LEAST_PATIENCE_MS = 10 * 60_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** Whoever answers is a stranger: no honest member asks for a longer one. */
const LONGEST_RETRY_MS = 10_000;
const PAUSE_GROWTH = 1.6;
const OWNER_ONLY = 0o600;

/** Rejects with StartupError; then the device is no member, and what has begun is kept. */
export async function joinFleet(request: JoinRequestParts): Promise<void> {
  const { dataDir, environment, io, token, tokenFile } = request;
  if (token !== undefined) {
    io.progress(
      'A token on the command line is seen by other users of this machine; --token-file is safer.',
    );
  }
  const joining = await beginJoin({
    dataDir,
    token: await tokenOf(request),
    random: environment.random,
    sealing: request.sealing,
    nowMs: environment.clock.now().wallMs,
  });
  if (joining === undefined) {
    io.print(`This device is a member already. ${nextSteps(request)}`);
    return;
  }
  if (request.requestOut !== undefined) return writeRequest(request, joining, request.requestOut);
  const sealed =
    request.certificateIn === undefined
      ? await askAll(request, joining)
      : await readReply(request.certificateIn, io);
  const certificate = await finishJoin(joining, sealed, environment.random);
  await eraseTokenFile(tokenFile, io);
  await noteJoined(request, joining, certificate);
  io.print(describe(request, joining, certificate));
}

async function noteJoined(
  { dataDir, environment }: JoinRequestParts,
  { key: { signer }, token: { tokenId } }: Joining,
  { name, roles }: Certificate,
): Promise<void> {
  const what = { name, roles: [...roles].join(','), token: tokenName(tokenId) };
  await auditOnce({ dataDir, signer }, environment, {
    ...{ event: 'enrolment.joined', by: BY_OPERATOR, what },
  });
}

async function tokenOf({ token, tokenFile, io }: JoinRequestParts) {
  if (token !== undefined) return new Secret(token);
  if (tokenFile === undefined) return undefined;
  try {
    return new Secret(await io.read(tokenFile));
  } catch (cause) {
    throw new StartupError(
      `Cannot read the token from ${tokenFile === '-' ? 'standard input' : tokenFile}: ${wordsOf(cause)}.`,
      'Name the file that holds what `holdfast token create` wrote.',
      cause,
    );
  }
}

async function writeRequest(
  { io }: JoinRequestParts,
  { token: { hub }, sealed, code }: Joining,
  path: string,
): Promise<void> {
  const content = encodeRequestFile({ hub, sealed }, sodiumCrypto);
  const temporaryPath = `${path}.tmp`;
  try {
    await replaceFileDurably({ path, temporaryPath, content, mode: OWNER_ONLY });
  } catch (cause) {
    throw new StartupError(
      `Cannot write ${path}: ${wordsOf(cause)}.`,
      'Name a file in a directory that this user may write, with --request-out.',
      cause,
    );
  }
  io.print(`Wrote the request to ${path}. This device shows ${code}.
Carry the file to the hub that gave the token, and run there:
  holdfast token grant ${path} --out reply
Carry the reply back, and run here:
  holdfast join --certificate-in reply
`);
}

async function readReply(path: string, io: JoinIo): Promise<Uint8Array> {
  let text: string;
  try {
    text = path === '-' ? await io.read(path) : await readFile(path, 'utf8');
  } catch (cause) {
    throw new StartupError(
      `Cannot read ${path}: ${wordsOf(cause)}.`,
      'Name the file that `holdfast token grant` wrote.',
      cause,
    );
  }
  const sealed = decodeReplyFile(utf8(text), sodiumCrypto);
  if (typeof sealed !== 'string') return sealed;
  throw new StartupError(
    `${path} ${sealed}. This device has not joined.`,
    'Name the file that `holdfast token grant` wrote for this device.',
  );
}

/** Asks one address after the other, again and again, until the token is over. Resolves with the sealed reply. */
async function askAll(request: JoinRequestParts, joining: Joining): Promise<Uint8Array> {
  const { environment, io, signal } = request;
  const { token, code, key } = joining;
  const { clock, random, timers } = environment;
  const transport = (request.createTransport ?? lanTransport(timers))(key);
  const startMs = clock.now();
  const patienceMs = Math.max(LEAST_PATIENCE_MS, token.expiresMs - startMs.wallMs);
  const say = newsOf(io);
  say(`This device shows ${code}. Asking ${token.addresses.join(', ')}.`);
  try {
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs *= PAUSE_GROWTH) {
      const round = await askOnce(request, joining, transport, say);
      if (round.type === 'granted') return round.sealed;
      if (round.type === 'refused') throw round.failure;
      if (signal.aborted) throw interrupted(request);
      if (clock.now().monotonicMs - startMs.monotonicMs > patienceMs) throw tooLate();
      const waitMs = Math.max(Math.min(pauseMs, LONGEST_PAUSE_MS), round.retryAfterMs);
      if (round.retryAfterMs > 0) pauseMs = FIRST_PAUSE_MS;
      await pause(waitMs * (0.8 + 0.4 * random.fraction()), timers, signal);
      if (signal.aborted) throw interrupted(request);
    }
  } finally {
    await transport.close();
  }
}

type Round =
  | { readonly type: 'granted'; readonly sealed: Uint8Array }
  /** By everybody who answered. */
  | { readonly type: 'refused'; readonly failure: StartupError }
  | { readonly type: 'later'; readonly retryAfterMs: number };

/** Everybody is asked: one that refuses may not know better, or lie. */
async function askOnce(
  { environment: { timers }, signal }: JoinRequestParts,
  joining: Joining,
  transport: Transport,
  say: (text: string) => void,
): Promise<Round> {
  const { token, sealed } = joining;
  let refusal: EnrolReply | undefined;
  let disbelief: StartupError | undefined;
  let retryAfterMs: number | undefined;
  for (const address of token.addresses) {
    if (signal.aborted) break;
    const ask = { transport, address, timers, signal };
    const reply = await askToEnrol({ hub: token.hub, sealed }, ask).catch((error: unknown) => {
      if (!signal.aborted) say(`${wordsOf(error)}; trying on`);
      return undefined;
    });
    if (reply === undefined) continue;
    if (reply.state === 'granted') {
      const doubt = doubtReply(joining, reply.sealed);
      if (doubt === undefined) return { type: 'granted', sealed: reply.sealed };
      say(`${address}: ${doubt.message}`);
      disbelief ??= doubt;
      continue;
    }
    if (reply.state === 'refused') {
      say(`${address}: ${reply.message}`);
      if (refusal === undefined || refusal.reason === 'WRONG_HUB') refusal = reply;
      continue;
    }
    say(`${address}: ${reply.message}; waiting`);
    retryAfterMs = Math.min(retryAfterMs ?? LONGEST_RETRY_MS, reply.retryAfterMs);
  }
  if (retryAfterMs !== undefined) return { type: 'later', retryAfterMs };
  const failure = refusal === undefined ? disbelief : refused(refusal);
  return failure === undefined ? { type: 'later', retryAfterMs: 0 } : { type: 'refused', failure };
}

/** Says a thing when it is another than the last one. */
function newsOf(io: JoinIo): (text: string) => void {
  let last = '';
  return (text) => {
    if (text !== last) io.progress(text);
    last = text;
  };
}

function lanTransport(timers: Timers): (key: NodeKey) => Transport {
  return ({ noise }) => createLanTransport({ host: '127.0.0.1', port: 0, keyPair: noise, timers });
}

function pause(ms: number, timers: Timers, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const cancel = timers.after(ms, resolve);
    signal.addEventListener('abort', () => {
      cancel();
      resolve();
    });
  });
}

/** The file is of no use any more, and would only raise the question. */
async function eraseTokenFile(path: string | undefined, io: JoinIo): Promise<void> {
  if (path === undefined || path === '-') return;
  await rm(path, { force: true }).then(
    () => io.progress(`The token is spent; ${path} was removed.`),
    (error: unknown) =>
      io.progress(`The token is spent; ${path} could not be removed: ${wordsOf(error)}`),
  );
}

function describe(
  request: JoinRequestParts,
  { token }: Joining,
  { name, roles, agents, expiresMs }: Certificate,
): string {
  const serves = agents.length === 0 ? '' : `, for ${agents.join(', ')}`;
  return `Joined the fleet ${fingerprint(token.fleetId, sodiumCrypto)} as ${name} (${[...roles].join(', ')}${serves}).
The token is spent. The certificate is good until ${new Date(expiresMs).toISOString().slice(0, 10)}, and is renewed by itself while a hub can be reached.
${nextSteps(request, token.addresses[0])}`;
}

function nextSteps({ dataDir, dataDirNamed }: JoinRequestParts, address?: string): string {
  const flag = dataDirNamed ? ` --data-dir ${dataDir}` : '';
  const peer = address === undefined ? '' : ` --peer ${address}`;
  return `Start it:\n  holdfast run${flag}${peer}\n`;
}

function refused({ reason, message }: EnrolReply): StartupError {
  const hint =
    reason === 'TOKEN_SPENT'
      ? 'Somebody else has used this token: tell an operator, who sees on the hub who it was (`holdfast token list`) and may eject it. Then join with a new token.'
      : 'Have an operator make a new token on a hub, and run holdfast join with it; the key of this device stays.';
  return new StartupError(`The request is refused (${reason}): ${message}.`, hint);
}

function interrupted({ dataDir, dataDirNamed }: JoinRequestParts): StartupError {
  const flag = dataDirNamed ? ` --data-dir ${dataDir}` : '';
  return new StartupError(
    'Interrupted; this device has not joined yet.',
    `Go on with the same token: holdfast join${flag}`,
  );
}

function tooLate(): StartupError {
  return new StartupError(
    'The token is over, and nobody let this device in.',
    'Have an operator make a new one, and name with --meet a member that this device can reach; or carry files: holdfast join --request-out FILE',
  );
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
