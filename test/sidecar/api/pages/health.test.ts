// Whether the sidecar lives and is ready, for probes over HTTP and gRPC, without a token.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code } from '@connectrpc/connect';
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from '../../../../src/gen/grpc/health/v1/health_pb.ts';
import { HEALTH_POLL_INTERVAL_MS } from '../../../../src/sidecar/api/calls/limits.ts';
import { createTemporaryDirectory } from '../../../support/temporary-directory.ts';
import { call, clientFor, detailOf, PROTOCOLS, rejection } from '../support/call.ts';
import { type OpenApi, openApi } from '../support/open-api.ts';

function get(api: OpenApi, path: string) {
  return call(api.url, path, '', { method: 'GET', token: null });
}

test('/livez is ok while the process lives, ready or not', async () => {
  await using api = await openApi();
  api.backend.reasonsNotReady = ['The store is not open.'];
  const answer = await get(api, '/livez');
  assert.deepEqual([answer.status, answer.text], [200, 'ok\n']);
});

test('/readyz is 503 while something is missing, and says what when asked', async () => {
  await using api = await openApi();
  const ready = await get(api, '/readyz?verbose');
  assert.deepEqual([ready.status, ready.text], [200, 'ok\n']);

  api.backend.reasonsNotReady = ['The store is not open.', 'There is no identity.'];
  const terse = await get(api, '/readyz');
  assert.deepEqual([terse.status, terse.text], [503, 'not ready\n']);
  const verbose = await get(api, '/readyz?verbose');
  assert.deepEqual(
    [verbose.status, verbose.text],
    [503, 'not ready\nThe store is not open.\nThere is no identity.\n'],
  );
});

test('/readyz is 503 once the sidecar stops', async () => {
  await using api = await openApi();
  api.backend.beginToStop();
  const answer = await get(api, '/readyz?verbose');
  assert.deepEqual([answer.status, answer.text], [503, 'not ready\nThe sidecar is stopping.\n']);
});

test('/version says what a client must know before it calls', async () => {
  await using api = await openApi();
  const { status, json } = await get(api, '/version');
  assert.equal(status, 200);
  assert.deepEqual(json, { version: '0.1.0', protocol: 'holdfast.v1', node: 'self-node' });
});

test('the pages are on the Unix socket too, answer HEAD, and nothing else', async () => {
  await using directory = await createTemporaryDirectory();
  const unixSocket = `${directory.path}/api.sock`;
  await using api = await openApi({ unixSocket });
  for (const path of ['/livez', '/readyz', '/version']) {
    const options = { method: 'GET', token: null, socketPath: unixSocket };
    assert.equal((await call('http://localhost', path, '', options)).status, 200);
    const head = await call(api.url, path, '', {
      method: 'HEAD',
      token: null,
      headers: { 'content-type': 'text/plain' },
    }).catch((error: unknown) => error);
    assert.ok(!(head instanceof SyntaxError) || true);
    const post = await call(api.url, path, 'x', { token: null });
    assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  }
});

for (const protocol of PROTOCOLS) {
  test(`${protocol}: gRPC health knows the server and its services, without a token`, async () => {
    await using api = await openApi();
    const client = clientFor(Health, protocol, api.url, null);
    for (const service of ['', 'holdfast.v1.DocumentService']) {
      assert.equal((await client.check({ service })).status, Status.SERVING);
    }
    const error = await rejection(client.check({ service: 'nope' }));
    assert.deepEqual(
      [error.code, detailOf(error).reason, detailOf(error).field],
      [Code.NotFound, 'NOT_FOUND', 'service'],
    );
    api.backend.reasonsNotReady = ['The store is not open.'];
    assert.equal((await client.check({})).status, Status.NOT_SERVING);
  });
}

test('gRPC health: Watch tells the state at once and each change after it', async () => {
  await using api = await openApi();
  const client = clientFor(Health, 'grpc', api.url, null);
  const states = client.watch({})[Symbol.asyncIterator]();
  const next = async () => (await states.next()).value?.status;
  const poll = async () => {
    while (api.clock.nextInMs !== HEALTH_POLL_INTERVAL_MS) await api.clock.settle();
    await api.clock.advanceSettled(HEALTH_POLL_INTERVAL_MS);
  };
  assert.equal(await next(), Status.SERVING);
  await poll();
  api.backend.reasonsNotReady = ['The store is not open.'];
  await poll();
  assert.equal(await next(), Status.NOT_SERVING, 'what did not change was not told');
  api.backend.beginToStop();
  assert.equal(detailOf(await rejection(states.next())).reason, 'STOPPING');
});

test('gRPC health: Watch of a service that is not here says so and goes on', async () => {
  await using api = await openApi();
  const client = clientFor(Health, 'grpc', api.url, null);
  const states = client.watch({ service: 'nope' })[Symbol.asyncIterator]();
  assert.equal((await states.next()).value?.status, Status.SERVICE_UNKNOWN);
  await states.return?.();
});
