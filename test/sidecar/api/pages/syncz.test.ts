// /syncz: how far a sidecar lags behind whom, and a status that a script can rely on: a limit that is exceeded, or cannot be read, never passes.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReachRow } from '../../../../src/sidecar/api/index.ts';
import { ManualClock } from '../../../../src/testing/index.ts';
import { call } from '../support/call.ts';
import { PEER } from '../support/fake-backend.ts';
import { type OpenApi, openApi } from '../support/open-api.ts';

/** A hundred seconds before the clock of the sidecar begins. */
const START_MS = new ManualClock().now().wallMs - 100_000;

const NORTH = {
  ...{ nodeId: 'ab'.repeat(32), name: 'north', heardMs: START_MS + 40_000 },
  ...{ missingCommits: 0, isLinked: true, isHub: false },
};
const HUB = { ...NORTH, nodeId: 'cd'.repeat(32), name: 'hub', heardMs: undefined, isHub: true };
const REACH: ReachRow = {
  isCutOff: false,
  isHub: false,
  membersBehind: 0,
  missingCommits: 0,
  completeUntilMs: START_MS + 40_000,
  lastHubContactMs: undefined,
  lastContactMs: START_MS + 40_000,
  rows: [NORTH],
};
const NOTHING = { feeds: 0, commits: 0, sinceMs: undefined };

function at(ms: number): string {
  return new Date(START_MS + ms).toISOString();
}

async function sidecar(reach: Partial<ReachRow>, shortfall = NOTHING): Promise<OpenApi> {
  const api = await openApi();
  api.backend.reachNow = { ...REACH, ...reach };
  api.backend.shortfallNow = shortfall;
  return api;
}

async function ask(api: OpenApi, query = '') {
  const answer = await call(api.url, `/syncz${query}`, '', { method: 'GET', token: null });
  const body = answer.json as Record<string, unknown> & { behind: Record<string, unknown>[] };
  return { status: answer.status, body };
}

describe('a sidecar that has everything', () => {
  test('is ok, with the strictest limits and without any', async () => {
    await using api = await sidecar({});
    for (const query of ['', '?max_lag=0', '?max_gap=0', '?max_lag=5m&max_gap=10']) {
      const { status, body } = await ask(api, query);
      assert.deepEqual([status, body.status, body.exceeded], [200, 'ok', []], query);
    }
  });

  test('says of each member when it was heard last, by names that people know', async () => {
    await using api = await sidecar({ rows: [HUB, NORTH], lastContactMs: START_MS + 90_000 });
    const { body } = await ask(api);
    const { behind, ...sums } = body;
    assert.deepEqual(sums, {
      status: 'ok',
      lag_seconds: 0,
      gap_commits: 0,
      gap_feeds: 0,
      cut_off: false,
      last_contact: at(90_000),
      last_hub_contact: null,
      complete_until: at(40_000),
      members: 2,
      members_behind: 0,
      exceeded: [],
    });
    assert.deepEqual(
      behind.map(({ name, hub, heard_at, heard_seconds_ago }) => [
        ...[name, hub, heard_at, heard_seconds_ago],
      ]),
      [
        ['hub', true, null, null],
        ['north', false, at(40_000), 60],
      ],
    );
    assert.match(String(behind[0]?.node), /^[a-z2-7-]{8,}$/);
  });

  test('and no others that it could lag behind is ok as well', async () => {
    await using api = await sidecar({ rows: [], isCutOff: true, lastContactMs: undefined });
    api.backend.mesh.rows = [];
    const { status, body } = await ask(api, '?max_lag=0&max_gap=0');
    assert.deepEqual([status, body.cut_off, body.lag_seconds], [200, false, 0]);
  });
});

describe('a sidecar that lacks something', () => {
  const since = (agoMs: number) => ({ feeds: 1, commits: 7, sinceMs: agoMs });

  test('is behind beyond the gap or the lag that is borne, and not at it', async () => {
    await using api = await sidecar({});
    const nowMs = api.clock.now().monotonicMs;
    api.backend.shortfallNow = since(nowMs - 90_000);
    const expected: [string, number, RegExp[]][] = [
      ['', 200, []],
      ['?max_gap=7', 200, []],
      ['?max_gap=6', 503, [/^max_gap: 7 commits are missing, more than 6$/]],
      ['?max_lag=90', 200, []],
      ['?max_lag=89.999s', 503, [/^max_lag: something missing for 90 s, more than 89.999 s$/]],
      ['?max_lag=1m&max_gap=0', 503, [/^max_lag/, /^max_gap/]],
      ['?max_lag=2h&max_gap=10', 200, []],
    ];
    for (const [query, code, sentences] of expected) {
      const { status, body } = await ask(api, query);
      const exceeded = body.exceeded as string[];
      assert.equal(status, code, query);
      assert.equal(body.status, code === 200 ? 'ok' : 'behind', query);
      assert.equal(exceeded.length, sentences.length, query);
      for (const [n, sentence] of sentences.entries()) assert.match(exceeded[n] ?? '', sentence);
    }
  });
});

describe('a sidecar that is cut off', () => {
  test('lags for as long as nobody was heard, although nothing is known to be missing', async () => {
    await using api = await sidecar({ isCutOff: true, lastContactMs: START_MS + 70_000 });
    assert.deepEqual((await ask(api, '?max_gap=0')).status, 200);
    const { status, body } = await ask(api, '?max_lag=29s');
    assert.deepEqual([status, body.lag_seconds, body.cut_off], [503, 30, true]);
    assert.match(String((body.exceeded as string[])[0]), /^max_lag: no link to anybody/);
    assert.equal((await ask(api, '?max_lag=30s')).status, 200);
  });

  test('and heard nobody ever does not know how far it lags, which is within no limit', async () => {
    await using api = await sidecar({ isCutOff: true, rows: [], lastContactMs: undefined });
    api.backend.mesh.rows = [{ ...PEER, state: 'waiting' }];
    const { status, body } = await ask(api, '?max_lag=365d');
    assert.deepEqual([status, body.lag_seconds, body.cut_off], [503, null, true]);
    assert.match(String((body.exceeded as string[])[0]), /no other member was ever heard/);
    assert.equal((await ask(api)).status, 200);
  });
});

test('while the store is opened again nobody can tell, whatever is borne', async () => {
  await using api = await openApi();
  const { status, body } = await ask(api);
  assert.deepEqual([status, body.status], [503, 'unknown']);
  assert.match(String(body.error), /the store is not open/);
});

test('limits that cannot be read are refused by name', async () => {
  await using api = await sidecar({});
  const bad: [string, RegExp][] = [
    ['?max_lag=soon', /^max_lag: not a duration/],
    ['?max_lag=', /^max_lag: not a duration/],
    ['?max_lag=-1', /^max_lag: not a duration/],
    ['?max_gap=1.5', /^max_gap: not a count/],
    ['?max_gap=10s', /^max_gap: not a count/],
    ['?maxlag=5m', /^maxlag: no such limit; there are max_lag and max_gap$/],
    ['?max_gap=1&max_gap=9', /^max_gap: given twice$/],
  ];
  for (const [query, sentence] of bad) {
    const { status, body } = await ask(api, query);
    assert.deepEqual([status, body.status], [400, 'bad_request'], query);
    assert.match(String(body.error), sentence);
  }
});

test('it is read and not written, and not by web pages of others', async () => {
  await using api = await sidecar({});
  const posted = await call(api.url, '/syncz', '{}', { token: null });
  assert.deepEqual([posted.status, posted.headers.allow], [405, 'GET, HEAD']);
  const headers = { origin: 'http://evil.example' };
  const foreign = await call(api.url, '/syncz', '', { method: 'GET', token: null, headers });
  assert.equal(foreign.status, 403);
});
