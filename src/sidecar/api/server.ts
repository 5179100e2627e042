// The API server: the routes behind up to three doors, and an orderly end.
import type { Environment } from '../../core/index.ts';
import type { Backend } from './backend.ts';
import type { Authenticate } from './calls/authenticate.ts';
import { CallLedger } from './calls/call-ledger.ts';
import type { ObserveCall } from './calls/call-observer.ts';
import type { ReportFault } from './calls/connect-error.ts';
import { doorOf } from './calls/door.ts';
import { type ApiLimits, DEFAULT_API_LIMITS, MAX_EXPORTS } from './calls/limits.ts';
import { type Gate, serveRequest } from './calls/request-listener.ts';
import { StreamSlots } from './calls/stream-slots.ts';
import type { TcpTarget, UnixTarget } from './connections/bind.ts';
import { type Listener, listen } from './connections/listener.ts';
import type { TlsMaterial } from './connections/tls.ts';
import { OWNER_SOCKET_MODE } from './connections/unix-socket.ts';
import { createNodeNames } from './convert/index.ts';
import type { ApiFigures } from './pages/figures.ts';
import type { PageFiles } from './pages/page-files.ts';
import { createRoutes } from './routes.ts';

/** Where the server says what an operator should know. The sidecar's log is one. */
export interface ApiLog {
  info(event: 'api.listening', fields: { readonly address: string }, message: string): void;
  error(event: 'api.request_failed', fields: { readonly error: unknown }, message: string): void;
}

export interface ApiServerOptions {
  readonly backend: Backend;
  readonly authenticate: Authenticate;
  readonly log: ApiLog;
  readonly environment: Pick<Environment, 'timers' | 'crypto' | 'clock'>;
  /** Without `tls` loopback only. Port 0 takes a free one. */
  readonly tcp?:
    | {
        readonly host: string;
        readonly port: number;
        readonly tls?: TlsMaterial | undefined;
      }
    | undefined;
  /** Path of a Unix socket. A file left over there by a killed sidecar is replaced. */
  readonly unixSocket?: string | undefined;
  /** Permissions of that socket's file; for its owner alone where this is left out. */
  readonly unixSocketMode?: number | undefined;
  /** Path of a Unix socket for the operator alone: where it is given, the operator's token works on it and nowhere else. */
  readonly adminSocket?: string | undefined;
  /** Told of calls that ended, but not of those that anybody may make. Must not throw. */
  readonly onCall?: ObserveCall | undefined;
  /** Whether the metrics are shown to everybody on this machine. */
  readonly metricsArePublic?: boolean;
  /** The dashboard; none where this is left out. */
  readonly pages?: PageFiles | undefined;
  /** Replaces single limits. */
  readonly limits?: Partial<ApiLimits>;
}

export interface ApiServer extends AsyncDisposable {
  figures(): ApiFigures;
  /** `127.0.0.1:7676`; undefined without TCP. */
  readonly tcpAddress: string | undefined;
  readonly unixSocket: string | undefined;
  readonly adminSocket: string | undefined;
  /**
   * Accepts nothing more, ends streams with STOPPING, lets other calls finish for two seconds, and cuts what is left.
   * Idempotent.
   */
  stop(): Promise<void>;
}

/** Throws StartupError when one of the places cannot be listened at; then none is. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { backend, log, environment } = options;
  const limits = { ...DEFAULT_API_LIMITS, ...options.limits };
  const stopped = new AbortController();
  const slots = createSlots(limits);
  const stopping = AbortSignal.any([backend.stopping, stopped.signal]);
  const gate = createGate(options, { limits, slots, stopping });
  const listeners: Listener[] = [];

  const { adminSocket } = options;
  const open = async (target: TcpTarget | UnixTarget, isAdminDoor = false): Promise<Listener> => {
    const door = doorOf(target, isAdminDoor, adminSocket !== undefined);
    const listener = await listen(target, {
      limits,
      timers: environment.timers,
      onRequest: (request, response) => serveRequest(gate, request, response, door),
    });
    listeners.push(listener);
    log.info('api.listening', { address: listener.address }, 'The API accepts calls.');
    return listener;
  };
  let closing: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped.abort();
    closing ??= closeAll(listeners, environment, limits.stopDeadlineMs);
    return closing;
  };

  try {
    const tcp = options.tcp && (await open({ kind: 'tcp', ...options.tcp }));
    const unix = options.unixSocket && (await open(socketOf(options, options.unixSocket)));
    if (adminSocket !== undefined) {
      const mode = OWNER_SOCKET_MODE;
      await open({ kind: 'unix', path: adminSocket, mode, option: '--api-admin-socket' }, true);
    }
    return {
      figures: () => ({
        watches: slots.watches.figure,
        exports: slots.exports.figure,
        ...gate.ledger.figures,
      }),
      tcpAddress: tcp?.address,
      unixSocket: unix ? unix.address : undefined,
      adminSocket,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function socketOf({ unixSocketMode }: ApiServerOptions, path: string): UnixTarget {
  return { kind: 'unix', path, mode: unixSocketMode ?? OWNER_SOCKET_MODE, option: '--api-socket' };
}

/** Streams that may be open at once. */
interface Slots {
  readonly watches: StreamSlots;
  readonly exports: StreamSlots;
}

function createSlots({ maxWatches }: ApiLimits): Slots {
  return { watches: new StreamSlots(maxWatches), exports: new StreamSlots(MAX_EXPORTS) };
}

function createGate(
  options: ApiServerOptions,
  { limits, slots, stopping }: { limits: ApiLimits; slots: Slots; stopping: AbortSignal },
): Gate {
  const { backend, authenticate, log, environment, onCall: observe, metricsArePublic } = options;
  const reportFault: ReportFault = (error) => {
    log.error('api.request_failed', { error }, 'A call failed through a fault of the sidecar.');
  };
  const { timers, clock, crypto: hash } = environment;
  const ledger = new CallLedger({ ...limits, clock });
  return {
    routes: createRoutes({
      backend,
      timers,
      clock,
      hash,
      slots: slots.watches,
      exportSlots: slots.exports,
      stopping,
      reportFault,
      ledger,
      observe,
    }),
    ledger,
    health: { backend, clock, names: createNodeNames(hash), stopping },
    authenticate,
    reportFault,
    stopping,
    clock,
    timers,
    observe,
    pages: options.pages,
    metrics: backend.metrics,
    metricsArePublic: metricsArePublic === true,
  };
}

async function closeAll(
  listeners: readonly Listener[],
  { timers }: Pick<Environment, 'timers'>,
  deadlineMs: number,
): Promise<void> {
  const cancelDeadline = timers.after(deadlineMs, () => {
    for (const listener of listeners) listener.destroy();
  });
  await Promise.all(listeners.map((listener) => listener.close()));
  cancelDeadline();
}
