// Waiting for a condition: until it holds, until time is up, or until somebody ends it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeadlineError, formatDuration, pause, until, within } from '../../src/demo/wait.ts';

const patient = { deadlineMs: 60_000, signal: new AbortController().signal };
const hasty = { ...patient, deadlineMs: 0 };

test('false, undefined and errors mean not yet; zero and the empty text are values', async () => {
  const answers = [false, undefined, new Error('busy'), 0];
  const { value } = await until('an answer', patient, () => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer as number | false | undefined;
  });
  assert.equal(value, 0);
  assert.equal((await until('text', patient, () => '')).value, '');
});

test('when time is up it says what was awaited and the last error', async () => {
  const wait = until('the hub answers', hasty, () => Promise.reject(new Error('refused')));
  await assert.rejects(wait, (error) => {
    assert.ok(error instanceof DeadlineError);
    assert.match(error.message, /^the hub answers: not within \d+ ms: refused$/);
    assert.match(error.why, /^not within \d+ ms: refused$/);
    return true;
  });
});

test('the signal ends a wait with its reason', async () => {
  const controller = new AbortController();
  const wait = until('never', { ...patient, signal: controller.signal }, () => false);
  controller.abort(new Error('interrupted'));
  await assert.rejects(wait, /interrupted/);
  await assert.rejects(pause(60_000, controller.signal), /interrupted/);
});

test('within tells what was in time', async () => {
  assert.equal(await within(60_000, Promise.resolve(1)), true);
  assert.equal(await within(0, new Promise(() => {})), false);
});

test('durations are never shown as nothing', () => {
  assert.deepEqual([0.2, 85, 999, 1_000, 3_249].map(formatDuration), [
    '1 ms',
    '85 ms',
    '999 ms',
    '1.0 s',
    '3.2 s',
  ]);
});
