// The command loop: each command runs at most once, whatever breaks in between, and its end is reported until it is stored.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import {
  CommandState,
  type ReportCommandRequest,
} from '../../../src/gen/holdfast/v1/command_pb.ts';
import { ErrorReason } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { GONE, handler, running, statesOf } from '../command-support.ts';
import { FakeSidecar } from '../fake-sidecar.ts';
import { apiError } from '../fake-values.ts';
import { settle, until } from '../support.ts';

suite('a command', () => {
  test('is claimed, run, and reported with its result', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart', args: { unit: 'nginx' } });
    const { loop, types } = running(sidecar, {
      restart: ({ args, kind, id }) => ({ done: `${kind} ${String(args.unit)} ${id}` }),
    });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.deepEqual(command.result, { done: 'restart nginx command1' });
    await loop.stop();
    assert.deepEqual(types(), ['started', 'finished']);
    const reports = sidecar.callsOf('report') as ReportCommandRequest[];
    assert.deepEqual(
      reports.map(({ state }) => state),
      [CommandState.RUNNING, CommandState.SUCCEEDED],
    );
  });

  test('whose handler throws has failed, with the reason cut to what the API takes', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    const { loop } = running(sidecar, {
      restart: () => {
        throw new Error(`no such unit ${'ü'.repeat(600)}`);
      },
    });
    await until(() => command.state === CommandState.FAILED);
    assert.match(command.message, /^no such unit ü+…$/);
    assert.ok(Buffer.byteLength(command.message) <= 1_024);
    await loop.stop();
  });

  test('that no handler knows is rejected, without running anything', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'toString' });
    const { loop, types } = running(sidecar, {});
    await until(() => command.state === CommandState.REJECTED);
    assert.equal(command.message, 'this agent has no handler for "toString"');
    await loop.stop();
    assert.deepEqual(types(), ['rejected']);
  });

  test('reports progress, which never goes back', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop, clock } = running(sidecar, { copy: handle });
    await until(() => runs.length === 1);
    await settle();
    runs[0]?.progress(40, 'half of it');
    await clock.advanceSettled(500);
    await until(() => command.progress?.percent === 40);
    assert.equal(command.message, 'half of it');
    runs[0]?.progress(10, 'again');
    await clock.advanceSettled(500);
    await until(() => command.message === 'again');
    assert.equal(command.progress?.percent, 40);
    runs[0]?.finish();
    await until(() => command.state === CommandState.SUCCEEDED);
    runs[0]?.progress(50, 'too late');
    await settle();
    assert.equal(command.state, CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('that expired before the claim is skipped for good', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart' });
    sidecar.fail('acknowledge', () =>
      apiError(ErrorReason.COMMAND_EXPIRED, Code.FailedPrecondition, 'it expired'),
    );
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { restart: handle });
    await until(() => types().includes('skipped'));
    loop.wake();
    await settle();
    assert.equal(sidecar.callsOf('acknowledge').length, 1);
    assert.equal(runs.length, 0);
    await loop.stop();
  });

  test('whose result the sidecar refuses still ends as what it is', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'dump' });
    sidecar.refusesResults = true;
    const { loop } = running(sidecar, { dump: () => ({ all: 'too much' }) });
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(command.message, '(result refused: result: over 32 KiB)');
    assert.equal(command.result, undefined);
    await loop.stop();
  });
});

suite('at most once', () => {
  test('what an earlier process claimed is given up, not run again', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart', state: CommandState.ACCEPTED, claimant: 'other' });
    sidecar.command({ kind: 'restart', state: CommandState.RUNNING, claimant: 'other' });
    sidecar.command({ kind: 'restart', state: CommandState.SUCCEEDED });
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { restart: handle });
    await until(() => types().length === 2);
    assert.deepEqual(statesOf(sidecar), ['UNKNOWN', 'UNKNOWN', 'SUCCEEDED']);
    const message = 'the agent restarted after it claimed the command';
    assert.equal(sidecar.commands.get('command1')?.message, message);
    assert.deepEqual(types(), ['interrupted', 'interrupted']);
    assert.equal(runs.length, 0);
    await loop.stop();
  });

  test('nothing is claimed before that is reported, however long the sidecar is away', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'restart', state: CommandState.ACCEPTED, claimant: 'other' });
    sidecar.command({ kind: 'restart' });
    sidecar.fail('interrupt', GONE, GONE);
    const { loop, clock, types } = running(sidecar, { restart: () => {} });
    await until(() => types().length === 1);
    await clock.advanceSettled(200);
    await until(() => types().length === 2);
    assert.equal(sidecar.callsOf('acknowledge').length, 0);
    await clock.advanceSettled(400);
    await until(() => statesOf(sidecar)[1] === 'SUCCEEDED');
    assert.deepEqual(statesOf(sidecar), ['UNKNOWN', 'SUCCEEDED']);
    await loop.stop();
  });

  test('a claim that was not made is made again', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    sidecar.fail('acknowledge', GONE);
    const { runs, handle } = handler();
    const { loop, clock, types } = running(sidecar, { restart: handle });
    await until(() => types().includes('retrying'));
    await clock.advanceSettled(200);
    await until(() => runs.length === 1);
    runs[0]?.finish();
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(runs.length, 1);
    await loop.stop();
  });

  test('a claim whose answer was lost is asked for again by the same name, and run once', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    sidecar.lostAnswers.set('acknowledge', [GONE]);
    const { runs, handle } = handler();
    const { loop, clock, types } = running(sidecar, { restart: handle });
    await until(() => types().includes('retrying'));
    await clock.advanceSettled(200);
    await until(() => runs.length === 1);
    runs[0]?.finish();
    await until(() => command.state === CommandState.SUCCEEDED);
    assert.equal(runs.length, 1);
    await loop.stop();
  });

  test('what another process of the agent has claimed is left to it', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'restart' });
    sidecar.fail('acknowledge', () => {
      // The other one was faster between our look and our claim.
      command.state = CommandState.RUNNING;
      command.claimant = 'other';
    });
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { restart: handle });
    await until(() => sidecar.callsOf('acknowledge').length === 1);
    await settle();
    assert.equal(command.state, CommandState.RUNNING);
    assert.equal(runs.length, 0);
    assert.deepEqual(types(), []);
    await loop.stop();
  });
});

suite('reports', () => {
  test('are tried until the sidecar has them', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'ping' });
    const { runs, handle } = handler();
    const { loop, clock, events } = running(sidecar, { ping: handle });
    await until(() => command.state === CommandState.RUNNING);
    sidecar.fail('report', GONE, GONE, GONE);
    runs[0]?.finish();
    for (const waitMs of [200, 400, 800]) {
      await until(() => {
        const last = events.at(-1);
        return last?.type === 'retrying' && last.retryInMs === waitMs;
      });
      await clock.advanceSettled(waitMs);
    }
    await until(() => command.state === CommandState.SUCCEEDED);
    await until(() => events.at(-1)?.type === 'finished');
    await loop.stop();
  });

  test('that come too late are let go', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'ping' });
    const { runs, handle } = handler();
    const { loop, types } = running(sidecar, { ping: handle });
    await until(() => command.state === CommandState.RUNNING);
    command.state = CommandState.UNKNOWN;
    runs[0]?.finish();
    await until(() => types().includes('skipped'));
    assert.equal(command.state, CommandState.UNKNOWN);
    await loop.stop();
  });
});
