// What one token may have under way: calls, calls a second, streams. Others go on, and a withdrawn one ends at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { DocumentService } from '../../../src/gen/holdfast/v1/document_pb.ts';
import { CallLedger } from '../../../src/sidecar/api/calls/call-ledger.ts';
import { CALL_RETRY_MS, LIMIT_RETRY_MS } from '../../../src/sidecar/api/calls/limits.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { call, clientFor, detailOf, failureOf, rejection } from './support/call.ts';
import { SUMMARY } from './support/fake-backend.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, openApi, READ_TOKEN } from './support/open-api.ts';

const STATUS = '/holdfast.v1.MeshService/Status';
const REMOVE = '/holdfast.v1.AdminService/RemoveAccess';
const IDLE_STEP = { resync: false, events: [], cursor: 'c1', caughtUp: true };

test('calls under way are counted by token; the one too many is told when to come back', async () => {
  const held = Promise.withResolvers<typeof SUMMARY>();
  await using api = await openApi({
    answers: { summary: () => held.promise },
    limits: { maxCallsOfToken: 2 },
  });
  const slow = [call(api.url, STATUS, {}), call(api.url, STATUS, {})];
  while (api.backend.submitted.length < 2) await api.clock.settle();
  const refused = await call(api.url, STATUS, {});
  const { status, reason, retryAfterMs, message } = failureOf(refused);
  assert.deepEqual([status, reason, retryAfterMs], [429, 'LIMIT_REACHED', CALL_RETRY_MS]);
  assert.match(message, /agent "edge-7" has 2 calls under way/);
  const other = call(api.url, STATUS, {}, { token: READ_TOKEN });
  while (api.backend.submitted.length < 3) await api.clock.settle();
  held.resolve(SUMMARY);
  for (const answer of await Promise.all([...slow, other])) assert.equal(answer.status, 200);
  assert.equal((await call(api.url, STATUS, {})).status, 200, 'what ended counts no more');
});

test('a call whose client left is not counted for ever', async () => {
  const held = Promise.withResolvers<typeof SUMMARY>();
  await using api = await openApi({
    answers: { summary: () => held.promise },
    limits: { maxCallsOfToken: 1 },
  });
  const leaving = new AbortController();
  const headers = { authorization: `Bearer ${AGENT_TOKEN}`, 'content-type': 'application/json' };
  const gone = fetch(api.url + STATUS, {
    method: 'POST',
    body: '{}',
    headers,
    signal: leaving.signal,
  });
  while (api.backend.submitted.length < 1) await api.clock.settle();
  leaving.abort();
  await assert.rejects(gone);
  held.resolve(SUMMARY);
  let status = 429;
  for (let turns = 0; status === 429 && turns < 100; turns++) {
    status = (await call(api.url, STATUS, {})).status;
  }
  assert.equal(status, 200);
});

test('calls a second are counted by token, and earned again', async () => {
  await using api = await openApi({ limits: { callRate: { perSecond: 10, atOnce: 3 } } });
  const statusOf = async (token: string) => (await call(api.url, STATUS, {}, { token })).status;
  const first = [];
  for (let count = 0; count < 4; count++) first.push(await statusOf(AGENT_TOKEN));
  assert.deepEqual(first, [200, 200, 200, 429]);
  assert.equal(await statusOf(READ_TOKEN), 200, 'another token has its own');
  api.clock.advance(100);
  assert.deepEqual([await statusOf(AGENT_TOKEN), await statusOf(AGENT_TOKEN)], [200, 429]);
});

test('streams are counted by token, and another one still gets some', async () => {
  await using api = await openApi({
    answers: { changes: () => IDLE_STEP },
    limits: { maxStreamsOfToken: 1 },
  });
  const watch = (token: string) =>
    clientFor(DocumentService, 'connect json', api.url, token).watch({})[Symbol.asyncIterator]();
  const first = watch(AGENT_TOKEN);
  await first.next();
  const error = await rejection(watch(AGENT_TOKEN).next());
  assert.equal(error.code, Code.ResourceExhausted);
  const { reason, retryAfterMs } = detailOf(error);
  assert.deepEqual([reason, retryAfterMs], ['LIMIT_REACHED', LIMIT_RETRY_MS]);
  const second = watch(READ_TOKEN);
  assert.equal((await second.next()).done, false);
  await Promise.all([first.return?.(), second.return?.()]);
});

test('the streams of a withdrawn token end at once, those of others go on', async () => {
  await using api = await openApi({ answers: { changes: () => IDLE_STEP } });
  const watch = (token: string) =>
    clientFor(DocumentService, 'connect json', api.url, token).watch({})[Symbol.asyncIterator]();
  const [withdrawn, kept] = [watch(READ_TOKEN), watch(AGENT_TOKEN)];
  await Promise.all([withdrawn.next(), kept.next()]);
  const answer = await call(api.url, REMOVE, { name: 'grafana' }, { token: ADMIN_TOKEN });
  assert.deepEqual([answer.status, answer.json], [200, { scope: 'ACCESS_SCOPE_READ' }]);
  await rejection(withdrawn.next());
  assert.equal(api.backend.listeners.size, 1);
  await kept.return?.();
});

test('what is given back twice is given back once', () => {
  const ledger = new CallLedger({
    clock: new ManualClock(),
    maxCallsOfToken: 1,
    maxStreamsOfToken: 1,
    callRate: undefined,
  });
  const holder = { scope: 'admin' } as const;
  const end = ledger.begin(holder);
  end();
  end();
  ledger.begin(holder);
  assert.throws(() => ledger.begin(holder), { reason: 'LIMIT_REACHED' });
});
