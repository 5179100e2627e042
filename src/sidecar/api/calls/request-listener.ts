// The gate every request passes, whatever its protocol: where it comes from, what it asks for, who asks. Then it is served.
import { type Clock, HoldfastError, type Timers, type TokenHolder } from '../../../core/index.ts';
import { stoppingError } from '../connections/stopping.ts';
import { HEALTH_PATHS, type HealthPages, serveHealth } from '../pages/health.ts';
import { METRICS_PATH, type MetricsGate, serveMetrics } from '../pages/metrics-page.ts';
import { type PageFiles, servePageFile } from '../pages/page-files.ts';
import type { Route } from '../routes.ts';
import { callerOf, checkSource } from './authenticate.ts';
import { type ObserveCall, seenCall } from './call-observer.ts';
import { fromHoldfastError, malformed, toConnectError } from './connect-error.ts';
import { checkAdmitted, type Door } from './door.ts';
import { serveEvents } from './event-call.ts';
import { type Encoding, PLAIN_ENCODING, parseContentType } from './protocol.ts';
import { type ApiRequest, type ApiResponse, type HeaderFields, sendError } from './respond.ts';
import { serveStream } from './stream-call.ts';
import { contextValuesFor } from './stream-context.ts';
import { serveUnary } from './unary-call.ts';

export interface Gate extends MetricsGate {
  readonly routes: ReadonlyMap<string, Route>;
  readonly health: HealthPages;
  /** The dashboard; undefined where there is none. */
  readonly pages: PageFiles | undefined;
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Told of every call but those that anybody may make. */
  readonly observe?: ObserveCall | undefined;
}

/** Answers one request. Never throws. */
export function serveRequest(
  gate: Gate,
  request: ApiRequest,
  response: ApiResponse,
  door: Door,
): void {
  const { path, query } = splitUrl(request.url ?? '');
  const encoding = parseContentType(request.headers['content-type']);
  try {
    const foreign = checkSource(request, door);
    if (foreign !== undefined) throw foreign;
    if (serveHealth(gate.health, path, query, request, response)) {
      request.resume();
      return;
    }
    const { pages, reportFault } = gate;
    if (pages && servePageFile(pages, path, request, response, reportFault)) return;
    if (path === METRICS_PATH && gate.metrics !== undefined) {
      serveMetrics(gate, gate.metrics, request, response, door);
      return;
    }
    const route = gate.routes.get(path);
    if (route === undefined) throw unknownMethod(path);
    const understood = understoodEncoding(route, encoding, request, response);
    if (understood === undefined) return;
    serveCall(gate, route, { door, path, encoding: understood, request, response });
  } catch (error) {
    gate.observe?.(seenCall(path, undefined, undefined, error));
    const status =
      error instanceof HoldfastError && error.reason === 'UNKNOWN_METHOD' ? 404 : undefined;
    sendError(
      response,
      encoding ?? PLAIN_ENCODING,
      toConnectError(error, gate.reportFault),
      status,
    );
    request.resume();
  }
}

interface Call {
  readonly door: Door;
  readonly path: string;
  readonly encoding: Encoding;
  readonly request: ApiRequest;
  readonly response: ApiResponse;
}

function serveCall(gate: Gate, route: Route, call: Call): void {
  const { clock, stopping, reportFault, ledger, observe } = gate;
  const { path, encoding, request, response } = call;
  if (stopping.aborted) throw stoppingError('Nothing was done; call again after the restart.');
  const beginStream = (caller: TokenHolder): void => {
    response.once(
      'close',
      ledger.beginStream(caller, () => response.destroy()),
    );
  };
  if (route.kind === 'events') {
    const caller = admittedCaller(gate, call);
    beginStream(caller);
    const onEnd = (error?: unknown) => observe?.(seenCall(path, caller, undefined, error));
    const parts = { timers: gate.timers, reportFault, onEnd };
    void serveEvents(route.call, caller, encoding, request, response, parts);
  } else if (route.kind === 'stream') {
    const caller = route.isPublic ? undefined : admittedCaller(gate, call);
    if (caller !== undefined) beginStream(caller);
    serveStream(route.handler, contextValuesFor(caller), request, response).catch(
      (error: unknown) => {
        reportFault(error);
        // Its answer has begun, so the only way left to say that it failed is to break it off.
        response.destroy();
      },
    );
  } else if (route.isPublic) {
    void serveUnary(route.call, undefined, encoding, request, response, reportFault);
  } else {
    const caller = admittedCaller(gate, call);
    response.once('close', ledger.begin(caller));
    const beganMs = clock.now().monotonicMs;
    const onEnd = (read: object | undefined, error?: unknown): void => {
      const tookMs = clock.now().monotonicMs - beganMs;
      observe?.({ ...seenCall(path, caller, read, error), tookMs });
    };
    void serveUnary(route.call, caller, encoding, request, response, reportFault, onEnd);
  }
}

function admittedCaller({ authenticate }: Gate, { door, request }: Call): TokenHolder {
  const caller = callerOf(request, authenticate);
  checkAdmitted(door, caller);
  return caller;
}

/** The request's encoding if the method can be called in it; otherwise the HTTP refusal was sent. */
function understoodEncoding(
  route: Route,
  encoding: Encoding | undefined,
  request: ApiRequest,
  response: ApiResponse,
): Encoding | undefined {
  const refuse = (status: number, what: string, headers: HeaderFields): undefined => {
    sendError(
      response,
      encoding ?? PLAIN_ENCODING,
      fromHoldfastError(malformed(what)),
      status,
      headers,
    );
    request.resume();
  };
  if (request.method !== 'POST') {
    return refuse(405, `the method is called with POST, not ${request.method}`, { allow: 'POST' });
  }
  const family = route.kind === 'unary' ? 'application/' : 'application/connect+';
  const isConnect = encoding?.wire === 'connect' || encoding?.wire === 'connect-stream';
  if (
    encoding !== undefined &&
    (!isConnect || (encoding.wire === 'connect') === (route.kind === 'unary'))
  ) {
    return encoding;
  }
  const wanted = `${family}json or ${family}proto, or one of gRPC`;
  return refuse(415, `this method is called with the Content-Type ${wanted}`, {
    'accept-post': `${family}json, ${family}proto, application/grpc, application/grpc-web`,
  });
}

function unknownMethod(path: string): HoldfastError {
  return new HoldfastError(
    'UNKNOWN_METHOD',
    `There is nothing at ${path.slice(0, 200)}. Nothing was done; methods are at /holdfast.v1.{Service}/{Method}, and there are ${[...HEALTH_PATHS, METRICS_PATH].join(', ')}.`,
  );
}

function splitUrl(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: '' }
    : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}
