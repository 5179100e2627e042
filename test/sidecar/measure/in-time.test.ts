// What is asked of a disk that hangs is given up, and nothing is left behind.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { inTime } from '../../../src/sidecar/measure/in-time.ts';
import { ManualClock } from '../../../src/testing/index.ts';

it('what comes in time is taken, what fails or is late is unknown', async () => {
  const clock = new ManualClock();
  assert.equal(await inTime(clock, 1000, Promise.resolve(7)), 7);
  assert.equal(await inTime(clock, 1000, Promise.reject(new Error('no'))), undefined);
  assert.equal(await inTime(clock, 1000, undefined), undefined);
  const late = inTime(clock, 1000, new Promise<number>(() => undefined));
  clock.advance(1000);
  assert.equal(await late, undefined);
  assert.equal(clock.pending, 0);
});
