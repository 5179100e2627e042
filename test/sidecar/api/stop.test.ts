// The end of the API: nothing new, streams told, calls under way finished, and no connection left.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import { DocumentService } from '../../../src/gen/holdfast/v1/document_pb.ts';
import { LAST_WORDS_MS, STOP_DEADLINE_MS } from '../../../src/sidecar/api/calls/limits.ts';
import { clientFor, detailOf, openSocket, PROTOCOLS, rejection } from './support/call.ts';
import { DOCUMENT } from './support/fake-backend.ts';
import { type OpenApi, openApi } from './support/open-api.ts';

const KEY = { collection: 'notes', id: 'a' };

/** An API whose Get answers when the test says so. */
async function openSlowApi() {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  const api = await openApi({
    answers: {
      get: async () => {
        await answered;
        return DOCUMENT;
      },
      changes: () => ({ resync: false, events: [], cursor: 'c1', caughtUp: true }),
    },
  });
  const asked = async (): Promise<void> => {
    while (api.backend.submitted.length === 0) await api.clock.settle();
  };
  return { api, answer, asked };
}

async function assertRefused(api: OpenApi): Promise<void> {
  const { closed } = openSocket(api.port);
  assert.equal(await closed, '', 'nobody listens any more');
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: a call under way is answered, then its connection is closed`, async () => {
    const { api, answer, asked } = await openSlowApi();
    const response = clientFor(DocumentService, protocol, api.url).get(KEY);
    await asked();
    const stopped = api.server.stop();
    await assertRefused(api);
    answer();
    assert.equal((await response).document?.id, 'a');
    await stopped;
    assert.equal(api.clock.pending, 0, 'no timer is left');
  });

  test(`${protocol}: a watch is told that the sidecar stops, and the stop does not wait for it`, async () => {
    const { api } = await openSlowApi();
    const events = clientFor(DocumentService, protocol, api.url).watch({})[Symbol.asyncIterator]();
    await events.next();
    const [error] = await Promise.all([rejection(events.next()), api.server.stop()]);
    assert.equal(detailOf(error).reason, 'STOPPING');
    assert.equal(api.backend.listeners.size, 0);
  });

  test(`${protocol}: a call that does not end is cut at the deadline`, async () => {
    const { api, answer, asked } = await openSlowApi();
    const response = rejection(clientFor(DocumentService, protocol, api.url).get(KEY));
    await asked();
    let isStopped = false;
    const stopped = api.server.stop().then(() => {
      isStopped = true;
    });
    await api.clock.advanceSettled(STOP_DEADLINE_MS - 1);
    assert.equal(isStopped, false);
    await api.clock.advanceSettled(1);
    await stopped;
    await response;
    // Its answer comes to nobody, and harms nobody.
    answer();
    await api.clock.settle();
    assert.deepEqual(
      api.log.map((line) => line.event),
      ['api.listening'],
    );
  });
}

for (const protocol of PROTOCOLS) {
  test(`${protocol}: a client that does not read cannot hold up the stop`, async () => {
    const wide = 'x'.repeat(60_000);
    const row = { ...DOCUMENT, value: { wide } };
    const events = Array.from({ length: 16 }, () => ({ type: 'put' as const, row, cursor: 'c1' }));
    const api = await openApi({
      answers: { changes: () => ({ resync: false, events, cursor: 'c1', caughtUp: false }) },
    });
    const watch = clientFor(DocumentService, protocol, api.url).watch({})[Symbol.asyncIterator]();
    await watch.next();
    const stopped = api.server.stop();
    await api.clock.advanceSettled(STOP_DEADLINE_MS + LAST_WORDS_MS);
    await stopped;
    assert.equal(api.clock.pending, 0);
    await rejection(drain(watch));
  });
}

async function drain(events: AsyncIterator<unknown>): Promise<void> {
  while ((await events.next()).done !== true);
}

test('idle and silent connections are closed at once', async () => {
  const api = await openApi();
  const idle = openSocket(api.port);
  idle.socket.write('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(idle.socket, 'data');
  const silent = openSocket(api.port);
  await once(silent.socket, 'connect');
  while (api.clock.pending < 1) await api.clock.settle();
  await Promise.all([api.server.stop(), idle.closed, silent.closed]);
});

test('a call on a connection that is still open is refused with when to come back', async () => {
  const { api, answer, asked } = await openSlowApi();
  const slow = clientFor(DocumentService, 'grpc', api.url).get(KEY);
  await asked();
  // The sidecar announces its stop before it stops the API.
  api.backend.beginToStop();
  const error = await rejection(clientFor(DocumentService, 'connect json', api.url).get(KEY));
  assert.deepEqual(detailOf(error), { reason: 'STOPPING', field: '', retryAfterMs: 2_000 });
  answer();
  await slow;
  await api.server.stop();
});

test('HTTP/1.1: an answer under way says that the connection closes', async () => {
  const { api, answer, asked } = await openSlowApi();
  const { socket, closed } = openSocket(api.port);
  const body = JSON.stringify(KEY);
  socket.write(
    `POST /holdfast.v1.DocumentService/Get HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent-token\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await asked();
  const stopped = api.server.stop();
  answer();
  assert.match(await closed, /^HTTP\/1\.1 200 OK[\s\S]*connection: close/i);
  await stopped;
});

test('HTTP/1.1: a connection whose stream ended is closed, also when its client would keep it', async () => {
  const { api } = await openSlowApi();
  const { socket, closed } = openSocket(api.port);
  const body = '\0\0\0\0\x02{}';
  socket.write(
    'POST /holdfast.v1.DocumentService/Watch HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer agent-token\r\n' +
      `Content-Type: application/connect+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  await once(socket, 'data');
  await api.server.stop();
  assert.match(await closed, /ERROR_REASON_STOPPING/);
});

test('HTTP/2: an idle session is told to go away', async () => {
  const api = await openApi();
  const session = connectHttp2(api.url);
  await once(session, 'remoteSettings');
  await Promise.all([once(session, 'close'), api.server.stop()]);
});

test('stop twice is stop once', async () => {
  const api = await openApi();
  await Promise.all([api.server.stop(), api.server.stop()]);
  await api.server.stop();
  assert.equal(api.clock.pending, 0);
});
