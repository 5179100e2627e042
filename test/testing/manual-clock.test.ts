// The clock that tests move: what fires, in which order, and what the time is meanwhile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MANUAL_CLOCK_START_MS, ManualClock } from '../../src/testing/index.ts';

describe('ManualClock', () => {
  it('stands still until it is advanced, then moves both clocks', () => {
    const clock = new ManualClock();
    assert.deepEqual(clock.now(), { wallMs: MANUAL_CLOCK_START_MS, monotonicMs: 0 });
    clock.advance(1500);
    assert.deepEqual(clock.now(), { wallMs: MANUAL_CLOCK_START_MS + 1500, monotonicMs: 1500 });
  });

  it('jumps the wall clock alone, either way, and fires no timer for it', () => {
    const clock = new ManualClock(1000);
    clock.after(10, () => assert.fail());
    clock.jumpWall(-5000);
    assert.deepEqual(clock.now(), { wallMs: -4000, monotonicMs: 0 });
    clock.jumpWall(9000);
    assert.deepEqual(clock.now(), { wallMs: 5000, monotonicMs: 0 });
  });

  it('fires what is due, at its time, once', () => {
    const clock = new ManualClock();
    const fired: string[] = [];
    const note = (name: string) => () => fired.push(`${name}@${clock.now().monotonicMs}`);
    clock.after(20, note('b'));
    clock.after(10, note('a'));
    clock.after(31, note('late'));
    clock.advance(30);
    assert.deepEqual(fired, ['a@10', 'b@20']);
    clock.advance(1);
    assert.deepEqual(fired, ['a@10', 'b@20', 'late@31']);
    clock.advance(1000);
    assert.equal(fired.length, 3);
  });

  it('fires timers that are due together in the order in which they were made', () => {
    const clock = new ManualClock();
    const fired: number[] = [];
    for (let i = 0; i < 20; i++) clock.after(i % 2 === 0 ? 5 : 7, () => fired.push(i));
    clock.advance(10);
    assert.deepEqual(fired, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
  });

  it('fires timers that timers make, when they fall into the same advance', () => {
    const clock = new ManualClock();
    const at: number[] = [];
    const again = (): void => {
      at.push(clock.now().monotonicMs);
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);
    assert.deepEqual(at, [10, 20, 30]);
    assert.equal(clock.nextInMs, 5);
  });

  it('treats a delay of 0 or less as due now, but never fires from inside `after`', () => {
    const clock = new ManualClock();
    let fired = 0;
    clock.after(0, () => fired++);
    clock.after(-5, () => fired++);
    assert.equal(fired, 0);
    clock.advance(0);
    assert.equal(fired, 2);
  });

  it('does not fire what was cancelled; cancelling late or twice is harmless', () => {
    const clock = new ManualClock();
    const cancel = clock.after(10, () => assert.fail());
    let fired = 0;
    const cancelFired = clock.after(20, () => fired++);
    const cancelByOther = clock.after(30, () => assert.fail());
    clock.after(25, cancelByOther);
    assert.equal(clock.pending, 4);
    cancel();
    cancel();
    assert.equal(clock.pending, 3);
    assert.equal(clock.nextInMs, 20);
    clock.advance(100);
    cancelFired();
    cancelFired();
    assert.equal(fired, 1);
    assert.equal(clock.pending, 0);
    assert.equal(clock.nextInMs, undefined);
  });

  it('fails rather than hang on timers that arm each other for now', () => {
    const clock = new ManualClock();
    const again = (): void => void clock.after(0, again);
    again();
    assert.throws(() => clock.advance(1), /more than 1000000 timers fired in 1 ms/);
  });

  it('fires a year of timers in one advance', () => {
    const clock = new ManualClock();
    const minuteMs = 60_000;
    const yearMs = 365 * 86_400_000;
    let beats = 0;
    const beat = (): void => {
      beats++;
      clock.after(minuteMs / 4, beat);
    };
    clock.after(0, beat);
    clock.advance(yearMs);
    assert.equal(beats, (4 * yearMs) / minuteMs + 1);
  });

  it('forgets what is cancelled at once, however far ahead it was due', () => {
    const clock = new ManualClock();
    let fired = 0;
    let giveUp = (): void => {};
    const beat = (): void => {
      giveUp();
      giveUp = clock.after(86_400_000, () => assert.fail());
      // A clock that kept them would move 100,000 of them about for each that is made.
      if (++fired < 100_000) clock.after(1, beat);
    };
    beat();
    clock.advance(100_000);
    assert.equal(fired, 100_000);
    assert.equal(clock.pending, 1);
    assert.equal(clock.nextInMs, 86_400_000 - 1);
  });

  it('settles promises that need no time', async () => {
    const clock = new ManualClock();
    let steps = 0;
    void (async () => {
      for (; steps < 500; steps++) await Promise.resolve();
    })();
    await clock.settle();
    assert.equal(steps, 500);
  });

  it('advanceSettled lets promises go on between timers', async () => {
    const clock = new ManualClock();
    const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
    const at: number[] = [];
    void (async () => {
      for (let i = 0; i < 5; i++) {
        await sleep(10);
        at.push(clock.now().monotonicMs);
      }
    })();
    await clock.advanceSettled(35);
    assert.deepEqual(at, [10, 20, 30]);
    assert.equal(clock.now().monotonicMs, 35);
  });

  it('advanceUntil stops at the timer that brings what is waited for, or at its limit', async () => {
    const clock = new ManualClock();
    let fired = 0;
    const again = (): void => {
      fired++;
      clock.after(10, again);
    };
    clock.after(10, again);
    assert.equal(await clock.advanceUntil(() => fired === 3, 1000), true);
    assert.equal(clock.now().monotonicMs, 30);
    assert.equal(await clock.advanceUntil(() => fired === 3, 1000), true);
    assert.equal(clock.now().monotonicMs, 30, 'what is there already takes no time');
    assert.equal(await clock.advanceUntil(() => fired === 99, 25), false);
    assert.deepEqual([fired, clock.now().monotonicMs], [5, 55]);
  });

  it('keeps the order of any timers, made and cancelled at any time', () => {
    const steps = fc.array(
      fc.record({ delay: fc.nat(30), cancel: fc.boolean(), move: fc.nat(10) }),
    );
    fc.assert(
      fc.property(steps, (list) => {
        const clock = new ManualClock();
        const expected: { due: number; made: number }[] = [];
        const fired: { due: number; made: number }[] = [];
        const stops: (() => void)[] = [];
        for (const [made, { delay, cancel, move }] of list.entries()) {
          const timer = { due: clock.now().monotonicMs + delay, made };
          const stop = clock.after(delay, () => fired.push(timer));
          expected.push(timer);
          stops.push(() => {
            stop();
            if (!fired.includes(timer)) expected.splice(expected.indexOf(timer), 1);
          });
          // Any one that was made before, so that they are taken out of the middle.
          if (cancel) stops.splice((made * 7) % stops.length, 1)[0]?.();
          clock.advance(move);
        }
        clock.advance(100);
        expected.sort((a, b) => a.due - b.due || a.made - b.made);
        // One that is made later cannot fire before one that fired already, however due.
        assert.deepEqual(fired, expected);
        assert.equal(clock.pending, 0);
      }),
    );
  });
});
