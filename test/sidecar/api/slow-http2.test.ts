// Slow and silent clients of HTTP/2: a connection is not held by doing nothing, nor by dripping bytes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { test } from 'node:test';
import {
  HEADERS_TIMEOUT_MS,
  KEEP_ALIVE_TIMEOUT_MS,
  REQUEST_TIMEOUT_MS,
} from '../../../src/sidecar/api/calls/limits.ts';
import { openSocket } from './support/call.ts';
import { AGENT_TOKEN, type OpenApi, openApi } from './support/open-api.ts';

const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const EMPTY_SETTINGS = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
/** The first of several frames of headers, without the flag that ends them. */
const BEGUN_HEADERS = Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]);
const DRIP = Buffer.from([0, 0, 1, 9, 0, 0, 0, 0, 1, 0x84]);

async function timers(api: OpenApi, count: number): Promise<void> {
  for (let turns = 0; api.clock.pending !== count; turns++) {
    assert.ok(turns < 10_000, `${api.clock.pending} timers instead of ${count}`);
    await api.clock.settle();
  }
}

test('a session that asks for nothing is closed', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write(PREFACE);
  socket.write(EMPTY_SETTINGS);
  await once(socket, 'data');
  await timers(api, 1);
  api.clock.advance(HEADERS_TIMEOUT_MS - 1);
  assert.equal(socket.destroyed, false);
  api.clock.advance(1);
  await closed;
});

test('headers that drip in do not keep a session', async () => {
  await using api = await openApi();
  const { socket, closed } = openSocket(api.port);
  socket.write(PREFACE);
  socket.write(EMPTY_SETTINGS);
  socket.write(BEGUN_HEADERS);
  await once(socket, 'data');
  await timers(api, 1);
  for (let spent = 0; spent < HEADERS_TIMEOUT_MS; spent += 1_000) {
    socket.write(DRIP);
    await api.clock.settle();
    api.clock.advance(1_000);
  }
  await closed;
  assert.deepEqual(api.backend.submitted, []);
});

test('a body that drips in is cut off, and its call counts no more', async () => {
  await using api = await openApi({ limits: { maxCallsOfToken: 1 } });
  const session = connectHttp2(api.url);
  const headers = {
    ':method': 'POST',
    ':path': '/holdfast.v1.HeartbeatService/Heartbeat',
    authorization: `Bearer ${AGENT_TOKEN}`,
    'content-type': 'application/json',
  };
  const slow = session.request(headers);
  slow.on('error', () => {});
  slow.write('{');
  for (let turns = 0; api.clock.nextInMs !== REQUEST_TIMEOUT_MS; turns++) {
    assert.ok(turns < 10_000, 'the call never came');
    await api.clock.settle();
  }
  api.clock.advance(REQUEST_TIMEOUT_MS);
  await once(slow, 'close');
  assert.notEqual(slow.rstCode, 0);
  const good = session.request(headers);
  good.end('{}');
  const [answer] = await once(good, 'response');
  assert.equal(answer[':status'], 200);
  good.resume();
  await once(good, 'close');
  session.close();
});

test('a session that had calls is kept for the next one, and closed when none comes', async () => {
  await using api = await openApi();
  const session = connectHttp2(api.url);
  const live = async (): Promise<unknown> => {
    const stream = session.request({ ':path': '/livez' });
    const [answer] = await once(stream, 'response');
    stream.resume();
    await once(stream, 'close');
    return answer[':status'];
  };
  assert.equal(await live(), 200);
  await timers(api, 1);
  api.clock.advance(KEEP_ALIVE_TIMEOUT_MS - 1);
  assert.equal(await live(), 200);
  await timers(api, 1);
  api.clock.advance(KEEP_ALIVE_TIMEOUT_MS);
  await once(session, 'close');
});
