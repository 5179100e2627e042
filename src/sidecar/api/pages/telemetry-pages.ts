// The bridge for tools that speak plain HTTP and JSON, without a token as /readyz: /telemetry and /health.
import type { Backend } from '../backend.ts';
import { type ApiResponse, sendBody } from '../calls/respond.ts';

const JSON_TEXT = { 'content-type': 'application/json', 'cache-control': 'no-store' };

/** 404 where the sidecar has nothing to report with, as inside a test. */
export async function showTelemetry(
  { telemetry }: Pick<Backend, 'telemetry'>,
  response: ApiResponse,
): Promise<void> {
  const report = await telemetry?.report();
  if (report === undefined) sendJson(response, 404, { error: 'no telemetry is kept here' });
  else sendJson(response, 200, report);
}

/** As /readyz, for those who read JSON: peers and hub are never a reason. */
export function showHealth(
  { info }: Pick<Backend, 'info'>,
  reasons: readonly string[],
  response: ApiResponse,
): void {
  const isReady = reasons.length === 0;
  const { name, nodeId: node, version, startedAtMs } = info;
  const startedAt = new Date(startedAtMs).toISOString();
  const status = isReady ? 'ok' : 'not_ready';
  const body = { status, name, node, version, started_at: startedAt, reasons };
  sendJson(response, isReady ? 200 : 503, body);
}

function sendJson(response: ApiResponse, status: number, body: object): void {
  // The caller may have left while the report was made.
  if (response.destroyed || response.headersSent) return;
  sendBody(response, status, JSON_TEXT, `${JSON.stringify(body)}\n`);
}
