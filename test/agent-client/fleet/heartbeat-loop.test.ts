// The heartbeat loop: one call at a time, depth one, newest wins, and it outlives everything but `stop`.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Code } from '@connectrpc/connect';
import { toClientError } from '../../../src/agent-client/error.ts';
import {
  HeartbeatLoop,
  type HeartbeatLoopOptions,
} from '../../../src/agent-client/fleet/heartbeat-loop.ts';
import type { HeartbeatOutcome } from '../../../src/agent-client/index.ts';
import type { Beat, HeartbeatReceipt } from '../../../src/agent-client/types.ts';
import { ErrorReason } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { FakeSidecar } from '../fake-sidecar.ts';
import { apiError } from '../fake-values.ts';
import { clientOf, settle, testEnvironment, until } from '../support.ts';

const RECEIPT: HeartbeatReceipt = { receivedAt: undefined, ack: 'memory', pendingCommands: 0 };

/** A loop whose calls are answered by hand. */
function looping(options: HeartbeatLoopOptions = {}, fraction = 0) {
  const environment = testEnvironment(fraction);
  const outcomes: HeartbeatOutcome[] = [];
  const sending: { beat: Beat; answer: (error?: unknown) => Promise<void> }[] = [];
  const sent: string[] = [];
  let running = 0;
  const loop = new HeartbeatLoop(
    (beat, { signal }) => {
      running += 1;
      assert.equal(running, 1, 'two calls at a time');
      sent.push(beat.status ?? '-');
      const call = Promise.withResolvers<HeartbeatReceipt>();
      signal?.addEventListener('abort', () => call.reject(new Error('aborted')));
      const answer = async (error?: unknown) => {
        if (error === undefined) call.resolve(RECEIPT);
        else call.reject(error);
        await settle();
      };
      sending.push({ beat, answer });
      return call.promise.finally(() => {
        running -= 1;
      });
    },
    { intervalMs: 1_000, onOutcome: (outcome) => outcomes.push(outcome), ...options },
    environment,
  );
  const types = () => outcomes.map(({ type }) => type);
  const answer = async (error?: unknown) => sending.at(-1)?.answer(error);
  return { ...environment, loop, outcomes, types, sent, answer };
}

/** Collects `b1`, `b2`, … */
function counting(): () => Beat {
  let count = 0;
  return () => ({ status: `b${++count}` });
}

suite('the heartbeat loop', () => {
  test('sends one beat at once and one each interval', async () => {
    const { clock, loop, sent, answer } = looping({ collect: counting() });
    await settle();
    await answer();
    for (let beat = 0; beat < 2; beat++) {
      await clock.advanceSettled(1_000);
      await settle();
      await answer();
    }
    assert.deepEqual(sent, ['b1', 'b2', 'b3']);
    await loop.stop();
    assert.equal(clock.pending, 0);
  });

  test('comes up to a tenth early, never late', async () => {
    const { clock, loop } = looping({}, 0.5);
    await settle();
    assert.equal(clock.nextInMs, 950);
    await loop.stop();
  });

  test('while a call is under way the newest beat replaces the one that waits', async () => {
    const { clock, loop, outcomes, sent, answer } = looping({ collect: counting() });
    await settle();
    await clock.advanceSettled(3_000);
    assert.deepEqual(sent, ['b1'], 'the first call is still under way');
    await answer();
    assert.deepEqual(sent, ['b1', 'b4']);
    const replaced = outcomes.filter((outcome) => outcome.type === 'replaced');
    assert.deepEqual(
      replaced.map(({ beat }) => beat.status),
      ['b2', 'b3'],
    );
    await loop.stop();
  });

  test('while the sidecar is away it tries again, ever later, with the newest beat', async () => {
    const { clock, loop, outcomes, sent, answer } = looping({ collect: counting() });
    await settle();
    await answer(new Error('ECONNREFUSED'));
    await clock.advanceSettled(200);
    await answer(new Error('ECONNREFUSED'));
    await clock.advanceSettled(400);
    await answer(new Error('ECONNREFUSED'));
    assert.deepEqual(sent, ['b1', 'b1', 'b1']);
    await clock.advanceSettled(800);
    await answer();
    assert.equal(sent.at(-1), 'b2');
    const retries = outcomes.filter((outcome) => outcome.type === 'failed');
    assert.deepEqual(
      retries.map(({ retryInMs }) => retryInMs),
      [200, 400, 800],
    );
    assert.equal(outcomes.at(-1)?.type, 'sent');
    await loop.stop();
  });

  test('a beat the sidecar refuses is dropped, the next one goes out at its time', async () => {
    const { clock, loop, types, sent, answer } = looping({ collect: counting() });
    await settle();
    await answer(
      toClientError(apiError(ErrorReason.INVALID_FIELD, Code.InvalidArgument, 'labels: too many')),
    );
    assert.deepEqual(types(), ['refused']);
    await clock.advanceSettled(1_000);
    assert.deepEqual(sent, ['b1', 'b2']);
    await loop.stop();
  });

  test('a failing collect does not make the agent silent', async () => {
    const { loop, types, sent, answer } = looping({
      collect: () => {
        throw new Error('no sensor');
      },
    });
    await settle();
    await answer();
    assert.deepEqual(types(), ['collect-failed', 'sent']);
    assert.deepEqual(sent, ['-'], 'an empty beat: still here');
    await loop.stop();
  });

  test('a slow collect is not called twice, and empty beats go ahead of it', async () => {
    const slow = Promise.withResolvers<Beat>();
    let calls = 0;
    const { clock, loop, types, sent, answer } = looping({
      collect: () => {
        calls += 1;
        return slow.promise;
      },
    });
    await clock.advanceSettled(1_000);
    await answer();
    assert.deepEqual(sent, ['-']);
    slow.resolve({ status: 'late' });
    await settle();
    await answer();
    assert.deepEqual(sent, ['-', 'late']);
    assert.equal(calls, 1);
    assert.deepEqual(types(), ['collect-late', 'sent', 'sent']);
    await loop.stop();
  });

  test('a submitted beat does not wait for its time', async () => {
    const { loop, sent, answer } = looping();
    await settle();
    await answer();
    loop.submit({ status: 'degraded' });
    await settle();
    assert.deepEqual(sent, ['-', 'degraded']);
    await loop.stop();
  });

  test('stop ends the call under way, twice is the same, and nothing is sent afterwards', async () => {
    const { clock, loop, sent, types } = looping({ collect: counting() });
    await settle();
    await Promise.all([loop.stop(), loop.stop()]);
    await clock.advanceSettled(60_000);
    assert.deepEqual(sent, ['b1']);
    assert.deepEqual(types(), [], 'an end is no failure');
    assert.equal(loop.ended, true);
  });

  test('a signal is as good as stop', async () => {
    const ending = new AbortController();
    const { clock, loop } = looping({ signal: ending.signal });
    await settle();
    ending.abort();
    await loop.stop();
    assert.equal(clock.pending, 0);
  });

  test('a callback that throws is shown and does not end the loop', async () => {
    const warning = Promise.withResolvers<Error>();
    process.once('warning', warning.resolve);
    const environment = testEnvironment();
    const sidecar = new FakeSidecar();
    const loop = clientOf(sidecar, environment).startHeartbeats({
      onOutcome: () => {
        throw new Error('mistake in the callback');
      },
    });
    assert.equal((await warning.promise).message, 'mistake in the callback');
    await environment.clock.advanceSettled(10_000);
    await until(() => sidecar.heartbeats.length === 2);
    await loop.stop();
  });

  test('over the API: the interval is declared and a restart of the sidecar is bridged', async () => {
    const environment = testEnvironment();
    const sidecar = new FakeSidecar();
    sidecar.down = true;
    const outcomes: HeartbeatOutcome[] = [];
    await using client = clientOf(sidecar, environment);
    client.startHeartbeats({
      intervalMs: 5_000,
      collect: () => ({ status: 'ok' }),
      onOutcome: (outcome) => outcomes.push(outcome),
    });
    await until(() => outcomes.length === 1);
    sidecar.down = false;
    await environment.clock.advanceSettled(200);
    await until(() => outcomes.length === 2);
    assert.deepEqual(
      outcomes.map(({ type }) => type),
      ['failed', 'sent'],
    );
    assert.equal(sidecar.heartbeats[0]?.interval?.seconds, 5n);
    assert.equal(sidecar.heartbeats[0]?.status, 'ok');
  });
});
