// How commands are told to stop: by a cancel, by their run timeout, by the end of the agent, and what then becomes of them.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { CommandFailure, CommandStopped } from '../../src/agent-client/index.ts';
import { CommandEffect, CommandState } from '../../src/gen/holdfast/v1/command_pb.ts';
import { handler, running } from './command-support.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { settle, until } from './support.ts';

/** A handler that stops when it is told, and says what it was told. */
function obedient() {
  const reasons: unknown[] = [];
  const handle = ({ signal }: { signal: AbortSignal }) =>
    new Promise<void>((_, reject) => {
      const stop = () => {
        reasons.push(signal.reason);
        reject(new Error('stopped half way'));
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop);
    });
  const whys = () => reasons.map((reason) => reason instanceof CommandStopped && reason.why);
  return { handle, whys };
}

suite('a cancel', () => {
  test('aborts the handler, and a handler that throws then has been cancelled', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { handle, whys } = obedient();
    const { loop } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    sidecar.stop(command.id, 'cancelled: wrong disk');
    await until(() => command.state === CommandState.CANCELLED);
    assert.deepEqual(whys(), ['cancelled']);
    assert.equal(command.message, 'stopped half way');
    await loop.stop();
  });

  test('that comes too late changes nothing: what returns has succeeded', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    sidecar.stop(command.id, 'cancelled: wrong disk');
    await until(() => runs[0]?.signal.aborted === true);
    runs[0]?.finish({ copied: 3 });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.deepEqual(command.result, { copied: 3 });
    await loop.stop();
  });

  test('a failure before it is a failure', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { loop } = running(sidecar, {
      copy: () => {
        throw new CommandFailure('3 of 5 failed', { failed: 3 });
      },
    });
    await until(() => command.state === CommandState.FAILED);
    assert.equal(command.message, '3 of 5 failed');
    assert.deepEqual(command.result, { failed: 3 });
    await loop.stop();
  });

  test('between the claim and the start of the next process: nothing is begun', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy', state: CommandState.ACCEPTED, attempt: 1 });
    // The name that an agent gives itself where chance always gives 0.
    command.claimant = `p-${'0'.repeat(24)}`;
    sidecar.stop(command.id, 'cancelled: not needed');
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.CANCELLED);
    assert.equal(runs.length, 0);
    await loop.stop();
  });
});

suite('a run timeout', () => {
  const TIMED = { kind: 'copy', runTimeout: durationFromMs(60_000) };

  test('aborts the handler at its time, and ends the command as timed out', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command(TIMED);
    const { handle, whys } = obedient();
    const { loop, clock } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    await clock.advanceSettled(59_999);
    assert.deepEqual(whys(), []);
    await clock.advanceSettled(1);
    await until(() => command.state === CommandState.TIMED_OUT);
    assert.deepEqual(whys(), ['timed_out']);
    assert.equal(command.message, 'not over after 60000 ms: stopped half way');
    await loop.stop();
    assert.equal(clock.pending, 0, 'no timer is left');
  });

  test('ends a command whose handler does not care 5 s later; what it gives then is dropped', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command(TIMED);
    const next = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop, clock, events } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    await clock.advanceSettled(60_000);
    await clock.advanceSettled(4_999);
    assert.equal(command.state, CommandState.RUNNING);
    await clock.advanceSettled(1);
    await until(() => command.state === CommandState.TIMED_OUT);
    await until(() => next.state === CommandState.RUNNING);
    runs[0]?.finish({ copied: 5 });
    await settle();
    const late = events.find(({ type }) => type === 'late');
    assert.ok(late?.type === 'late' && late.command.id === command.id);
    assert.deepEqual(late.dropped.result, { copied: 5 });
    assert.equal(command.result, undefined);
    runs[1]?.finish();
    await loop.stop();
  });

  test('of an earlier process counts from its claim', async () => {
    const sidecar = new FakeSidecar();
    const { handle, whys } = obedient();
    const command = sidecar.command({ ...TIMED, state: CommandState.ACCEPTED, attempt: 1 });
    command.claimant = `p-${'0'.repeat(24)}`;
    const { loop, clock } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    // Its sidecar does not say when: the whole time counts again, and the sidecar's own timer is behind it.
    await clock.advanceSettled(60_000);
    await until(() => command.state === CommandState.TIMED_OUT);
    assert.deepEqual(whys(), ['timed_out']);
    await loop.stop();
  });

  test('that only the sidecar has noticed aborts as well', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command(TIMED);
    const { handle, whys } = obedient();
    const { loop } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    sidecar.stop(command.id, 'it may run for 60000 ms', false);
    await until(() => whys().length === 1);
    assert.deepEqual(whys(), ['timed_out']);
    await until(() => command.state === CommandState.TIMED_OUT);
    await loop.stop();
  });
});

suite('the end of the agent', () => {
  test('gives back what may be repeated', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy', effect: CommandEffect.IDEMPOTENT });
    const { handle, whys } = obedient();
    const { loop } = running(sidecar, { copy: handle });
    await until(() => command.state === CommandState.RUNNING);
    await loop.stop();
    assert.deepEqual(whys(), ['agent_stopped']);
    assert.equal(command.state, CommandState.ACCEPTED);
    assert.equal(command.attempt, 2, 'offered again');
    const second = running(sidecar, { copy: () => ({ done: true }) });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(command.attempt, 2);
    await second.loop.stop();
  });

  test('a handler that is never begun twice ends as unknown instead', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'pay', effect: CommandEffect.IDEMPOTENT, attempt: 2 });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { pay: { handler: handle, effect: 'at_most_once' } });
    await until(() => command.state === CommandState.UNKNOWN);
    assert.equal(runs.length, 0);
    await loop.stop();
  });
});
