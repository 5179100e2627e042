// Steps and their claims: each is shown and kept, and the first that fails ends the demo.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fleet } from '../../src/demo/fleet.ts';
import { Screen } from '../../src/demo/screen.ts';
import { ClaimFailedError, Stage, type Step } from '../../src/demo/stage.ts';
import { runSteps, STEPS } from '../../src/demo/steps.ts';

function stage(signal = new AbortController().signal) {
  const written: string[] = [];
  const screen = new Screen({ write: (text: string) => written.push(text) }, {});
  // No test here looks at the fleet.
  return { made: new Stage({ fleet: {} as Fleet, screen, signal }), shown: () => written.join('') };
}

test('a claim that holds is shown with its figure and kept', async () => {
  const { made, shown } = stage();
  made.check('it is so', true, '3 of 3');
  const answers = [undefined, 7];
  const value = await made.expect(
    'it becomes so',
    () => answers.shift(),
    (seven) => `${seven} times`,
  );
  assert.equal(value, 7);
  assert.equal(shown(), '     ✓ it is so (3 of 3)\n     ✓ it becomes so (7 times)\n');
  assert.deepEqual(
    made.checks.map(({ claim, passed }) => [claim, passed]),
    [
      ['it is so', true],
      ['it becomes so', true],
    ],
  );
});

test('without a figure of its own a claim that was awaited shows how long', async () => {
  const { made, shown } = stage();
  await made.expect('it becomes so', () => true);
  assert.match(shown(), /✓ it becomes so \(\d+ ms\)/);
});

test('a claim that fails is shown, kept and thrown', () => {
  const { made, shown } = stage();
  assert.throws(() => made.check('it is so', false, '2 of 3'), ClaimFailedError);
  assert.equal(shown(), '     ✗ it is so (2 of 3)\n');
  assert.equal(made.checks[0]?.passed, false);
});

test('an interruption says nothing about the claim', async () => {
  const controller = new AbortController();
  const { made, shown } = stage(controller.signal);
  const waiting = made.expect('it becomes so', () => false);
  controller.abort(new Error('interrupted'));
  await assert.rejects(waiting, /interrupted/);
  assert.deepEqual(made.checks, []);
  assert.equal(shown(), '');
});

test('steps run in order with their titles, and none behind one that fails', async () => {
  const { made, shown } = stage();
  const ran: string[] = [];
  const step = (title: string, passed = true): Step => ({
    title,
    run: async (on) => {
      ran.push(title);
      on.check(`${title} works`, passed);
    },
  });
  const steps = [step('one'), step('two', false), step('three')];
  await assert.rejects(runSteps(steps, made), ClaimFailedError);
  assert.deepEqual(ran, ['one', 'two']);
  assert.equal(shown(), '\n1/3  one\n\n     ✓ one works\n\n2/3  two\n\n     ✗ two works\n');
});

test('the demo itself has seven steps with a title each', () => {
  assert.equal(STEPS.length, 7);
  assert.equal(new Set(STEPS.map(({ title }) => title)).size, 7);
});
