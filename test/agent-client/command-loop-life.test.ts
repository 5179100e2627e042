// The command loop over time: what wakes it, in which order it works, how it ends.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { HoldfastClientError } from '../../src/agent-client/index.ts';
import {
  type AcknowledgeCommandRequest,
  CommandState,
} from '../../src/gen/holdfast/v1/command_pb.ts';
import { ErrorReason } from '../../src/gen/holdfast/v1/common_pb.ts';
import { handler, running, statesOf } from './command-support.ts';
import { FakeSidecar } from './fake-sidecar.ts';
import { apiError } from './fake-values.ts';
import { clientOf, settle, testEnvironment, until } from './support.ts';

suite('waking up', () => {
  test('a new command is seen at once through the watch', async () => {
    const sidecar = new FakeSidecar();
    const { loop } = running(sidecar, { ping: () => ({ pong: true }) });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const command = sidecar.command({ kind: 'ping' });
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('without a watch it looks every 30 s', async () => {
    const sidecar = new FakeSidecar();
    sidecar.feed.mute = true;
    const { loop, clock } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const command = sidecar.command({ kind: 'ping' });
    await clock.advanceSettled(29_999);
    await settle();
    assert.equal(command.state, CommandState.PENDING);
    await clock.advanceSettled(1);
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('it looks when the watch breaks, and goes on when the sidecar is back', async () => {
    const sidecar = new FakeSidecar();
    const { loop, clock, events } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const looks = sidecar.callsOf('offers').length;
    sidecar.down = true;
    await until(() => events.some((event) => event.type === 'retrying' && event.what === 'watch'));
    await until(() => sidecar.callsOf('offers').length > looks);
    const command = sidecar.command({ kind: 'ping' });
    sidecar.down = false;
    await clock.advanceSettled(200);
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('the answer to a heartbeat wakes it', async () => {
    const sidecar = new FakeSidecar();
    sidecar.feed.mute = true;
    const { loop, client } = running(sidecar, { ping: () => {} });
    await until(() => sidecar.openWatches === 1);
    await settle();
    const command = sidecar.command({ kind: 'ping' });
    await client.heartbeat();
    await until(() => command.state === CommandState.SUCCEEDED);
    await loop.stop();
  });

  test('a refused token is no end: it is tried again, with growing waits', async () => {
    const sidecar = new FakeSidecar();
    const wrong = () => apiError(ErrorReason.TOKEN_WRONG, Code.Unauthenticated, 'wrong token');
    sidecar.feed.mute = true;
    sidecar.fail('offers', wrong, wrong);
    const command = sidecar.command({ kind: 'ping' });
    const { loop, clock, events } = running(sidecar, { ping: () => {} });
    await until(() => events.length === 1);
    await clock.advanceSettled(200);
    await until(() => events.length === 2);
    await clock.advanceSettled(400);
    await until(() => command.state === CommandState.SUCCEEDED);
    const [first, second] = events;
    assert.ok(first?.type === 'retrying' && first.what === 'offers' && first.retryInMs === 200);
    assert.ok(second?.type === 'retrying' && second.error.reason === 'TOKEN_WRONG');
    await loop.stop();
  });
});

suite('order', () => {
  test('commands run one behind the other, as they are offered', async () => {
    const sidecar = new FakeSidecar();
    for (let count = 0; count < 5; count++) sidecar.command({ kind: 'step' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle });
    for (let count = 0; count < 5; count++) {
      await until(() => runs.length === count + 1);
      assert.equal(runs[count]?.id, `command${count + 1}`);
      await settle();
      assert.equal(runs.length, count + 1, 'the next one waits');
      runs[count]?.finish();
    }
    await until(() => statesOf(sidecar).every((state) => state === 'SUCCEEDED'));
    await loop.stop();
  });

  test('as many at a time as the agent allows', async () => {
    const sidecar = new FakeSidecar();
    for (let count = 0; count < 3; count++) sidecar.command({ kind: 'step' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle }, { concurrency: 2 });
    await until(() => runs.length === 2);
    await settle();
    assert.deepEqual(
      statesOf(sidecar),
      ['RUNNING', 'RUNNING', 'PENDING'],
      'unclaimed while it waits',
    );
    runs[1]?.finish();
    await until(() => runs.length === 3);
    runs[0]?.finish();
    runs[2]?.finish();
    await loop.stop();
    assert.deepEqual(statesOf(sidecar), ['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
  });

  test('one command whose claim fails does not hold up the others', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'step' });
    const second = sidecar.command({ kind: 'step' });
    sidecar.fail('acknowledge', () =>
      apiError(ErrorReason.INTERNAL, Code.Internal, 'a fault of the sidecar'),
    );
    const { loop } = running(sidecar, { step: () => {} });
    await until(() => second.state === CommandState.SUCCEEDED);
    assert.equal(statesOf(sidecar)[0], 'PENDING');
    await loop.stop();
  });
});

suite('stopping', () => {
  test('tells the handlers, waits for them, and stores what became of them', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { loop, clock } = running(sidecar, {
      copy: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('stopped by the operator')));
        }),
    });
    await until(() => command.state === CommandState.RUNNING);
    await loop.stop();
    assert.equal(command.state, CommandState.FAILED);
    assert.equal(command.message, 'stopped by the operator');
    assert.equal(clock.pending, 0, 'no timer is left');
    assert.equal(loop.ended, true);
  });

  test('does not wait for ever for a handler that goes on', async () => {
    const sidecar = new FakeSidecar();
    const command = sidecar.command({ kind: 'copy' });
    const { runs, handle } = handler();
    const { loop, clock } = running(sidecar, { copy: handle }, { stopGraceMs: 500 });
    await until(() => runs.length === 1 && command.state === CommandState.RUNNING);
    let stopped = false;
    const stopping = loop.stop().then(() => {
      stopped = true;
    });
    await clock.advanceSettled(499);
    await settle();
    assert.equal(stopped, false);
    await clock.advanceSettled(1);
    await stopping;
    assert.equal(command.state, CommandState.RUNNING, 'the next process gives it up');
  });

  test('leaves pending what has not begun', async () => {
    const sidecar = new FakeSidecar();
    sidecar.command({ kind: 'step' });
    sidecar.command({ kind: 'step' });
    const { runs, handle } = handler();
    const { loop } = running(sidecar, { step: handle });
    await until(() => runs.length === 1);
    await settle();
    const stopping = loop.stop();
    runs[0]?.finish();
    await stopping;
    assert.deepEqual(statesOf(sidecar), ['SUCCEEDED', 'PENDING']);
    const claims = sidecar.callsOf('acknowledge') as AcknowledgeCommandRequest[];
    assert.deepEqual(
      claims.map(({ id }) => id),
      ['command1'],
    );
  });

  test('works while the sidecar is away, and twice', async () => {
    const sidecar = new FakeSidecar();
    sidecar.down = true;
    const { loop, clock, types } = running(sidecar, {});
    await until(() => types().length >= 1);
    await Promise.all([loop.stop(), loop.stop()]);
    assert.equal(clock.pending, 0);
  });

  test('needs no sidecar to say that no agent is named', () => {
    const client = clientOf(new FakeSidecar(), testEnvironment(), { agent: undefined });
    assert.throws(() => client.runCommands({}), HoldfastClientError);
  });
});
