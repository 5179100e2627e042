// How late timers fire is told four times a second, and not any more after the end.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { watchLoopDelay } from '../../../src/sidecar/measure/loop-delay.ts';
import { ManualClock } from '../../../src/testing/index.ts';

it('a timer that fires late says by how much; the next one is due a quarter of a second later', () => {
  const clock = new ManualClock();
  const due: (() => void)[] = [];
  const timers = {
    after(delayMs: number, fire: () => void) {
      assert.equal(delayMs, 250);
      due.push(fire);
      return () => due.splice(0);
    },
  };
  const delays: number[] = [];
  const stop = watchLoopDelay({ clock, timers }, (delayMs) => delays.push(delayMs));
  for (const passedMs of [250, 1250, 249, 600]) {
    clock.advance(passedMs);
    due.shift()?.();
  }
  assert.deepEqual(delays, [0, 1000, 0, 350]);
  assert.equal(due.length, 1);
  stop();
  assert.equal(due.length, 0);
});
