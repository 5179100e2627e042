// Telemetry over the API: the bridge without a token, and the history with one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { TelemetryService } from '../../../src/gen/holdfast/v1/telemetry_pb.ts';
import type { HistoryQuery, TelemetryControl } from '../../../src/sidecar/api/index.ts';
import { MANUAL_CLOCK_START_MS } from '../../../src/testing/index.ts';
import { call, clientFor, PROTOCOLS, rejection } from './support/call.ts';
import { type OpenApi, openApi, READ_TOKEN } from './support/open-api.ts';

const NOW_MS = MANUAL_CLOCK_START_MS;
const PLAIN = { method: 'GET', token: null };

function keeping(api: OpenApi): HistoryQuery[] {
  const asked: HistoryQuery[] = [];
  const telemetry: TelemetryControl = {
    report: async () => ({ name: 'edge-7', cpu_percent: 12.5 }),
    history: (query) => {
      asked.push(query);
      const figures = { cpuPercent: 12.5, networkSentBytesPerSecond: 9 };
      return {
        samples: [{ observedAtMs: NOW_MS, figures, samples: 3 }],
        ...{ sinceMs: NOW_MS - 1, spacingMs: 8_000 },
      };
    },
  };
  api.backend.telemetry = telemetry;
  return asked;
}

test('/telemetry is the report as JSON, without a token', async () => {
  await using api = await openApi();
  keeping(api);
  const answer = await call(api.url, '/telemetry', '', PLAIN);
  assert.deepEqual([answer.status, answer.json], [200, { name: 'edge-7', cpu_percent: 12.5 }]);
  assert.equal(answer.headers['content-type'], 'application/json');
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal((await call(api.url, '/telemetry', '{}', { token: null })).status, 405);
});

test('/telemetry of a sidecar that has none is 404', async () => {
  await using api = await openApi();
  assert.equal((await call(api.url, '/telemetry', '', PLAIN)).status, 404);
});

test('/telemetry and /health are for nobody’s web page', async () => {
  await using api = await openApi();
  keeping(api);
  for (const path of ['/telemetry', '/health']) {
    for (const headers of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
      assert.equal((await call(api.url, path, '', { ...PLAIN, headers })).status, 403);
    }
  }
});

test('/health is as /readyz is, in JSON', async () => {
  await using api = await openApi();
  const about = { name: 'edge', node: 'self-node', version: '0.1.0' };
  const ready = await call(api.url, '/health', '', PLAIN);
  const { started_at: startedAt, ...rest } = ready.json;
  assert.deepEqual(rest, { status: 'ok', ...about, name: rest.name, reasons: [] });
  assert.equal(new Date(startedAt).toISOString(), startedAt);
  api.backend.reasonsNotReady = ['The store is not open.'];
  const answer = await call(api.url, '/health', '', PLAIN);
  assert.equal(answer.status, 503);
  assert.deepEqual(answer.json.reasons, ['The store is not open.']);
  assert.equal(answer.json.status, 'not_ready');
});

for (const protocol of PROTOCOLS) {
  test(`${protocol}: the history is of the last hour, or of the time that is named`, async () => {
    await using api = await openApi();
    const asked = keeping(api);
    const client = clientFor(TelemetryService, protocol, api.url, READ_TOKEN);
    const { samples, since, spacing } = await client.history({ agent: 'edge-7' });
    assert.equal(samples[0]?.telemetry?.cpuPercent, 12.5);
    assert.equal(samples[0]?.telemetry?.networkSentBytesPerSecond, 9);
    assert.equal(samples[0]?.telemetry?.load1m, undefined);
    assert.equal(samples[0]?.samples, 3);
    assert.equal(since && timestampMs(since), NOW_MS - 1);
    assert.equal(spacing?.seconds, 8n);
    const from = timestampFromMs(NOW_MS - 9_000);
    await client.history({ agent: 'edge-7', from, to: timestampFromMs(NOW_MS), maxPoints: 7 });
    assert.deepEqual(asked, [
      { agent: 'edge-7', fromMs: NOW_MS - 3_600_000, toMs: NOW_MS, maxPoints: 1_000 },
      { agent: 'edge-7', fromMs: NOW_MS - 9_000, toMs: NOW_MS, maxPoints: 7 },
    ]);
  });
}

test('the history refuses what is wrong, and who has no token', async () => {
  await using api = await openApi();
  keeping(api);
  const client = clientFor(TelemetryService, 'connect json', api.url, READ_TOKEN);
  const [from, to] = [timestampFromMs(2_000), timestampFromMs(1_000)];
  const failure = await rejection(client.history({ agent: 'edge-7', from, to }));
  assert.match(failure.message, /to: is before `from`/);
  assert.match((await rejection(client.history({ agent: 'Edge 7' }))).message, /agent/);
  const much = await rejection(client.history({ agent: 'edge-7', maxPoints: 1_001 }));
  assert.match(much.message, /max_points/);
  const stranger = clientFor(TelemetryService, 'connect json', api.url, null);
  assert.match((await rejection(stranger.history({ agent: 'edge-7' }))).message, /no token/);
});

test('the history of a sidecar that keeps none is NOT_FOUND', async () => {
  await using api = await openApi();
  const client = clientFor(TelemetryService, 'connect json', api.url, READ_TOKEN);
  const failure = await rejection(client.history({ agent: 'edge-7' }));
  assert.match(failure.message, /--telemetry-history is off/);
});
