// One method over every protocol, on TCP and a Unix socket: the same request reaches the core and the same answer comes back.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Ack } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { DocumentService } from '../../../src/gen/holdfast/v1/document_pb.ts';
import { HeartbeatService } from '../../../src/gen/holdfast/v1/heartbeat_pb.ts';
import { createTemporaryDirectory } from '../../support/temporary-directory.ts';
import { call, clientFor, PROTOCOLS } from './support/call.ts';
import { AGENT_TOKEN, openApi } from './support/open-api.ts';

const HEARTBEAT = '/holdfast.v1.HeartbeatService/Heartbeat';

for (const protocol of PROTOCOLS) {
  test(`${protocol}: a heartbeat reaches the core and its answer the client`, async () => {
    await using api = await openApi();
    const client = clientFor(HeartbeatService, protocol, api.url);
    const response = await client.heartbeat({ status: 'ok', ack: Ack.LOCAL });
    assert.equal(response.pendingCommands, 2);
    assert.equal(response.ack, Ack.LOCAL);
    assert.deepEqual(
      api.backend.submitted.map(({ method, caller }) => ({ method, caller })),
      [{ method: 'heartbeat', caller: { scope: 'agent', agent: 'edge-7' } }],
    );
    assert.deepEqual(
      api.log.map((line) => line.event),
      ['api.listening'],
    );
  });

  test(`${protocol}: a request that is compressed is understood`, async () => {
    await using api = await openApi();
    const client = clientFor(DocumentService, protocol, api.url);
    const text = 'x'.repeat(50_000);
    await client.put({ collection: 'notes', id: 'a', value: { text } });
    assert.deepEqual(api.backend.submitted[0]?.body, {
      items: [{ collection: 'notes', id: 'a', value: { text }, ifRevision: undefined }],
      ack: 'local',
      batch: false,
    });
  });
}

test('a gzip body is unpacked', async () => {
  await using api = await openApi();
  const body = gzipSync(JSON.stringify({ status: 'ok' }));
  const { status } = await call(api.url, HEARTBEAT, body, {
    headers: { 'content-encoding': 'gzip' },
  });
  assert.equal(status, 200);
});

test('JSON takes the names of the proto too, and a charset in the Content-Type', async () => {
  await using api = await openApi();
  const headers = { 'content-type': 'application/json; charset=utf-8' };
  const body = '{"telemetry":{"cpu_percent":5}}';
  const { status } = await call(api.url, HEARTBEAT, body, { headers });
  assert.equal(status, 200);
});

test('HTTP/1.1 and HTTP/2 share the Unix socket as they share the port', async () => {
  await using directory = await createTemporaryDirectory();
  const unixSocket = `${directory.path}/api.sock`;
  await using _api = await openApi({ unixSocket });

  const { status } = await call(
    'http://anything.example',
    HEARTBEAT,
    {},
    { socketPath: unixSocket },
  );
  assert.equal(status, 200, 'the Host of a Unix socket means nothing');

  const session = connectHttp2('http://localhost', { createConnection: () => connect(unixSocket) });
  const stream = session.request({
    ':method': 'POST',
    ':path': HEARTBEAT,
    'content-type': 'application/grpc',
    authorization: `Bearer ${AGENT_TOKEN}`,
  });
  stream.end(Buffer.alloc(5)).resume();
  const trailers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    stream.on('trailers', resolve).on('error', reject);
  });
  assert.equal(trailers['grpc-status'], '0');
  session.close();
});

test('curl gets along', async (t) => {
  const run = promisify(execFile);
  const hasCurl = await run('curl', ['--version']).then(
    () => true,
    () => false,
  );
  if (!hasCurl) return t.skip('curl is not installed');
  await using api = await openApi();
  const { stdout } = await run('curl', [
    '--silent',
    '--header',
    `Authorization: Bearer ${AGENT_TOKEN}`,
    '--json',
    '{"status":"ok"}',
    `${api.url}${HEARTBEAT}`,
  ]);
  assert.deepEqual(JSON.parse(stdout), {
    receivedAt: '1970-01-01T00:00:01Z',
    ack: 'ACK_MEMORY',
    pendingCommands: 2,
  });
});

test('the preface of HTTP/2 is recognised when its first bytes come one by one', async () => {
  await using api = await openApi();
  const socket = connect(api.port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  const acknowledged = new Promise<void>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      // An empty SETTINGS frame with the flag ACK: the server understood all that was sent.
      if (received.includes(Buffer.from([0, 0, 0, 4, 1, 0, 0, 0, 0]))) resolve();
    });
    socket.on('close', () => reject(new Error('The server did not understand.')));
  });
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  for (const part of ['P', 'R', 'I', ' ', preface.slice(4)]) {
    socket.write(part);
    // Turns enough for the server to have read it alone; were it not, this would test less, not fail.
    for (let turns = 0; turns < 20; turns++) await api.clock.settle();
  }
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  await acknowledged;
  socket.destroy();
});
