// The sampling loop: at its times, one sample at a time, and never an old figure as one of now.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HostFigures } from '../../../src/host/index.ts';
import { HostWatch } from '../../../src/sidecar/telemetry/host-watch.ts';
import { MANUAL_CLOCK_START_MS, ManualClock } from '../../../src/testing/index.ts';

const INTERVAL_MS = 30_000;

function watchOf(sample: () => Promise<HostFigures>) {
  const clock = new ManualClock();
  return { clock, watch: new HostWatch({ clock, timers: clock, intervalMs: INTERVAL_MS, sample }) };
}

suite('the host', () => {
  test('is sampled after a second, then at each interval', async () => {
    let samples = 0;
    const { clock, watch } = watchOf(async () => ({ cpuPercent: ++samples }));
    assert.equal(watch.newest(), undefined);
    await clock.advanceSettled(1_000);
    assert.deepEqual(watch.newest()?.figures, { cpuPercent: 1 });
    assert.equal(watch.newest()?.sampledAtMs, MANUAL_CLOCK_START_MS + 1_000);
    await clock.advanceSettled(INTERVAL_MS * 3);
    assert.equal(samples, 4);
    assert.deepEqual(watch.newest()?.figures, { cpuPercent: 4 });
    watch.close();
    assert.equal(clock.pending, 0);
  });

  test('whose disk does not answer is asked once, and its old figures are not shown as new', async () => {
    const answers: (() => void)[] = [];
    let asked = 0;
    const { clock, watch } = watchOf(() => {
      asked += 1;
      if (asked === 1) return Promise.resolve({ cpuPercent: 1 });
      return new Promise((resolve) => answers.push(() => resolve({ cpuPercent: asked })));
    });
    await clock.advanceSettled(1_000 + INTERVAL_MS * 2);
    assert.deepEqual(watch.newest()?.figures, { cpuPercent: 1 });
    await clock.advanceSettled(INTERVAL_MS);
    assert.equal(watch.newest(), undefined);
    assert.equal(asked, 2);
    for (const answer of answers) answer();
    await clock.advanceSettled(0);
    assert.deepEqual(watch.newest()?.figures, { cpuPercent: 2 });
    await clock.advanceSettled(INTERVAL_MS);
    assert.equal(asked, 3);
    watch.close();
    for (const answer of answers) answer();
    await clock.advanceSettled(0);
    assert.deepEqual(watch.newest()?.figures, { cpuPercent: 2 });
  });
});
