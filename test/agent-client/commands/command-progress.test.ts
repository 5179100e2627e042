// Percent, rate and time left, worked out of what handlers say, by a clock that the test moves.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ProgressMeter } from '../../../src/agent-client/commands/command-progress.ts';
import { ManualClock } from '../../../src/testing/index.ts';

suite('a meter of progress', () => {
  test('makes percent, rate and time left of bytes', async () => {
    const clock = new ManualClock();
    const meter = new ProgressMeter(clock);
    assert.deepEqual(meter.measure({ bytesDone: 0, bytesTotal: 1_000 }), {
      bytesDone: 0,
      bytesTotal: 1_000,
      percent: 0,
    });
    await clock.advanceSettled(1_000);
    assert.deepEqual(meter.measure({ bytesDone: 100, bytesTotal: 1_000 }), {
      bytesDone: 100,
      bytesTotal: 1_000,
      percent: 10,
      ratePerSecond: 100,
      etaMs: 9_000,
    });
  });

  test('what was there before is no pace', async () => {
    const clock = new ManualClock();
    const meter = new ProgressMeter(clock);
    meter.measure({ itemsDone: 900, itemsTotal: 1_000 });
    await clock.advanceSettled(1_000);
    const { ratePerSecond } = meter.measure({ itemsDone: 910, itemsTotal: 1_000 });
    assert.equal(ratePerSecond, 10);
  });

  test('a change of pace shows slowly', async () => {
    const clock = new ManualClock();
    const meter = new ProgressMeter(clock);
    meter.measure({ itemsDone: 0 });
    await clock.advanceSettled(1_000);
    meter.measure({ itemsDone: 100 });
    await clock.advanceSettled(1_000);
    const { ratePerSecond = 0 } = meter.measure({ itemsDone: 100 });
    assert.ok(ratePerSecond > 50 && ratePerSecond < 100, `${ratePerSecond}`);
    await clock.advanceSettled(60_000);
    const { ratePerSecond: later = 100 } = meter.measure({ itemsDone: 100 });
    assert.ok(later < 1, `${later}`);
  });

  test('takes the word of a handler that knows better, and leaves out what is no number', () => {
    const meter = new ProgressMeter(new ManualClock());
    const said = {
      bytesDone: 5,
      bytesTotal: Number.NaN,
      ratePerSecond: 7,
      etaMs: 70,
      itemsDone: -1,
    };
    assert.deepEqual(meter.measure(said), { bytesDone: 5, ratePerSecond: 7, etaMs: 70 });
  });

  test('percent stays within its bounds, and does not go back', () => {
    const meter = new ProgressMeter(new ManualClock());
    const percents = [40, 30, 140, 50].map((percent) => meter.measure(percent).percent);
    assert.deepEqual(percents, [40, 40, 100, 100]);
    assert.deepEqual(meter.measure(Number.NaN), {});
  });

  test('what the wire cannot carry is left out', () => {
    const meter = new ProgressMeter(new ManualClock());
    const huge = { itemsDone: 1e300, bytesDone: 2, etaMs: 1e15, ratePerSecond: Infinity };
    assert.deepEqual(meter.measure(huge), { bytesDone: 2 });
  });
});
