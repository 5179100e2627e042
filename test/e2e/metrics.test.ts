// The metrics of real sidecars, read as Prometheus reads them: what was done is counted, what links carry, and what is missing in a cut.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { Scrape } from '../support/prometheus-text.ts';
import { FoundedSite } from './support/founded-site.ts';
import type { RunningSidecar } from './support/running-sidecar.ts';
import { Site, waitFor } from './support/site.ts';

const DAY_S = 86_400;

function get(sidecar: RunningSidecar, caller?: string): Promise<Response> {
  const headers = caller === undefined ? {} : { authorization: `Bearer ${sidecar.token(caller)}` };
  return fetch(`http://${sidecar.apiAddress}/metrics`, { headers });
}

async function scrape(sidecar: RunningSidecar): Promise<Scrape> {
  const answer = await get(sidecar, 'admin');
  assert.equal(answer.status, 200, await answer.clone().text());
  assert.match(answer.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
  return new Scrape(await answer.text());
}

/** Scrapes until a figure is so. */
function scrapedWhen(
  what: string,
  sidecar: RunningSidecar,
  isSo: (scrape: Scrape) => boolean,
): Promise<Scrape> {
  return waitFor(what, async () => {
    const found = await scrape(sidecar);
    return isSo(found) && found;
  });
}

/** What /syncz says to a script: its status, and whether this sidecar is cut off. */
async function syncz(sidecar: RunningSidecar, query: string): Promise<[number, unknown]> {
  const answer = await fetch(`http://${sidecar.apiAddress}/syncz?${query}`);
  const body: { cut_off?: unknown } = JSON.parse(await answer.text());
  return [answer.status, body.cut_off];
}

describe('one sidecar', () => {
  test('counts what it holds and what was asked of it, and shows it to whoever may read', async () => {
    await using site = new Site();
    await site.init('a');
    const a = await site.start('a');
    assert.equal((await get(a)).status, 401);
    assert.equal((await get(a, 'agent-a')).status, 403);
    const before = await scrape(a);
    assert.equal(before.value('holdfast_ready'), 1);
    assert.equal(before.value('holdfast_documents'), 0);
    for (const id of ['one', 'two', 'three']) await a.put('notes', id, { id });
    await a.call('DocumentService/Delete', { collection: 'notes', id: 'two' });
    await assert.rejects(() => a.call('DocumentService/Get', { collection: 'notes', id: 'two' }));
    const after = await scrape(a);
    assert.equal(after.value('holdfast_documents'), 2);
    assert.equal(after.value('holdfast_tombstones'), 1);
    assert.equal(after.value('holdfast_commits'), 4);
    const calls = (method: string, code: string) =>
      after.value('holdfast_api_requests_total', { method, code });
    assert.equal(calls('DocumentService/Put', 'ok'), 3);
    assert.equal(calls('DocumentService/Get', 'not_found'), 1);
    const put = { method: 'DocumentService/Put' };
    assert.equal(after.value('holdfast_api_request_seconds_count', put), 3);
    const seconds = after.value('holdfast_api_request_seconds_sum', put) ?? 0;
    assert.ok(seconds > 0 && seconds < 20, `${seconds}`);
    assert.ok((after.value('holdfast_persist_seconds_count', { sync: 'yes' }) ?? 0) >= 4);
    assert.ok((after.value('holdfast_event_loop_delay_seconds_count') ?? 0) >= 1);
    assert.ok((after.value('holdfast_disk_free_bytes') ?? 0) > 0);
    assert.ok((after.value('holdfast_process_resident_memory_bytes') ?? 0) > 1e7);
    assert.ok((after.value('holdfast_audit_entries_total') ?? 0) >= 1);
    assert.equal(after.value('holdfast_members', { state: 'member' }), undefined);
    assert.doesNotMatch([...after.families.keys()].join(), /edge|notes/);
  });

  test('tells of commands for its agents: that they were issued, wait, and expire unclaimed', async () => {
    await using site = new Site();
    await site.init('a');
    const a = await site.start('a');
    const issue = (ttl: string) =>
      a.call('CommandService/Issue', { agent: 'a', kind: 'say', args: {}, ttl });
    await issue('3600s');
    await issue('1s');
    const shown = await scrapedWhen(
      'one of two commands to expire',
      a,
      (one) => one.value('holdfast_commands_ended_total', { state: 'expired' }) === 1,
    );
    assert.equal(shown.value('holdfast_commands_issued_total'), 2);
    assert.equal(shown.value('holdfast_commands', { state: 'pending' }), 1);
    assert.equal(shown.value('holdfast_commands', { state: 'expired' }), 1);
    assert.equal(shown.value('holdfast_commands_claimed_total'), 0);
    assert.ok((shown.value('holdfast_command_waiting_seconds') ?? 0) > 0);
  });

  test('shows them without a token where its operator says so', async () => {
    await using site = new Site();
    await site.init('a');
    const a = await site.start('a', { args: ['--metrics-public', 'on'] });
    const answer = await get(a);
    assert.equal(answer.status, 200);
    assert.equal(new Scrape(await answer.text()).value('holdfast_ready'), 1);
  });

  test('without room on its disk is not ready, and says why in metrics and log, once', async () => {
    await using site = new Site();
    await site.init('a');
    const a = await site.start('a', { args: ['--disk-reserve', '1000000'] });
    const shown = await scrapedWhen(
      'the disk to be full',
      a,
      (one) => one.value('holdfast_ready') === 0,
    );
    assert.equal(shown.value('holdfast_not_ready', { reason: 'disk_full' }), 1);
    assert.equal(shown.value('holdfast_not_ready', { reason: 'store_failed' }), 0);
    const told = a.log('sidecar.not_ready');
    assert.deepEqual(
      told.map(({ level, reason }) => [level, reason]),
      [['warn', 'disk_full']],
    );
  });

  test('of a founded fleet tells how long its certificate lasts and who is a member', async () => {
    await using site = new FoundedSite();
    await site.found();
    await site.admit('edge');
    const hub = await site.start('hub');
    const shown = await scrape(hub);
    const expires = shown.value('holdfast_certificate_expiry_timestamp_seconds') ?? 0;
    const days = (expires - Date.now() / 1000) / DAY_S;
    assert.ok(days > 30 && days <= 366, `${days} days`);
    assert.equal(shown.value('holdfast_ejected'), 0);
    assert.ok((shown.value('holdfast_members', { state: 'member' }) ?? 0) >= 1);
    assert.equal(shown.value('holdfast_members', { state: 'ejected' }), 0);
    assert.equal(shown.value('holdfast_queue_capacity', { queue: 'letters' }), 8);
  });
});

describe('two sidecars', () => {
  test('count what they carry, and one that is cut off half way goes on telling what it lacks', async () => {
    await using site = new Site();
    await site.init('a');
    await site.init('b', 'a');
    const slow = await site.start('b', { args: ['--link-budget', '1k'] });
    for (let n = 0; n < 24; n++) {
      await slow.put('notes', `n-${n}`, { text: randomBytes(600).toString('base64') });
    }
    const mesh = slow.meshAddress;
    const a = await site.start('a', { peers: [mesh] });
    const behind = await scrapedWhen(
      'something to be missing',
      a,
      (one) => (one.value('holdfast_sync_gap_commits') ?? 0) > 0,
    );
    assert.equal(behind.value('holdfast_peers', { state: 'connected' }), 1);
    assert.equal(behind.value('holdfast_sync_gap_feeds'), 1);
    assert.deepEqual(await syncz(a, 'max_gap=0'), [503, false]);
    await slow.end('SIGKILL');
    const cut = await scrapedWhen(
      'the link to be lost',
      a,
      (one) => one.value('holdfast_peers', { state: 'connected' }) === 0,
    );
    const gap = cut.value('holdfast_sync_gap_commits') ?? 0;
    const lag = cut.value('holdfast_sync_lag_seconds') ?? 0;
    assert.ok(gap > 0 && gap <= 24, `${gap}`);
    const later = await scrapedWhen(
      'the lag to grow',
      a,
      (one) => (one.value('holdfast_sync_lag_seconds') ?? 0) > lag + 1,
    );
    assert.equal(later.value('holdfast_sync_gap_commits'), gap);
    assert.ok((later.value('holdfast_last_heard_seconds') ?? 0) > 0);
    assert.ok(later.sum('holdfast_links_lost_total') >= 1);

    assert.deepEqual(await syncz(a, 'max_lag=1s'), [503, true]);

    const quick = await site.start('b', { mesh });
    const whole = await scrapedWhen(
      'all to be there',
      a,
      (one) =>
        one.value('holdfast_sync_gap_commits') === 0 &&
        (one.value('holdfast_documents') ?? 0) + (one.value('holdfast_documents_behind') ?? 0) >=
          24,
    );
    assert.equal(whole.value('holdfast_sync_lag_seconds'), 0);
    assert.deepEqual(await syncz(a, 'max_lag=0&max_gap=0'), [200, false]);
    assert.ok((whole.value('holdfast_dials_total', { reason: 'first' }) ?? 0) >= 1);
    const received = whole.value('holdfast_mesh_bytes_total', {
      lane: 'state',
      direction: 'received',
    });
    assert.ok((received ?? 0) > 24 * 600, `${received}`);
    assert.equal(whole.value('holdfast_mesh_bytes_total', { lane: 'state', direction: 'sent' }), 0);
    assert.ok((await scrape(quick)).sum('holdfast_link_bytes_total') > 0);
  });
});
