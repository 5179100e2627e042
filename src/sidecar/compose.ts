// The composition root: the one file that builds the real world out of options. What it opens it closes, in reverse.
import { join } from 'node:path';
import type { Environment } from '../core/index.ts';
import { createLanTransport } from '../mesh/index.ts';
import { startApiServer } from './api/server.ts';
import { createBackend } from './backend.ts';
import { type FleetSecret, loadFleetSecret } from './identity/fleet-secret.ts';
import { loadNodeKey, type NodeKey } from './identity/node-key.ts';
import { loadTokens } from './identity/token-file.ts';
import type { Log } from './log.ts';
import { Member, type MemberReport } from './member.ts';
import type { SidecarOptions } from './options.ts';
import { createReporter } from './reporter.ts';
import { StartupError } from './startup-error.ts';
import { StoreDamagedError } from './store/damage.ts';
import { openLevelStore } from './store/level-store.ts';
import type { Store } from './store/store.ts';

/** A sidecar without a listener still dials from somewhere: the system chooses. */
const NOT_LISTENING = { host: '127.0.0.1', port: 0 };

export interface Sidecar extends AsyncDisposable {
  /** Address of the API, `host:port`; undefined when it is off. */
  readonly apiAddress: string | undefined;
  readonly apiSocket: string | undefined;
  /** Empty when the mesh does not listen. */
  readonly meshAddress: string;
  /** Resolves when the sidecar cannot go on: its process must end. */
  readonly failed: Promise<unknown>;
}

/** Starts a sidecar. Rejects with StartupError, and then nothing is left open. Dispose it to stop gracefully. */
export async function startSidecar(
  options: SidecarOptions,
  environment: Environment,
  log: Log,
): Promise<Sidecar> {
  await using opened = new AsyncDisposableStack();
  const { clock, crypto, random } = environment;
  const { dataDir, name, agents } = options;
  const fleet = await requireFleet(dataDir);
  const store = await openLevelStore(join(dataDir, 'store'));
  opened.defer(() => store.close());
  const key = await loadNodeKey(dataDir, random);
  const tokens = await loadTokens(dataDir, agents, random);

  const failure = Promise.withResolvers<unknown>();
  let failed = false;
  const reportToLog = createReporter(log, clock, crypto);
  const report = (what: MemberReport): void => {
    reportToLog(what);
    if (what.type !== 'store-failed') return;
    failed = true;
    failure.resolve(what.error);
  };
  const member = await openMember(options, environment, { store, fleet, key }, report);
  opened.defer(() => member.close());

  const stopping = new AbortController();
  const notReady = (): readonly string[] => [
    ...(failed ? ['the store failed'] : []),
    ...(stopping.signal.aborted ? ['the sidecar is stopping'] : []),
  ];
  const backend = createBackend({
    member,
    name,
    agents,
    fleetId: fleet.fleetId,
    clock,
    crypto,
    log,
    notReady,
    stopping: stopping.signal,
  });
  const api = await startApiServer({
    backend,
    authenticate: (token) => tokens.find(token),
    log,
    environment,
    tcp: options.apiListen,
    unixSocket: options.apiSocket,
  });
  opened.defer(async () => {
    stopping.abort();
    await api.stop();
  });
  await connect(member, options);

  const closing = opened.move();
  return {
    apiAddress: api.tcpAddress,
    apiSocket: options.apiSocket,
    meshAddress: member.meshAddress,
    failed: failure.promise,
    [Symbol.asyncDispose]: () => closing.disposeAsync(),
  };
}

async function requireFleet(dataDir: string): Promise<FleetSecret> {
  const secret = await loadFleetSecret(dataDir);
  if (secret !== undefined) return secret;
  throw new StartupError(
    `This sidecar belongs to no fleet yet: there is no fleet.key in ${dataDir}.`,
    'Run `holdfast init` with the same --data-dir, for a new fleet or to join one.',
  );
}

async function openMember(
  options: SidecarOptions,
  environment: Environment,
  parts: { store: Store; fleet: FleetSecret; key: NodeKey },
  report: (what: MemberReport) => void,
): Promise<Member> {
  const { name, agents, pulseFlushMs, liveDocuments } = options;
  try {
    return await Member.open({
      environment,
      store: parts.store,
      transport: createLanTransport({
        ...(options.meshListen ?? NOT_LISTENING),
        keyPair: parts.key.noise,
        timers: environment.timers,
      }),
      name,
      agents,
      signer: parts.key.signer,
      fleet: { fleetId: parts.fleet.fleetId, key: parts.fleet.key },
      config: { pulseFlushMs, liveDocuments },
      report,
    });
  } catch (error) {
    if (!(error instanceof StoreDamagedError)) throw error;
    throw new StartupError(
      `The store in ${options.dataDir} is damaged: ${error.message}. Nothing was served from it.`,
      'Keep a copy of the directory. What other members hold comes back to a fresh data directory over the mesh.',
      error,
    );
  }
}

async function connect(member: Member, { meshListen, peers }: SidecarOptions): Promise<void> {
  try {
    await member.connect(peers, meshListen !== undefined);
  } catch (error) {
    throw new StartupError(
      error instanceof Error ? error.message : String(error),
      'Stop whatever uses the port, or choose another one with --mesh-listen.',
      error,
    );
  }
}
