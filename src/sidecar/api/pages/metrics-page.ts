// GET /metrics: what a monitoring system scrapes. With a token, as every read, but where the operator opened it on this machine.
import { describeHolder, HoldfastError } from '../../../core/index.ts';
import { type Authenticate, callerOf } from '../calls/authenticate.ts';
import type { CallLedger } from '../calls/call-ledger.ts';
import type { ReportFault } from '../calls/connect-error.ts';
import { checkAdmitted, type Door } from '../calls/door.ts';
import { type ApiRequest, type ApiResponse, sendBody } from '../calls/respond.ts';

export const METRICS_PATH = '/metrics';

/** What is shown there. */
export interface MetricsPage {
  readonly contentType: string;
  /** Rejects for a fault of ours alone. */
  text(): Promise<string>;
}

export interface MetricsGate {
  readonly metrics: MetricsPage | undefined;
  /** Nobody needs a token at a door that only this machine reaches. */
  readonly metricsArePublic: boolean;
  readonly authenticate: Authenticate;
  readonly ledger: CallLedger;
  readonly reportFault: ReportFault;
}

/** Answers, sooner or later. Throws HoldfastError for who may not look; then nothing was sent. */
export function serveMetrics(
  gate: MetricsGate,
  page: MetricsPage,
  request: ApiRequest,
  response: ApiResponse,
  door: Door,
): void {
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    const headers = { 'content-type': 'text/plain; charset=utf-8', allow: 'GET, HEAD' };
    sendBody(response, 405, headers, `${METRICS_PATH} only answers GET.\n`);
    request.resume();
    return;
  }
  if (!(gate.metricsArePublic && door.isLocal)) response.once('close', admit(gate, request, door));
  request.resume();
  page.text().then(
    (text) => {
      const headers = { 'content-type': page.contentType, 'cache-control': 'no-store' };
      sendBody(response, 200, headers, text);
    },
    (error: unknown) => {
      gate.reportFault(error);
      const headers = { 'content-type': 'text/plain; charset=utf-8' };
      sendBody(response, 500, headers, 'The metrics could not be collected. The log says why.\n');
    },
  );
}

/** Begins a call of whoever asks and returns what ends it. */
function admit({ authenticate, ledger }: MetricsGate, request: ApiRequest, door: Door): () => void {
  const caller = callerOf(request, authenticate);
  checkAdmitted(door, caller);
  if (caller.scope === 'agent') {
    throw new HoldfastError(
      'SCOPE_MISSING',
      `${describeHolder(caller)} may not read the metrics. Nothing was done; use a token of scope read, or the operator's.`,
    );
  }
  return ledger.begin(caller);
}
