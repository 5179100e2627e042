// What happens to a sidecar is counted once, under the label it belongs to; what is asked for together is collected once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measured } from '../../../src/sidecar/measure/measured.ts';
import { SidecarMetrics } from '../../../src/sidecar/measure/sidecar-metrics.ts';
import { NOT_READY } from '../../../src/sidecar/not-ready.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { Scrape } from '../../support/prometheus-text.ts';
import { FakeBackend, PEER } from '../api/support/fake-backend.ts';

/** A sidecar whose store is being opened. */
function measuredOf(given: Partial<Measured> = {}): Measured {
  const { info, mesh } = new FakeBackend();
  return {
    ...{ info, mesh, audit: undefined, disk: undefined },
    member: () => undefined,
    api: () => undefined,
    notReady: () => [],
    damage: () => [],
    ...given,
  };
}

async function scrape(metrics: SidecarMetrics, given?: Partial<Measured>): Promise<Scrape> {
  return new Scrape(await metrics.page(measuredOf(given)).text());
}

test('calls are counted by method and code, unary ones with how long they took', async () => {
  const clock = new ManualClock();
  const metrics = new SidecarMetrics({ clock, timers: clock });
  const seen = { caller: undefined, request: undefined, reason: undefined, isRefusal: false };
  metrics.call({ ...seen, method: 'MeshService/Status', tookMs: 30 });
  metrics.call({ ...seen, method: 'DocumentService/Watch' });
  metrics.call({ ...seen, method: 'DocumentService/Get', reason: 'NOT_FOUND', tookMs: 1 });
  metrics.call({ ...seen, method: '../../etc/passwd', reason: 'UNKNOWN_METHOD' });
  const shown = await scrape(metrics);
  const count = (method: string, code: string) =>
    shown.value('holdfast_api_requests_total', { method, code });
  assert.equal(count('MeshService/Status', 'ok'), 1);
  assert.equal(count('DocumentService/Watch', 'ok'), 1);
  assert.equal(count('DocumentService/Get', 'not_found'), 1);
  assert.equal(count('unknown', 'unimplemented'), 1);
  assert.equal(shown.sum('holdfast_api_requests_total'), 4);
  const upTo = (le: string) =>
    shown.value('holdfast_api_request_seconds_bucket', { method: 'MeshService/Status', le });
  assert.deepEqual([upTo('0.025'), upTo('0.05')], [0, 1]);
  assert.equal(
    shown.value('holdfast_api_request_seconds_count', { method: 'DocumentService/Watch' }),
    undefined,
  );
});

test('what is reported is counted, with reasons that nobody knows as others', async () => {
  const clock = new ManualClock();
  const metrics = new SidecarMetrics({ clock, timers: clock });
  metrics.hear({ type: 'store-failed', error: new Error('no') });
  metrics.hear({ type: 'peer-duplicated', nodeId: 'ab' });
  metrics.hear({ type: 'refused', address: 'a:1', reason: 'no', versionMismatch: false });
  for (const reason of ['TOKEN_SPENT', 'TOKEN_SPENT', 'never heard of']) {
    metrics.hear({ type: 'enrolment-refused', token: '', nodeId: '', detail: '', reason });
  }
  metrics.persisted(3, true);
  metrics.bundle('imported');
  const shown = await scrape(metrics);
  assert.equal(shown.value('holdfast_store_failures_total'), 1);
  assert.equal(shown.value('holdfast_core_faults_total'), 0);
  assert.equal(shown.value('holdfast_duplicate_identities_total', { whose: 'peer' }), 1);
  assert.equal(shown.value('holdfast_links_refused_total'), 1);
  const refusals = 'holdfast_enrolment_refusals_total';
  assert.equal(shown.value(refusals, { reason: 'TOKEN_SPENT' }), 2);
  assert.equal(shown.value(refusals, { reason: 'other' }), 1);
  assert.equal(shown.value('holdfast_persist_seconds_count', { sync: 'yes' }), 1);
  assert.equal(shown.value('holdfast_bundles_total', { direction: 'imported' }), 1);
});

test('each reason for not being ready is one of its own, and 0 while it is not so', async () => {
  const clock = new ManualClock();
  const metrics = new SidecarMetrics({ clock, timers: clock });
  const shown = await scrape(metrics, { notReady: () => [NOT_READY.disk_full] });
  assert.equal(shown.value('holdfast_ready'), 0);
  for (const reason of [...Object.keys(NOT_READY), 'other']) {
    const expected = reason === 'disk_full' ? 1 : 0;
    assert.equal(shown.value('holdfast_not_ready', { reason }), expected, reason);
  }
  const ready = await scrape(metrics);
  assert.equal(ready.value('holdfast_ready'), 1);
  assert.equal(ready.value('holdfast_not_ready', { reason: 'disk_full' }), 0);
});

test('while the store is opened again there are no documents, and that is not 0', async () => {
  const clock = new ManualClock();
  const metrics = new SidecarMetrics({ clock, timers: clock });
  const shown = await scrape(metrics);
  for (const name of ['documents', 'commits', 'sync_lag_seconds', 'clock_suspect']) {
    assert.equal(shown.value(`holdfast_${name}`), undefined, name);
    assert.equal(shown.families.get(`holdfast_${name}`)?.type, 'gauge', name);
  }
});

test('peers are counted by state, and who was heard last says for how long all were silent', async () => {
  const clock = new ManualClock(100_000);
  const metrics = new SidecarMetrics({ clock, timers: clock });
  const away = { ...PEER, state: 'waiting', path: undefined, linkClass: undefined } as const;
  const mesh = {
    ...{ paused: false, receiveOnlySinceMs: 5 },
    peers: () => [{ ...PEER, linkClass: 'wan', lastSeenMs: 98_000 }, away, away],
  };
  const shown = await scrape(metrics, { mesh });
  assert.equal(shown.value('holdfast_peers', { state: 'connected' }), 1);
  assert.equal(shown.value('holdfast_peers', { state: 'waiting' }), 2);
  assert.equal(shown.value('holdfast_links', { path: 'lan', class: 'wan' }), 1);
  assert.equal(shown.sum('holdfast_links'), 1);
  assert.equal(shown.value('holdfast_last_heard_seconds'), 2);
  assert.equal(shown.value('holdfast_receive_only'), 1);
});

test('scrapes that come together are collected once, and a disk that hangs is waited for a second', async () => {
  const clock = new ManualClock();
  const metrics = new SidecarMetrics({ clock, timers: clock });
  let asked = 0;
  const disk = {
    space: () => {
      asked++;
      return new Promise<never>(() => undefined);
    },
  };
  const page = metrics.page(measuredOf({ disk }));
  const both = Promise.all([page.text(), page.text()]);
  clock.advance(1000);
  const [first, second] = await both;
  assert.equal(asked, 1);
  assert.equal(first, second);
  const shown = new Scrape(first);
  assert.equal(shown.value('holdfast_disk_free_bytes'), undefined);
  assert.equal(shown.value('holdfast_ready'), 1);
});
