// Who may call: a token of this sidecar, from this machine, not from a web page, and only in its own name.
import assert from 'node:assert/strict';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { DocumentService } from '../../../../src/gen/holdfast/v1/document_pb.ts';
import { HeartbeatService } from '../../../../src/gen/holdfast/v1/heartbeat_pb.ts';
import { createTemporaryDirectory } from '../../../support/temporary-directory.ts';
import {
  call,
  clientFor,
  detailOf,
  failureOf,
  openSocket,
  PROTOCOLS,
  rejection,
} from '../support/call.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, openApi } from '../support/open-api.ts';

const HEARTBEAT = '/holdfast.v1.HeartbeatService/Heartbeat';

for (const protocol of PROTOCOLS) {
  test(`${protocol}: no token and a wrong token are told apart, and nothing is done`, async () => {
    await using api = await openApi();
    for (const [token, reason] of [
      [null, 'TOKEN_MISSING'],
      ['guess', 'TOKEN_WRONG'],
    ] as const) {
      const client = clientFor(HeartbeatService, protocol, api.url, token);
      const error = await rejection(client.heartbeat({}));
      assert.deepEqual([error.code, detailOf(error).reason], [Code.Unauthenticated, reason]);
      assert.match(error.rawMessage, /Nothing was done/);
    }
    assert.deepEqual(api.backend.submitted, []);
  });

  test(`${protocol}: a stream without a token says so in the stream`, async () => {
    await using api = await openApi();
    const client = clientFor(DocumentService, protocol, api.url, null);
    const error = await rejection(Array.fromAsync(client.watch({})));
    assert.deepEqual([error.code, detailOf(error).reason], [Code.Unauthenticated, 'TOKEN_MISSING']);
  });
}

const NO_TOKENS: readonly (readonly [header: string, reason: string])[] = [
  ['', 'TOKEN_MISSING'],
  ['Bearer', 'TOKEN_MISSING'],
  ['Bearer ', 'TOKEN_MISSING'],
  [`Basic ${AGENT_TOKEN}`, 'TOKEN_MISSING'],
  [AGENT_TOKEN, 'TOKEN_MISSING'],
  [`Bearer ${AGENT_TOKEN} ${AGENT_TOKEN}`, 'TOKEN_MISSING'],
  [`Bearer ${AGENT_TOKEN}x`, 'TOKEN_WRONG'],
];

for (const [authorization, reason] of NO_TOKENS) {
  test(`"Authorization: ${authorization}" is ${reason}`, async () => {
    await using api = await openApi();
    const answer = await call(api.url, HEARTBEAT, {}, { token: null, headers: { authorization } });
    assert.equal(answer.status, 401);
    assert.equal(failureOf(answer).reason, reason);
  });
}

test('the scheme may be written in lower case', async () => {
  await using api = await openApi();
  const headers = { authorization: `bearer  ${AGENT_TOKEN}` };
  assert.equal((await call(api.url, HEARTBEAT, {}, { token: null, headers })).status, 200);
});

test("the agent is the token's: its own name may be repeated, no other given", async () => {
  await using api = await openApi();
  assert.equal((await call(api.url, HEARTBEAT, { agent: 'edge-7' })).status, 200);
  const failure = failureOf(await call(api.url, HEARTBEAT, { agent: 'edge-8' }));
  assert.deepEqual(
    [failure.code, failure.reason, failure.field],
    ['permission_denied', 'AGENT_MISMATCH', 'agent'],
  );
  assert.match(failure.message, /"edge-8".*"edge-7"/);
  assert.deepEqual(
    api.backend.submitted.map(({ body }) => (body as { agent: string }).agent),
    ['edge-7'],
  );
});

test('an admin token beats for nobody', async () => {
  await using api = await openApi();
  const failure = failureOf(
    await call(api.url, HEARTBEAT, { agent: 'edge-7' }, { token: ADMIN_TOKEN }),
  );
  assert.deepEqual([failure.code, failure.reason], ['permission_denied', 'SCOPE_MISSING']);
  assert.match(failure.message, /Only an agent sends heartbeats/);
  assert.deepEqual(api.backend.submitted, []);
});

for (const host of [
  'localhost',
  'LOCALHOST:80',
  'localhost.',
  'localhost.:7676',
  '127.0.0.1',
  '127.0.0.1:7676',
  '127.9.9.9',
  '[::1]',
  '[::1]:7676',
  '[0:0:0:0:0:0:0:1]:7676',
  '[::ffff:127.0.0.1]',
  '[::FFFF:7f00:1]:7676',
]) {
  test(`Host ${host} means this machine`, async () => {
    await using api = await openApi();
    assert.equal((await call(api.url, HEARTBEAT, {}, { headers: { host } })).status, 200);
  });
}

for (const host of [
  'evil.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '10.0.0.1:7676',
  '[::2]',
  'localhost:1:2',
  'localhost..',
  'sub.localhost',
  '127.0.0.1.',
  '127.1',
  '2130706433',
  '0x7f000001',
  '0177.0.0.1',
  '0.0.0.0',
  '[::]',
  '[::1%lo]',
  '[::ffff:10.0.0.1]',
  '::1',
  'localhost@evil.example',
  'evil.example@localhost',
  'localhost,evil.example',
  ':7676',
]) {
  test(`Host "${host}" is refused, for methods and pages alike`, async () => {
    await using api = await openApi();
    const options = { headers: { host } };
    const failure = failureOf(await call(api.url, HEARTBEAT, {}, options));
    assert.deepEqual([failure.status, failure.reason], [403, 'HOST_REFUSED']);
    const page = await call(api.url, '/version', '', { ...options, method: 'GET' });
    assert.equal(failureOf(page).reason, 'HOST_REFUSED');
    assert.deepEqual(api.backend.submitted, []);
  });
}

test('HTTP/1.0 without a Host is refused', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write('GET /livez HTTP/1.0\r\n\r\n');
  assert.match(await closed, /403 Forbidden[\s\S]*The Host header is missing/);
});

test('HTTP/2: neither the authority nor a Host beside it may be foreign', async () => {
  await using api = await openApi();
  const session = connectHttp2(api.url);
  for (const headers of [{ ':authority': 'evil.example' }, { host: 'evil.example' }]) {
    const stream = session.request({ ':path': '/livez', ...headers });
    const status = await new Promise((resolve) => {
      stream.on('response', (fields) => resolve(fields[':status']));
    });
    assert.equal(status, 403);
    stream.resume();
  }
  session.close();
});

for (const origin of ['http://evil.example', 'http://localhost:7676', 'null', '']) {
  test(`Origin "${origin}" is refused, also through the Unix socket`, async () => {
    await using directory = await createTemporaryDirectory();
    const unixSocket = `${directory.path}/api.sock`;
    await using api = await openApi({ unixSocket });
    for (const options of [{}, { socketPath: unixSocket }]) {
      const answer = await call(api.url, HEARTBEAT, {}, { ...options, headers: { origin } });
      assert.deepEqual([answer.status, failureOf(answer).reason], [403, 'ORIGIN_REFUSED']);
    }
    assert.deepEqual(api.backend.submitted, []);
  });
}

test('the page that the server itself shows may call, from the very host and port that it names', async () => {
  await using api = await openApi();
  const { host } = new URL(api.url);
  const own = { origin: `http://${host}`, 'sec-fetch-site': 'same-origin' };
  assert.equal((await call(api.url, HEARTBEAT, {}, { headers: own })).status, 200);
  for (const origin of [
    `https://${host}`,
    `http://${host.replace('127.0.0.1', 'localhost')}`,
    'http://127.0.0.1:1',
  ]) {
    const answer = await call(api.url, HEARTBEAT, {}, { headers: { origin } });
    assert.equal(failureOf(answer).reason, 'ORIGIN_REFUSED', origin);
  }
  const rebound = { host: `evil.example:${api.port}`, origin: `http://evil.example:${api.port}` };
  const answer = await call(api.url, HEARTBEAT, {}, { headers: rebound });
  assert.equal(failureOf(answer).reason, 'HOST_REFUSED');
});

for (const [site, status] of [
  ['cross-site', 403],
  ['same-site', 403],
  ['none', 200],
] as const) {
  test(`a page is asked for with Sec-Fetch-Site ${site}, as browsers say of images and scripts: ${status}`, async () => {
    await using api = await openApi();
    const headers = { 'sec-fetch-site': site };
    const answer = await call(api.url, '/version', '', { method: 'GET', headers });
    assert.equal(answer.status, status);
    if (status === 403) assert.equal(failureOf(answer).reason, 'ORIGIN_REFUSED');
  });
}

test('a question before a call from a page, as browsers ask it, is refused and allows nothing', async () => {
  await using api = await openApi();
  const headers = { origin: 'http://evil.example', 'access-control-request-method': 'POST' };
  const answer = await call(api.url, HEARTBEAT, '', { method: 'OPTIONS', headers });
  assert.equal(answer.status, 403);
  assert.deepEqual(
    Object.keys(answer.headers).filter((name) => name.startsWith('access-control')),
    [],
  );
});

test('the operator alone changes the mesh', async () => {
  await using api = await openApi();
  const path = (method: string) => `/holdfast.v1.MeshService/${method}`;
  for (const method of ['AddPeer', 'RemovePeer', 'Pause', 'Resume']) {
    const body = method.endsWith('Peer') ? { address: '10.0.0.3:7677' } : {};
    const failure = failureOf(await call(api.url, path(method), body));
    assert.deepEqual([failure.status, failure.reason], [403, 'SCOPE_MISSING'], method);
    assert.equal(
      (await call(api.url, path(method), body, { token: ADMIN_TOKEN })).status,
      200,
      method,
    );
  }
  assert.deepEqual(api.backend.mesh.added, ['10.0.0.3:7677']);
});
