// GET /syncz: how far this sidecar lags behind whom, with a status by which a script goes on or waits. Without a token, as /readyz.
import type { Clock } from '../../../core/index.ts';
import type { Backend } from '../backend.ts';
import { type ApiResponse, sendBody } from '../calls/respond.ts';
import type { NodeNames } from '../convert/index.ts';
import { type SyncLimits, syncReport } from './sync-report.ts';

const JSON_TEXT = { 'content-type': 'application/json', 'cache-control': 'no-store' };
const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  '': 1_000,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

export interface SyncPage {
  readonly backend: Pick<Backend, 'reach' | 'shortfall' | 'mesh'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly names: NodeNames;
}

/** 200 within the limits asked for, 503 beyond one or while nobody can tell, 400 for limits that cannot be read. */
export function showSync(page: SyncPage, query: URLSearchParams, response: ApiResponse): void {
  const limits = limitsOf(query);
  if (typeof limits === 'string') {
    return send(response, 400, { status: 'bad_request', error: limits });
  }
  const { backend, clock, names } = page;
  const reach = backend.reach?.();
  const shortfall = backend.shortfall?.();
  if (reach === undefined || shortfall === undefined) {
    const error = 'the store is not open, so nobody can tell what is missing';
    return send(response, 503, { status: 'unknown', error });
  }
  const { exceeded, body } = syncReport(
    {
      ...{ reach, shortfall, now: clock.now() },
      hasPeers: backend.mesh.peers().length > 0,
      nodeName: ({ nodeId }) => names(nodeId),
    },
    limits,
  );
  const isFine = exceeded.length === 0;
  send(response, isFine ? 200 : 503, { status: isFine ? 'ok' : 'behind', ...body });
}

/** What is borne, or the sentence that says what is wrong. A limit with a typo must not pass for none. */
function limitsOf(query: URLSearchParams): SyncLimits | string {
  for (const key of query.keys()) {
    if (key !== 'max_lag' && key !== 'max_gap') {
      return `${key.slice(0, 64)}: no such limit; there are max_lag and max_gap`;
    }
    if (query.getAll(key).length > 1) return `${key}: given twice`;
  }
  const lag = query.get('max_lag');
  const gap = query.get('max_gap');
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(lag ?? '') ?? [];
  if (lag !== null && number === undefined) {
    return 'max_lag: not a duration; write seconds, or a number and a unit, such as 90, 500ms, 30s, 5m, 2h or 7d';
  }
  if (gap !== null && !/^\d{1,12}$/.test(gap)) {
    return 'max_gap: not a count; write how many commits may be missing, such as 0 or 100';
  }
  return {
    maxLagMs: number === undefined ? undefined : Number(number) * (UNIT_MS[unit] ?? 0),
    maxGap: gap === null ? undefined : Number(gap),
  };
}

function send(response: ApiResponse, status: number, body: object): void {
  sendBody(response, status, JSON_TEXT, `${JSON.stringify(body)}\n`);
}
