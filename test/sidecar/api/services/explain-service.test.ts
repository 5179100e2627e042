// ExplainService: stories go out as they were told, to everybody who may read; what cannot be asked is refused by its field.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Caller, HoldfastError } from '../../../../src/core/index.ts';
import { call } from '../support/call.ts';
import { COMMAND, FRESHNESS } from '../support/fake-backend.ts';
import { ADMIN_TOKEN, AGENT_TOKEN, openApi, READ_TOKEN } from '../support/open-api.ts';

const SERVICE = '/holdfast.v1.ExplainService/';

test('a command: who asks, which agent is meant, and the whole story', async () => {
  await using api = await openApi();
  const asked: { caller: Caller; body: unknown }[] = [];
  api.backend.answers.explainCommand = (body, caller) => {
    asked.push({ caller, body });
    return {
      command: COMMAND,
      document: 'commands/edge-7/x',
      steps: [
        { atMs: 1_000, who: 'hub/admin', what: 'issued restart for edge-7', confirmed: true },
        { atMs: undefined, who: 'edge-7', what: 'may have begun it', confirmed: false },
      ],
      waitsFor: ['a claim by edge-7'],
      diesAtMs: 3_601_000,
      advice: ['Look there.'],
      server: undefined,
      isOnItsWay: true,
      heard: '',
    };
  };
  const body = { id: COMMAND.id, agent: 'edge-7' };
  const { status, json } = await call(api.url, `${SERVICE}ExplainCommand`, body, {
    token: AGENT_TOKEN,
  });
  assert.equal(status, 200);
  assert.deepEqual(asked, [{ caller: { scope: 'agent', agent: 'edge-7' }, body }]);
  const { command, explanation } = json as { command: { id: string }; explanation: object };
  assert.equal(command.id, COMMAND.id);
  assert.deepEqual(explanation, {
    steps: [
      {
        at: '1970-01-01T00:00:01Z',
        who: 'hub/admin',
        what: 'issued restart for edge-7',
        confirmed: true,
      },
      { who: 'edge-7', what: 'may have begun it' },
    ],
    holders: [{ nodeId: 'self-node', name: 'edge-7', holding: 'HOLDING_HELD', linked: true }],
    waitsFor: ['a claim by edge-7'],
    diesAt: '1970-01-01T01:00:01Z',
    advice: ['Look there.'],
  });
});

test('a document: its trouble is what it waits for', async () => {
  await using api = await openApi();
  api.backend.answers.explainDocument = ({ collection, id }) => ({
    document: `${collection}/${id}`,
    deleted: true,
    freshness: FRESHNESS,
    trouble: ['some of it cannot be read: why'],
  });
  const body = { collection: 'notes', id: 'a' };
  const { json } = await call(api.url, `${SERVICE}ExplainDocument`, body, { token: READ_TOKEN });
  const { deleted, storedWrites, explanation } = json as Record<string, unknown>;
  assert.deepEqual([deleted, storedWrites], [true, 3]);
  assert.deepEqual(explanation, { waitsFor: ['some of it cannot be read: why'] });
});

test('a peer: what nobody knows is left out', async () => {
  await using api = await openApi();
  const body = { peer: 'north' };
  const { json } = await call(api.url, `${SERVICE}ExplainPeer`, body, { token: READ_TOKEN });
  const { peerLacks, weLack, explanation } = json as Record<string, unknown>;
  assert.deepEqual([peerLacks, weLack], [{ feeds: 1, commits: '7' }, undefined]);
  assert.deepEqual(explanation, { advice: ['wait'] });
});

for (const [method, body, field] of [
  ['ExplainCommand', { id: 'short' }, 'id'],
  ['ExplainDocument', { collection: 'notes' }, 'id'],
  ['ExplainPeer', { peer: '' }, 'peer'],
] as const) {
  test(`${method} with ${JSON.stringify(body)} is refused by its field`, async () => {
    await using api = await openApi();
    const { status, text } = await call(api.url, SERVICE + method, body, { token: ADMIN_TOKEN });
    assert.equal(status, 400);
    assert.match(text, new RegExp(`"field":"${field}"`));
    assert.deepEqual(api.backend.submitted, []);
  });
}

test('what is not there is NOT_FOUND', async () => {
  await using api = await openApi();
  api.backend.answers.explainDocument = () => {
    throw new HoldfastError('NOT_FOUND', 'There is no document notes/b.');
  };
  const body = { collection: 'notes', id: 'b' };
  const { status } = await call(api.url, `${SERVICE}ExplainDocument`, body, { token: ADMIN_TOKEN });
  assert.equal(status, 404);
});
