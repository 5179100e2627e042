// The sidecar for users' tests: the real API, reached by the real client.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAgentClient } from '../../src/agent-client/index.ts';
import { startTestSidecar } from '../../src/testing/index.ts';

test('an agent and an administrator use it as they would a real one', async () => {
  await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
  const { address } = sidecar;
  await using agent = createAgentClient({
    address,
    token: sidecar.agentToken('edge-7'),
    agent: 'edge-7',
  });
  await using admin = createAgentClient({ address, token: sidecar.adminToken });
  await agent.heartbeat({ status: 'ok' });
  await agent.put('notes', 'a', { n: 1 });
  assert.deepEqual((await admin.get('notes', 'a')).value, { n: 1 });
  assert.equal((await admin.platform('edge-7')).status, 'ok');
});

test('it hands out tokens of the agents it serves and no others', async () => {
  await using sidecar = await startTestSidecar({ agents: ['edge-7'] });
  assert.throws(() => sidecar.agentToken('edge-8'), RangeError);
});
