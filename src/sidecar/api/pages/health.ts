// Plain paths for probes and people, without a token: /livez, /readyz, /syncz, /version, /health and /telemetry.
import type { Clock } from '../../../core/index.ts';
import type { Backend } from '../backend.ts';
import { type ApiRequest, type ApiResponse, sendBody } from '../calls/respond.ts';
import type { NodeNames } from '../convert/index.ts';
import { showSync } from './sync-page.ts';
import { showHealth, showTelemetry } from './telemetry-pages.ts';

export interface HealthPages {
  readonly backend: Pick<
    Backend,
    'info' | 'notReady' | 'telemetry' | 'reach' | 'shortfall' | 'mesh'
  >;
  readonly clock: Pick<Clock, 'now'>;
  readonly names: NodeNames;
  readonly stopping: AbortSignal;
}

type Page = (pages: HealthPages, query: URLSearchParams, response: ApiResponse) => void;

/** Package of the protos this sidecar serves: what a client checks before it calls. */
const PROTOCOL = 'holdfast.v1';
const TEXT = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
const JSON_TEXT = { 'content-type': 'application/json', 'cache-control': 'no-store' };

const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>([
  [
    '/livez',
    (_pages, _query, response) => {
      sendBody(response, 200, TEXT, 'ok\n');
    },
  ],
  ['/readyz', showReadiness],
  ['/syncz', showSync],
  ['/version', showVersion],
  ['/health', (pages, _query, response) => showHealth(pages.backend, reasonsOf(pages), response)],
  ['/telemetry', ({ backend }, _query, response) => void showTelemetry(backend, response)],
]);

export const HEALTH_PATHS: readonly string[] = [...PAGES.keys()];

/** Answers if the path is one of ours; otherwise false, and nothing was sent. */
export function serveHealth(
  pages: HealthPages,
  path: string,
  query: string,
  request: ApiRequest,
  response: ApiResponse,
): boolean {
  const page = PAGES.get(path);
  if (page === undefined) return false;
  if (request.method === 'GET' || request.method === 'HEAD') {
    page(pages, new URLSearchParams(query), response);
  } else {
    sendBody(response, 405, { ...TEXT, allow: 'GET, HEAD' }, `${path} only answers GET.\n`);
  }
  return true;
}

/** Not ready is 503. The reasons are for `?verbose`, so that a probe's log stays one line. */
function showReadiness(pages: HealthPages, query: URLSearchParams, response: ApiResponse): void {
  const reasons = reasonsOf(pages);
  const ready = reasons.length === 0;
  const lines = [ready ? 'ok' : 'not ready', ...(query.has('verbose') ? reasons : [])];
  sendBody(response, ready ? 200 : 503, TEXT, `${lines.join('\n')}\n`);
}

function reasonsOf({ backend, stopping }: HealthPages): readonly string[] {
  return [...backend.notReady(), ...(stopping.aborted ? ['The sidecar is stopping.'] : [])];
}

function showVersion(
  { backend }: HealthPages,
  _query: URLSearchParams,
  response: ApiResponse,
): void {
  const { version, nodeId } = backend.info;
  sendBody(
    response,
    200,
    JSON_TEXT,
    `${JSON.stringify({ version, protocol: PROTOCOL, node: nodeId })}\n`,
  );
}
