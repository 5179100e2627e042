// Who may read the metrics, where, and how.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doorOf } from '../../../../src/sidecar/api/calls/door.ts';
import { makeAuthority, makeCertificate } from '../../../support/certificates.ts';
import { createTemporaryDirectory } from '../../../support/temporary-directory.ts';
import { call, failureOf } from '../support/call.ts';
import {
  ADMIN_TOKEN,
  AGENT_TOKEN,
  COMMAND_TOKEN,
  type OpenApi,
  openApi,
  READ_TOKEN,
} from '../support/open-api.ts';

const PAGE = { contentType: 'text/plain; version=0.0.4; charset=utf-8' };

async function withMetrics(options: Parameters<typeof openApi>[0] = {}): Promise<OpenApi> {
  return openApi({ ...options, metrics: { ...PAGE, text: async () => 'holdfast_ready 1\n' } });
}

function get(api: OpenApi, token: string | null, more: object = {}) {
  return call(api.url, '/metrics', '', { method: 'GET', token, ...more });
}

test('every token but an agent’s may read them', async () => {
  await using api = await withMetrics();
  for (const token of [READ_TOKEN, COMMAND_TOKEN, ADMIN_TOKEN]) {
    const answer = await get(api, token);
    assert.deepEqual([answer.status, answer.text], [200, 'holdfast_ready 1\n']);
    assert.equal(answer.headers['content-type'], PAGE.contentType);
    assert.equal(answer.headers['cache-control'], 'no-store');
  }
  assert.equal(failureOf(await get(api, AGENT_TOKEN)).reason, 'SCOPE_MISSING');
  assert.equal(failureOf(await get(api, null)).reason, 'TOKEN_MISSING');
  const guess = await get(api, 'guess');
  assert.equal(guess.status, 401);
  assert.equal(failureOf(guess).reason, 'TOKEN_WRONG');
});

test('where the operator says so, everybody on this machine may, and still no web page', async () => {
  await using directory = await createTemporaryDirectory();
  const unixSocket = `${directory.path}/api.sock`;
  await using api = await withMetrics({ metricsArePublic: true, unixSocket });
  assert.equal((await get(api, null)).status, 200);
  assert.equal((await get(api, null, { socketPath: unixSocket })).status, 200);
  const headers = { origin: 'https://example.net' };
  assert.equal(failureOf(await get(api, null, { headers })).reason, 'ORIGIN_REFUSED');
});

test('they answer GET and HEAD, and nothing else', async () => {
  await using api = await withMetrics();
  const head = await get(api, READ_TOKEN, { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
  const post = await get(api, READ_TOKEN, { method: 'POST' });
  assert.equal(post.status, 405);
  assert.equal(post.headers.allow, 'GET, HEAD');
});

test('a fault of ours is a 500 without details, and a line of the log', async () => {
  const text = () => Promise.reject(new Error('the secret of the house'));
  await using api = await openApi({ metrics: { ...PAGE, text } });
  const answer = await get(api, READ_TOKEN);
  assert.equal(answer.status, 500);
  assert.ok(!answer.text.includes('secret'));
  assert.equal(api.log.filter(({ event }) => event === 'api.request_failed').length, 1);
});

test('a scrape is a call of its token, with its limits', async () => {
  const begun = Promise.withResolvers<void>();
  const waiting = Promise.withResolvers<string>();
  const text = () => {
    begun.resolve();
    return waiting.promise;
  };
  await using api = await openApi({
    metrics: { ...PAGE, text },
    limits: { maxCallsOfToken: 1 },
  });
  const first = get(api, READ_TOKEN);
  await begun.promise;
  assert.equal(failureOf(await get(api, READ_TOKEN)).reason, 'LIMIT_REACHED');
  assert.deepEqual(api.server.figures().calls, { depth: 1, capacity: 1, drops: 1 });
  waiting.resolve('\n');
  assert.equal((await first).status, 200);
  assert.equal((await get(api, READ_TOKEN)).status, 200, 'what ended counts no more');
});

test('at an address that other machines reach a token is needed, whatever the operator said', async () => {
  await using directory = await createTemporaryDirectory();
  const authority = await makeAuthority(directory.path, 'authority');
  const tls = await makeCertificate(directory.path, 'server', authority, ['IP:127.0.0.1']);
  const doorAt = (host: string) =>
    doorOf({ kind: 'tcp', host, port: 0, tls: { ...tls, clientCa: authority.cert } }, false, false);
  assert.equal(doorAt('127.0.0.1').isLocal, true);
  assert.equal(doorAt('::1').isLocal, true);
  assert.equal(doorAt('0.0.0.0').isLocal, false);
  assert.equal(doorAt('192.0.2.7').isLocal, false);
});
