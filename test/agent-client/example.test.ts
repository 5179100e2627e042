// examples/agent.ts, run as it stands: it beats, it runs a command, it ends when it is told.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { serve } from './server.ts';

test('the example is a working agent', { timeout: 60_000 }, async () => {
  const sidecar = new FakeSidecar();
  await using server = await serve(sidecar);
  const command = sidecar.command({ kind: 'count', args: { to: 2 } });
  const agent = spawn(process.execPath, ['examples/agent.ts'], {
    env: { ...process.env, HOLDFAST_ADDRESS: server.address, HOLDFAST_AGENT: 'edge-a' },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = once(agent, 'exit');
  try {
    // Another process has to act, so this turns the event loop until it did; the test's own limit ends it otherwise.
    while (command.state !== CommandState.SUCCEEDED || sidecar.heartbeats.length === 0) {
      assert.equal(agent.exitCode, null, 'the example ended by itself');
      await setImmediate();
    }
  } finally {
    agent.kill('SIGTERM');
  }
  assert.deepEqual(await ended, [0, null]);
  assert.deepEqual(command.result, { counted: 2 });
  assert.equal(sidecar.heartbeats[0]?.status, 'ok');
  assert.equal(sidecar.heartbeats[0]?.labels.example, 'agent');
});
