// The logger of a run: in order and some at a time, over failures, within bounds, and never so that a command hangs on it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Code, ConnectError } from '@connectrpc/connect';
import { type AppendedLog, CommandLogger } from '../../../src/agent-client/index.ts';
import { ErrorReason } from '../../../src/gen/holdfast/v1/common_pb.ts';
import { apiError } from '../fake-values.ts';
import { settle, testEnvironment } from '../support.ts';

const GONE = () => new ConnectError('connection reset', Code.Unavailable);

function start() {
  const environment = testEnvironment();
  const calls: AppendedLog[] = [];
  const faults: (() => unknown)[] = [];
  const state = { closed: false };
  const ended = new AbortController();
  const append = async (log: AppendedLog) => {
    calls.push(log);
    const fault = faults.shift();
    if (fault !== undefined) throw fault();
    return state;
  };
  const logger = new CommandLogger({ append }, 3, environment, ended.signal);
  const texts = () => calls.map(({ lines }) => lines.map(({ seq, text }) => `${seq} ${text}`));
  return { ...environment, logger, calls, faults, state, ended, texts };
}

test('lines of a second go in one call, numbered, without their ends', async () => {
  const { logger, clock, calls, texts } = start();
  logger.log('stdout', 'a\nb\r\n');
  logger.log('stderr', '');
  assert.equal(calls.length, 0);
  await clock.advanceSettled(1_000);
  logger.log('event', 'd');
  await clock.advanceSettled(1_000);
  assert.deepEqual(texts(), [['1 a', '2 b', '3 '], ['4 d']]);
  assert.deepEqual([calls[0]?.attempt, calls[0]?.final], [3, false]);
  assert.deepEqual(
    calls[0]?.lines.map(({ stream }) => stream),
    ['stdout', 'stdout', 'stderr'],
  );
  assert.equal(clock.pending, 0, 'nothing ticks while nothing is logged');
});

test('a thousand lines do not wait for the second', async () => {
  const { logger, calls } = start();
  for (let n = 0; n < 1_500; n++) logger.log('stdout', 'x');
  await settle();
  assert.equal(calls[0]?.lines.length, 1_000);
});

test('after a failure the same lines come again, with those that came meanwhile behind them', async () => {
  const { logger, clock, faults, texts } = start();
  faults.push(GONE, GONE);
  logger.log('stdout', 'a');
  await clock.advanceSettled(1_000);
  logger.log('stdout', 'b');
  await clock.advanceSettled(10_000);
  assert.deepEqual(texts(), [['1 a'], ['1 a', '2 b'], ['1 a', '2 b']]);
});

test('while the sidecar is away the oldest lines are dropped, which their numbers say', async () => {
  const { logger, clock, faults, calls } = start();
  faults.push(...Array.from({ length: 3 }, () => GONE));
  for (let n = 0; n < 25_000; n++) logger.log('stdout', 'x');
  await clock.advanceSettled(60_000);
  const stored = calls.slice(3).flatMap(({ lines }) => lines.map(({ seq }) => seq));
  assert.equal(stored.length, 10_000);
  assert.deepEqual([stored[0], stored.at(-1)], [15_001, 25_000]);
});

test('the end sends what waits at once and as the end, and takes nothing more', async () => {
  const { logger, calls, clock } = start();
  logger.log('stdout', 'last');
  await logger.end();
  assert.deepEqual([calls.length, calls[0]?.final], [1, true]);
  logger.log('stdout', 'too late');
  await clock.advanceSettled(5_000);
  assert.equal(calls.length, 1);
});

test('an end without lines calls nobody', async () => {
  const { logger, calls } = start();
  await logger.end();
  assert.equal(calls.length, 0);
});

test('a sidecar that is away holds the end of a command up for five seconds, not longer', async () => {
  const { logger, clock, faults } = start();
  faults.push(...Array.from({ length: 100 }, () => GONE));
  logger.log('stdout', 'last');
  let isOver = false;
  const ended = logger.end().then(() => (isOver = true));
  await clock.advanceSettled(4_999);
  assert.equal(isOver, false);
  await clock.advanceSettled(1);
  await ended;
  await clock.advanceSettled(30_000);
  assert.equal(clock.pending, 0, 'and nothing is tried any more');
});

for (const [what, fault] of [
  ['refuses', () => apiError(ErrorReason.COMMAND_STATE, Code.FailedPrecondition, 'over')],
  ['knows no logs', () => new ConnectError('unknown method', Code.Unimplemented)],
] as const) {
  test(`a sidecar that ${what} is not asked again`, async () => {
    const { logger, clock, faults, calls } = start();
    faults.push(fault);
    logger.log('stdout', 'a');
    await clock.advanceSettled(1_000);
    logger.log('stdout', 'b');
    await logger.end();
    await clock.advanceSettled(10_000);
    assert.equal(calls.length, 1);
  });
}

test('a log that the sidecar has closed takes no more lines', async () => {
  const { logger, clock, state, calls } = start();
  state.closed = true;
  logger.log('stdout', 'a');
  await clock.advanceSettled(1_000);
  logger.log('stdout', 'b');
  await clock.advanceSettled(1_000);
  assert.equal(calls.length, 1);
});

test('half characters and endless lines are sent as text of a bounded length', async () => {
  const { logger, clock, calls } = start();
  logger.log('stdout', '\ud800');
  logger.log('stdout', 'x'.repeat(1_000_000));
  await clock.advanceSettled(1_000);
  const [half, long] = calls[0]?.lines ?? [];
  assert.equal(half?.text, '\ufffd');
  assert.equal(long?.text.length, 16 * 1024);
});
