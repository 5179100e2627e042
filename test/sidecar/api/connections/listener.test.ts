// Where the API listens and whom it lets wait: addresses, the Unix socket's file, slow and silent clients, limits.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { test } from 'node:test';
import {
  FIRST_BYTE_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  MAX_HEADER_BYTES,
} from '../../../../src/sidecar/api/calls/limits.ts';
import { StartupError } from '../../../../src/sidecar/startup-error.ts';
import { createTemporaryDirectory } from '../../../support/temporary-directory.ts';
import { call, openSocket } from '../support/call.ts';
import { type OpenApiOptions, openApi } from '../support/open-api.ts';

const LIVEZ = 'GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n';

async function startupError(options: OpenApiOptions): Promise<StartupError> {
  try {
    await openApi(options).then((api) => api.server.stop());
  } catch (error) {
    assert.ok(error instanceof StartupError, String(error));
    return error;
  }
  throw new Error('The API started.');
}

test('only loopback addresses are listened at', async () => {
  for (const host of ['0.0.0.0', '::', '10.0.0.1', 'example.com']) {
    const error = await startupError({ tcp: { host, port: 0 } });
    assert.match(error.message, new RegExp(`may not listen on ${host.replaceAll('.', '\\.')}`));
    assert.match(error.hint, /127\.0\.0\.1/);
  }
});

test('a port in use is named, and nothing else stays open', async () => {
  await using directory = await createTemporaryDirectory();
  await using first = await openApi();
  const tcp = { host: '127.0.0.1', port: first.port };
  const error = await startupError({ tcp, unixSocket: `${directory.path}/api.sock` });
  assert.equal(error.message, `Something else already listens on 127.0.0.1:${first.port}`);
  assert.match(error.hint, /--api-listen/);
  assert.equal(existsSync(`${directory.path}/api.sock`), false);
});

test('when the Unix socket cannot be opened the port is given back', async () => {
  await using directory = await createTemporaryDirectory();
  const file = `${directory.path}/api.sock`;
  await writeFile(file, 'precious');
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  probe.close();
  await once(probe, 'close');

  const error = await startupError({ tcp: { host: '127.0.0.1', port }, unixSocket: file });
  assert.match(error.message, /holds something else/);
  await using _api = await openApi({ tcp: { host: '127.0.0.1', port } });
});

test('the Unix socket is for its owner alone and gone after the stop', async () => {
  await using directory = await createTemporaryDirectory();
  const unixSocket = `${directory.path}/api.sock`;
  const api = await openApi({ unixSocket, tcp: undefined });
  assert.equal(api.server.tcpAddress, undefined);
  assert.equal(api.server.unixSocket, unixSocket);
  assert.equal((await stat(unixSocket)).mode & 0o777, 0o600);
  await api.server.stop();
  assert.equal(existsSync(unixSocket), false);
});

test('the socket of a sidecar that was killed is replaced, that of a living one is not', async () => {
  await using directory = await createTemporaryDirectory();
  const unixSocket = `${directory.path}/api.sock`;
  const program = `require('node:net').createServer().listen(${JSON.stringify(unixSocket)}, () => console.log('up'))`;
  const other = spawn(process.execPath, ['--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  assert.match((await startupError({ unixSocket })).message, /Another sidecar answers on/);

  other.kill('SIGKILL');
  await once(other, 'exit');
  assert.ok(existsSync(unixSocket), 'a killed program leaves its socket behind');
  await using _api = await openApi({ unixSocket });
  const answer = await call('http://localhost', '/livez', '', {
    method: 'GET',
    socketPath: unixSocket,
  });
  assert.equal(answer.status, 200);
});

test('a path too long for a socket is refused before the system cuts it short', async () => {
  const error = await startupError({ unixSocket: `/tmp/${'x'.repeat(120)}` });
  assert.match(error.message, /too long/);
});

test('a connection that says nothing is closed', async () => {
  await using api = await openApi();
  const silent = openSocket(api.port);
  const speaking = openSocket(api.port);
  speaking.socket.write(LIVEZ);
  await once(speaking.socket, 'data');
  while (api.clock.pending < 1) await api.clock.settle();

  api.clock.advance(FIRST_BYTE_TIMEOUT_MS - 1);
  assert.equal(silent.socket.destroyed, false);
  api.clock.advance(1);
  assert.equal(await silent.closed, '');
  // The one that spoke is left to HTTP and still answered.
  speaking.socket.write(LIVEZ);
  await once(speaking.socket, 'data');
  assert.equal(api.clock.pending, 0);
  speaking.socket.destroy();
});

test('a connection that only begins like HTTP/2 is closed as well', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write('PR');
  while (api.clock.pending < 1) await api.clock.settle();
  api.clock.advance(FIRST_BYTE_TIMEOUT_MS);
  assert.equal(await closed, '');
});

test('a client that ends without a word is not waited for', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.end();
  await closed;
  assert.equal(api.clock.pending, 0);
});

test('a client that ends its side after its request still gets the answer', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.end(LIVEZ);
  assert.match(await closed, /^HTTP\/1\.1 200 OK/);
});

const SLOW = { timeoutCheckIntervalMs: 10, headersTimeoutMs: 20, requestTimeoutMs: 20 };

test('headers that drip in are cut off with 408 and the reason', async () => {
  await using api = await openApi({ limits: SLOW });
  const { socket, closed } = openSocket(api.port);
  socket.write('GET /livez HTTP/1.1\r\nHost: loc');
  assert.match(
    await closed,
    /^HTTP\/1\.1 408 [\s\S]*"message":"The request cannot be read: it took too long/,
  );
});

test('a body that drips in is cut off with 408', async () => {
  await using api = await openApi({ limits: SLOW });
  const { socket, closed } = openSocket(api.port);
  socket.write(
    'POST /holdfast.v1.HeartbeatService/Heartbeat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent-token\r\n' +
      'Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
  );
  assert.match(await closed, /^HTTP\/1\.1 408 [\s\S]*"type":"holdfast\.v1\.ErrorDetail"/);
  assert.deepEqual(api.backend.submitted, []);
  assert.deepEqual(
    api.log.map((line) => line.event),
    ['api.listening'],
  );
});

test('what is not HTTP is told so', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write('EHLO mail.example\r\n');
  assert.match(await closed, /^HTTP\/1\.1 400 [\s\S]*it is not HTTP/);
});

test('headers over the limit are refused with 431', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write(
    `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`,
  );
  assert.match(await closed, /^HTTP\/1\.1 431 [\s\S]*headers are over 16384 bytes/);
});

test('connections over the limit are closed unread, and served again when one has gone', async () => {
  await using api = await openApi({ limits: { maxConnections: 1 } });
  const first = openSocket(api.port);
  first.socket.write(LIVEZ);
  await once(first.socket, 'data');
  const second = openSocket(api.port);
  second.socket.write(LIVEZ);
  assert.equal(await second.closed, '');

  first.socket.end();
  await first.closed;
  const third = openSocket(api.port);
  third.socket.write(LIVEZ);
  const [answer] = await once(third.socket, 'data');
  assert.match(String(answer), /^HTTP\/1\.1 200 OK/);
  third.socket.destroy();
});

test('agents that beat once a minute keep their connection', () => {
  assert.ok(KEEP_ALIVE_TIMEOUT_MS > 60_000);
});
