// The clock of one device: what it shows beside the true time, and what a stall does to its timers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MANUAL_CLOCK_START_MS, ManualClock, SkewedClock } from '../../src/testing/index.ts';

const DAY_MS = 86_400_000;

describe('the wall clock of a device', () => {
  it('is the true one when nothing is wrong with it', () => {
    const base = new ManualClock();
    const clock = new SkewedClock(base, {});
    base.advance(1500);
    assert.deepEqual(clock.now(), { wallMs: MANUAL_CLOCK_START_MS + 1500, monotonicMs: 1500 });
  });

  it('is ahead or behind by its offset, also in the far future', () => {
    const base = new ManualClock();
    const ahead = new SkewedClock(base, { offsetMs: 40 * 365 * DAY_MS });
    const behind = new SkewedClock(base, { offsetMs: -600_000 });
    base.advance(1000);
    assert.equal(ahead.now().wallMs - base.now().wallMs, 40 * 365 * DAY_MS);
    assert.equal(behind.now().wallMs - base.now().wallMs, -600_000);
  });

  it('drifts, and the monotonic clock with it', () => {
    const base = new ManualClock();
    const fast = new SkewedClock(base, { driftPpm: 500 });
    const slow = new SkewedClock(base, { driftPpm: -500 });
    base.advance(DAY_MS);
    assert.equal(Math.round(fast.now().wallMs - base.now().wallMs), 43_200);
    assert.equal(Math.round(fast.now().monotonicMs - base.now().monotonicMs), 43_200);
    assert.equal(Math.round(slow.now().wallMs - base.now().wallMs), -43_200);
  });

  it('keeps what it gained when its drift changes', () => {
    const base = new ManualClock();
    const clock = new SkewedClock(base, { driftPpm: 1000 });
    base.advance(DAY_MS);
    clock.setDrift(0);
    base.advance(DAY_MS);
    assert.equal(Math.round(clock.now().wallMs - base.now().wallMs), 86_400);
  });

  it('starts in 1970 on a device without a battery, until it is set', () => {
    const base = new ManualClock();
    const clock = new SkewedClock(base, { wallMs: 0 });
    base.advance(5000);
    assert.deepEqual(clock.now(), { wallMs: 5000, monotonicMs: 5000 });
    clock.setWall(base.now().wallMs);
    base.advance(10);
    assert.deepEqual(clock.now(), { wallMs: MANUAL_CLOCK_START_MS + 5010, monotonicMs: 5010 });
  });

  it('that is frozen stands still until it is set, while the monotonic clock runs', () => {
    const base = new ManualClock();
    const clock = new SkewedClock(base, { wallMs: 0 });
    clock.freezeWall();
    base.advance(5000);
    assert.deepEqual(clock.now(), { wallMs: 0, monotonicMs: 5000 });
    clock.setWall(100);
    base.advance(5);
    assert.deepEqual(clock.now(), { wallMs: 105, monotonicMs: 5005 });
  });

  it('refuses a drift that is no clock’s', () => {
    const base = new ManualClock();
    const expected = { name: 'RangeError', message: /^driftPpm is .*; give -100000 to 100000$/ };
    assert.throws(() => new SkewedClock(base, { driftPpm: -1_000_000 }), expected);
    assert.throws(() => new SkewedClock(base, {}).setDrift(Number.NaN), expected);
  });

  it('may go anywhere, but the monotonic clock never goes back', () => {
    const step = fc.record({
      what: fc.constantFrom('jump', 'set', 'freeze', 'drift', 'stall', 'resume'),
      value: fc.integer({ min: -100_000, max: 100_000 }),
      moveMs: fc.nat(10_000),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const base = new ManualClock();
        const clock = new SkewedClock(base, {});
        let last = clock.now().monotonicMs;
        for (const { what, value, moveMs } of steps) {
          const before = clock.now();
          if (what === 'jump') clock.jump(value);
          else if (what === 'set') clock.setWall(value);
          else if (what === 'freeze') clock.freezeWall();
          else if (what === 'drift') clock.setDrift(value);
          else if (what === 'stall') clock.stall();
          else clock.resume();
          if (what === 'jump') assert.equal(Math.round(clock.now().wallMs - before.wallMs), value);
          if (what === 'set') assert.equal(clock.now().wallMs, value);
          base.advance(moveMs);
          const { monotonicMs } = clock.now();
          assert.ok(monotonicMs >= last + moveMs * 0.899, `${last} then ${monotonicMs}`);
          last = monotonicMs;
        }
      }),
    );
  });
});

describe('timers of a device', () => {
  it('count by its own clock', () => {
    const base = new ManualClock();
    const fired: string[] = [];
    for (const driftPpm of [100_000, 0, -100_000]) {
      const clock = new SkewedClock(base, { driftPpm });
      clock.after(9900, () => fired.push(`${driftPpm}@${Math.round(base.now().monotonicMs)}`));
    }
    base.advance(20_000);
    assert.deepEqual(fired, ['100000@9000', '0@9900', '-100000@11000']);
  });

  it('do not fire during a stall, and fire together, in order and late, behind it', () => {
    const base = new ManualClock();
    const clock = new SkewedClock(base, {});
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now().monotonicMs}`);
    clock.after(300, note('third'));
    clock.after(100, note('first'));
    clock.after(200, note('second'));
    clock.after(90_000, note('later'));
    const cancelEarly = clock.after(150, () => assert.fail());
    const cancelLate = clock.after(150, () => assert.fail());
    clock.stall();
    cancelEarly();
    base.advance(60_000);
    assert.deepEqual(fired, []);
    cancelLate();
    clock.resume();
    assert.deepEqual(fired, [], 'not from inside the call');
    base.advance(0);
    assert.deepEqual(fired, ['first@60000', 'second@60000', 'third@60000']);
    base.advance(30_000);
    assert.equal(fired.at(-1), 'later@90000');
    assert.equal(base.pending, 0);
  });

  it('that became due in one stall wait for the end of the next when it follows at once', () => {
    const base = new ManualClock();
    const clock = new SkewedClock(base, {});
    let fired = 0;
    const cancel = clock.after(10, () => fired++);
    clock.after(10, () => fired++);
    clock.stall();
    base.advance(100);
    clock.resume();
    clock.stall();
    base.advance(100);
    assert.equal(fired, 0);
    assert.equal(clock.stalled, true);
    clock.resume();
    cancel();
    base.advance(0);
    assert.equal(fired, 1);
  });
});
