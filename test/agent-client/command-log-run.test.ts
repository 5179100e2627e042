// What a handler logs is with the sidecar before the command is reported as done, and holds neither command nor slot up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppendCommandLogRequest } from '../../src/gen/holdfast/v1/command_log_pb.ts';
import { CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { GONE, handler, running, statesOf } from './command-support.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { settle, until } from './support.ts';

function methodsOf(sidecar: FakeSidecar): string[] {
  return sidecar.calls
    .map(({ method }) => method)
    .filter((method) => method === 'appendLog' || method === 'report');
}

test('the log goes before the final report, with the attempt that was claimed', async () => {
  const sidecar = new FakeSidecar();
  sidecar.command({ kind: 'say', attempt: 3 });
  const { loop } = running(sidecar, {
    say: ({ log }) => {
      log('stdout', 'one\ntwo');
    },
  });
  await until(() => statesOf(sidecar)[0] === 'SUCCEEDED');
  assert.deepEqual(methodsOf(sidecar), ['report', 'appendLog', 'report']);
  const [call] = sidecar.callsOf('appendLog') as AppendCommandLogRequest[];
  assert.deepEqual([call?.attempt, call?.lines.length, call?.final], [3, 2, true]);
  await loop.stop();
});

test('a log that cannot be stored costs the command five seconds, and the next one nothing', async () => {
  const sidecar = new FakeSidecar();
  sidecar.fail('appendLog', ...Array.from({ length: 100 }, () => GONE));
  const first = sidecar.command({ kind: 'say' });
  sidecar.command({ kind: 'wait' });
  const { runs, handle } = handler();
  const { loop, clock } = running(sidecar, { say: ({ log }) => log('event', 'x'), wait: handle });
  await until(() => runs.length === 1);
  assert.equal(first.state, CommandState.RUNNING);
  await clock.advanceSettled(5_000);
  await settle();
  assert.equal(first.state, CommandState.SUCCEEDED);
  runs[0]?.finish();
  await loop.stop();
});
