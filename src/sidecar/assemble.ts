// A running sidecar out of given parts: member, reports, API. compose.ts gives it the real world, the test sidecar a small one.
import type { Caller, CoreConfig, Environment } from '../core/index.ts';
import type { Transport } from '../mesh/index.ts';
import { startApiServer } from './api/index.ts';
import { createBackend } from './backend.ts';
import { Closers } from './closers.ts';
import type { FleetSecret } from './identity/fleet-secret.ts';
import type { NodeKey } from './identity/node-key.ts';
import type { Log } from './log.ts';
import { Member, type MemberReport } from './member.ts';
import { createReporter } from './reporter.ts';
import type { Store } from './store/store.ts';

export interface SidecarParts {
  readonly environment: Environment;
  readonly log: Log;
  readonly name: string;
  /** Agents this sidecar serves. */
  readonly agents: readonly string[];
  readonly config: CoreConfig;
  readonly fleet: FleetSecret;
  readonly key: NodeKey;
  /** Closed by whoever opened it, after the sidecar. */
  readonly store: Store;
  /** Closed by the sidecar. */
  readonly transport: Transport;
  /** Whose token it is. */
  authenticate(token: string): Caller | undefined;
  /** Loopback address of the API; undefined turns TCP off. Port 0 takes a free one. */
  readonly apiListen: { readonly host: string; readonly port: number } | undefined;
  readonly apiSocket: string | undefined;
  /** Whether to accept links. */
  readonly meshListens: boolean;
  /** `host:port` of sidecars to dial. */
  readonly peers: readonly string[];
}

export interface Sidecar extends AsyncDisposable {
  /** Address of the API, `host:port`; undefined when it is off. */
  readonly apiAddress: string | undefined;
  readonly apiSocket: string | undefined;
  /** Empty when the mesh does not listen. */
  readonly meshAddress: string;
  /** Resolves when the sidecar cannot go on: its process must end. */
  readonly failed: Promise<unknown>;
}

/** Starts a sidecar. When it rejects nothing is left running. Dispose it to stop gracefully: API, then memory, then mesh. */
export async function assembleSidecar(parts: SidecarParts): Promise<Sidecar> {
  const opened = new Closers();
  try {
    return await openAll(parts, opened);
  } catch (error) {
    await opened.close();
    throw error;
  }
}

async function openAll(parts: SidecarParts, opened: Closers): Promise<Sidecar> {
  const { environment, log, fleet } = parts;
  const { clock, crypto } = environment;
  const failure = Promise.withResolvers<unknown>();
  const stopping = new AbortController();
  const faults = new Set<string>();
  const notReady = (reason: string): void => {
    if (!faults.has(reason)) log.warn('sidecar.not_ready', { reason }, `not ready: ${reason}`);
    faults.add(reason);
  };
  const reportToLog = createReporter(log, clock, crypto);
  const report = (what: MemberReport): void => {
    reportToLog(what);
    if (what.type !== 'store-failed') return;
    notReady('the store failed');
    failure.resolve(what.error);
  };
  const member = await Member.open({
    ...parts,
    signer: parts.key.signer,
    fleet: { fleetId: fleet.fleetId, key: fleet.key },
    report,
  });
  opened.defer(() => member.close());
  log.info(
    'store.opened',
    { documents: member.documents },
    'the data directory was opened and read',
  );
  const backend = createBackend({
    ...parts,
    member,
    fleetId: fleet.fleetId,
    clock,
    crypto,
    notReady: () => [...faults],
    stopping: stopping.signal,
  });
  const api = await startApiServer({
    backend,
    authenticate: (token) => parts.authenticate(token),
    log,
    environment,
    tcp: parts.apiListen,
    unixSocket: parts.apiSocket,
  });
  opened.defer(async () => {
    notReady('the sidecar is stopping');
    stopping.abort();
    await api.stop();
  });
  await member.connect(parts.peers, parts.meshListens);
  if (parts.meshListens) {
    const address = member.meshAddress;
    log.info('mesh.listening', { address }, `other sidecars can dial ${address}`);
  }
  return {
    apiAddress: api.tcpAddress,
    apiSocket: api.unixSocket,
    meshAddress: member.meshAddress,
    failed: failure.promise,
    [Symbol.asyncDispose]: () => opened.close(),
  };
}
