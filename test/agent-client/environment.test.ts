// Pauses, bells and memories: the small things the loops stand on.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Recent } from '../../src/agent-client/bounded.ts';
import { Bell, pause } from '../../src/agent-client/environment.ts';
import { systemEnvironment } from '../../src/agent-client/index.ts';
import { settle, testEnvironment } from './support.ts';

function watched(promise: Promise<unknown>): () => boolean {
  let done = false;
  void promise.then(() => {
    done = true;
  });
  return () => done;
}

suite('a pause', () => {
  test('ends with its time', async () => {
    const { clock, timers } = testEnvironment();
    const done = watched(pause(timers, 100, new AbortController().signal));
    await clock.advanceSettled(99);
    assert.equal(done(), false);
    await clock.advanceSettled(1);
    assert.equal(done(), true);
  });

  test('ends with the signal, and leaves no timer', async () => {
    const { clock, timers } = testEnvironment();
    const ending = new AbortController();
    const waiting = pause(timers, 100, ending.signal);
    ending.abort();
    await waiting;
    assert.equal(clock.pending, 0);
    await pause(timers, 100, ending.signal);
    assert.equal(clock.pending, 0);
  });
});

suite('a bell', () => {
  const never = new AbortController().signal;

  test('that rang while nobody waited is heard once', async () => {
    const bell = new Bell();
    bell.ring();
    bell.ring();
    await bell.wait(never);
    const done = watched(bell.wait(never));
    await settle();
    assert.equal(done(), false);
    bell.ring();
    await settle();
    assert.equal(done(), true);
  });

  test('is not waited for longer than said', async () => {
    const { clock, timers } = testEnvironment();
    const done = watched(new Bell().wait(never, timers, 50));
    await clock.advanceSettled(50);
    assert.equal(done(), true);
  });

  test('is given up with the signal, and leaves no timer', async () => {
    const { clock, timers } = testEnvironment();
    const ending = new AbortController();
    const done = watched(new Bell().wait(ending.signal, timers, 50));
    ending.abort();
    await settle();
    assert.equal(done(), true);
    assert.equal(clock.pending, 0);
  });
});

suite('a memory of what was lately', () => {
  test('forgets the oldest when it is full', () => {
    const names = new Recent(2, 1_000, testEnvironment().clock);
    for (const name of ['a', 'b', 'b', 'c']) names.add(name);
    assert.deepEqual(
      ['a', 'b', 'c'].map((name) => names.has(name)),
      [false, true, true],
    );
  });

  test('forgets after its time', async () => {
    const { clock } = testEnvironment();
    const names = new Recent(2, 1_000, clock);
    names.add('a');
    await clock.advanceSettled(999);
    assert.equal(names.has('a'), true);
    await clock.advanceSettled(1);
    assert.equal(names.has('a'), false);
  });
});

test('the real environment has a clock, timers that can be cancelled, and chance', async () => {
  const { clock, timers, random } = systemEnvironment;
  assert.ok(clock.now().wallMs > Date.UTC(2020, 0));
  assert.ok(random.fraction() < 1);
  const cancel = timers.after(0, () => assert.fail('it was cancelled'));
  cancel();
  cancel();
  await new Promise<void>((resolve) => {
    timers.after(0, resolve);
  });
});
