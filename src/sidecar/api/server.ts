// The API server: the routes on up to two listeners, and an orderly end.
import type { Environment } from '../../core/index.ts';
import type { Authenticate } from './authenticate.ts';
import type { Backend } from './backend.ts';
import type { TcpTarget, UnixTarget } from './bind.ts';
import type { ObserveCall } from './call-observer.ts';
import type { ReportFault } from './connect-error.ts';
import { type ApiLimits, DEFAULT_API_LIMITS } from './limits.ts';
import { type Listener, listen } from './listener.ts';
import { type Gate, serveRequest } from './request-listener.ts';
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
  readonly environment: Pick<Environment, 'timers' | 'crypto'>;
  /** Loopback only. Port 0 takes a free one. */
  readonly tcp?: { readonly host: string; readonly port: number } | undefined;
  /** Path of a Unix socket. A file left over there by a killed sidecar is replaced. */
  readonly unixSocket?: string | undefined;
  /** Told of calls that ended, but not of those that anybody may make. Must not throw. */
  readonly onCall?: ObserveCall | undefined;
  /** Replaces single limits. */
  readonly limits?: Partial<ApiLimits>;
}

export interface ApiServer extends AsyncDisposable {
  /** `127.0.0.1:7676`; undefined without TCP. */
  readonly tcpAddress: string | undefined;
  readonly unixSocket: string | undefined;
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
  const gate = createGate(options, limits, AbortSignal.any([backend.stopping, stopped.signal]));
  const listeners: Listener[] = [];

  const open = async (target: TcpTarget | UnixTarget): Promise<Listener> => {
    const viaTcp = target.kind === 'tcp';
    const listener = await listen(target, {
      limits,
      timers: environment.timers,
      onRequest: (request, response) => serveRequest(gate, request, response, viaTcp),
    });
    listeners.push(listener);
    log.info('api.listening', { address: listener.address }, 'The API accepts calls.');
    return listener;
  };
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped.abort();
    stopping ??= closeAll(listeners, environment, limits.stopDeadlineMs);
    return stopping;
  };

  try {
    const tcp = options.tcp && (await open({ kind: 'tcp', ...options.tcp }));
    const unix = options.unixSocket && (await open({ kind: 'unix', path: options.unixSocket }));
    return {
      tcpAddress: tcp?.address,
      unixSocket: unix ? unix.address : undefined,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function createGate(
  { backend, authenticate, log, environment, onCall: observe }: ApiServerOptions,
  { maxWatches }: ApiLimits,
  stopping: AbortSignal,
): Gate {
  const reportFault: ReportFault = (error) => {
    log.error('api.request_failed', { error }, 'A call failed through a fault of the sidecar.');
  };
  const { timers, crypto: hash } = environment;
  return {
    routes: createRoutes({ backend, timers, hash, maxWatches, stopping, reportFault, observe }),
    health: { backend, stopping },
    authenticate,
    reportFault,
    stopping,
    observe,
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
