// The real world, as far as a test can look at it without waiting for it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemEnvironment } from '../../src/sidecar/system-environment.ts';

const { clock, timers, random } = systemEnvironment;

describe('the system clock', () => {
  it('reads the wall clock in milliseconds since 1970, and a clock that never goes back', () => {
    const before = Date.now();
    const first = clock.now();
    const second = clock.now();
    assert.ok(first.wallMs >= before && first.wallMs <= Date.now());
    assert.ok(second.monotonicMs >= first.monotonicMs);
  });
});

describe('system timers', () => {
  it('fire once, after the delay', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    let fired = 0;
    timers.after(100, () => fired++);
    test.mock.timers.tick(99);
    assert.equal(fired, 0);
    test.mock.timers.tick(1);
    assert.equal(fired, 1);
    test.mock.timers.tick(1000);
    assert.equal(fired, 1);
  });

  it('do not fire once cancelled; cancelling twice is harmless', (test) => {
    test.mock.timers.enable({ apis: ['setTimeout'] });
    const cancel = timers.after(100, () => assert.fail());
    cancel();
    cancel();
    test.mock.timers.tick(1000);
  });

  it('wait longer than 24.8 days, where setTimeout alone would fire at once', (test) => {
    // Not the mocked timers: they know no largest delay.
    const delays: number[] = [];
    const waiting: (() => void)[] = [];
    test.mock.method(globalThis, 'setTimeout', (fire: () => void, ms: number) => {
      delays.push(ms);
      waiting.push(fire);
    });
    const cancelled = test.mock.method(globalThis, 'clearTimeout', () => undefined);
    let fired = 0;
    const days = 24 * 60 * 60 * 1000;
    const cancel = timers.after(60 * days, () => fired++);
    while (waiting.length > 0) {
      assert.equal(fired, 0);
      waiting.shift()!();
    }
    assert.equal(fired, 1);
    assert.deepEqual(delays, [2 ** 31 - 1, 2 ** 31 - 1, 60 * days - 2 * (2 ** 31 - 1)]);
    cancel();
    assert.equal(cancelled.mock.callCount(), 1);
  });
});

describe('system randomness', () => {
  it('gives as many bytes as asked, never the same', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 100; i++) seen.add(Buffer.from(random.bytes(32)).toString('hex'));
    assert.equal(seen.size, 100);
    for (const length of [0, 1, 7, 1000]) assert.equal(random.bytes(length).length, length);
  });

  it('gives fractions from 0 to under 1', () => {
    for (let i = 0; i < 1000; i++) {
      const fraction = random.fraction();
      assert.ok(fraction >= 0 && fraction < 1);
    }
  });
});
