// Whether a wall clock is believed, and what time it is where it is not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CLOCK_TOLERANCE_MS, ClockWatch } from '../../../src/core/desks/clock-watch.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 21, 12);
const BOUNDS = { floorMs: Date.UTC(2026, 10, 1), ceilingMs: Date.UTC(2034, 10, 1) };
const [A, B, C] = ['a', 'b', 'c'].map((letter) => letter.repeat(64)) as [string, string, string];

const at = (wallMs: number, monotonicMs = 0) => ({ wallMs, monotonicMs });

describe('a clock', () => {
  it('is believed where nothing speaks against it', () => {
    const watch = new ClockWatch(BOUNDS);
    assert.deepEqual(watch.read(at(NOW_MS)), at(NOW_MS));
    assert.equal(watch.suspect, undefined);
  });

  it('is not believed in 1970, and the time is not before the floor', () => {
    const watch = new ClockWatch(BOUNDS);
    assert.equal(watch.read(at(0)).wallMs, BOUNDS.floorMs);
    assert.match(watch.suspect ?? '', /shows 1970-01-01/);
    assert.equal(watch.isGuess, true);
    watch.read(at(NOW_MS, 1000));
    assert.equal(watch.suspect, undefined);
  });

  it('is not believed in 2100, and writes nothing that is dated then', () => {
    const watch = new ClockWatch(BOUNDS, NOW_MS);
    const wallMs = watch.read(at(Date.UTC(2100, 0, 1))).wallMs;
    assert.equal(wallMs, NOW_MS - CLOCK_TOLERANCE_MS);
    assert.match(watch.suspect ?? '', /nobody runs this version/);
  });

  it('goes by what others say while it is not believed', () => {
    for (const wrong of [0, Date.UTC(2100, 0, 1)]) {
      const watch = new ClockWatch(BOUNDS);
      watch.heard(A, NOW_MS, at(wrong, 0), false);
      assert.equal(watch.read(at(wrong + MINUTE_MS, MINUTE_MS)).wallMs, NOW_MS + MINUTE_MS);
      assert.equal(watch.isGuess, false);
    }
  });

  it('is not outvoted by one other, but by two, or by a hub', () => {
    const wrongMs = NOW_MS + DAY_MS;
    const watch = new ClockWatch(BOUNDS);
    watch.heard(A, NOW_MS, at(wrongMs), false);
    watch.read(at(wrongMs));
    assert.equal(watch.suspect, undefined);
    watch.heard(B, NOW_MS, at(wrongMs), false);
    assert.equal(watch.read(at(wrongMs)).wallMs, NOW_MS);
    assert.match(watch.suspect ?? '', /most members/);
    const alone = new ClockWatch(BOUNDS);
    alone.heard(A, NOW_MS, at(wrongMs), true);
    alone.read(at(wrongMs));
    assert.match(alone.suspect ?? '', /most members/);
  });

  it('does not listen to what no right clock shows, nor to what was said long ago', () => {
    const watch = new ClockWatch(BOUNDS);
    for (const who of [A, B, C]) watch.heard(who, Date.UTC(2100, 0, 1), at(NOW_MS), true);
    watch.read(at(NOW_MS));
    assert.equal(watch.suspect, undefined);
    for (const who of [A, B]) watch.heard(who, NOW_MS + DAY_MS, at(NOW_MS), false);
    watch.read(at(NOW_MS));
    assert.notEqual(watch.suspect, undefined);
    watch.read(at(NOW_MS + 6 * MINUTE_MS, 6 * MINUTE_MS));
    assert.equal(watch.suspect, undefined);
  });

  it('is not believed behind what was signed, unless most say that it is right', () => {
    const watch = new ClockWatch(BOUNDS);
    watch.signed(NOW_MS + DAY_MS);
    assert.equal(watch.read(at(NOW_MS)).wallMs, NOW_MS + DAY_MS);
    assert.match(watch.suspect ?? '', /was signed at/);
    watch.heard(A, NOW_MS, at(NOW_MS), false);
    assert.equal(watch.read(at(NOW_MS)).wallMs, NOW_MS);
    assert.equal(watch.suspect, undefined);
  });

  it('that jumped is doubted until somebody agrees, it jumps back, or a quarter of an hour has passed', () => {
    for (const jumpMs of [30 * DAY_MS, -3_600_000]) {
      const jumped = () => {
        const watch = new ClockWatch(BOUNDS);
        watch.read(at(NOW_MS));
        assert.equal(watch.read(at(NOW_MS + jumpMs, 1000)).wallMs, NOW_MS + 1000);
        assert.match(watch.suspect ?? '', /jumped by/);
        return watch;
      };
      const agreed = jumped();
      agreed.heard(A, NOW_MS + jumpMs, at(NOW_MS + jumpMs, 1000), false);
      assert.equal(agreed.read(at(NOW_MS + jumpMs, 1000)).wallMs, NOW_MS + jumpMs);
      const back = jumped();
      assert.equal(back.read(at(NOW_MS + 2000, 2000)).wallMs, NOW_MS + 2000);
      assert.equal(back.suspect, undefined);
      const settled = jumped();
      const laterMs = 16 * MINUTE_MS;
      settled.read(at(NOW_MS + jumpMs + laterMs, laterMs));
      assert.equal(settled.suspect, undefined);
    }
  });

  it('goes by nothing that was heard before a machine slept', () => {
    const watch = new ClockWatch(BOUNDS);
    watch.read(at(NOW_MS));
    watch.heard(A, NOW_MS, at(NOW_MS), true);
    watch.read(at(NOW_MS + DAY_MS, 1000));
    assert.equal(watch.isGuess, true);
    watch.heard(A, NOW_MS + DAY_MS, at(NOW_MS + DAY_MS, 2000), false);
    watch.read(at(NOW_MS + DAY_MS, 2000));
    assert.equal(watch.suspect, undefined);
  });

  it('never says a time outside of what can be, whatever it shows and whatever is said', () => {
    const anyMs = fc.oneof(
      fc.integer({ min: 0, max: Date.UTC(2200, 0, 1) }),
      fc.integer({ min: NOW_MS - DAY_MS, max: NOW_MS + DAY_MS }),
    );
    const step = fc.oneof(
      fc.record({ do: fc.constant('read' as const), wallMs: anyMs, passedMs: fc.nat(3_600_000) }),
      fc.record({
        do: fc.constant('heard' as const),
        who: fc.constantFrom(A, B, C),
        wallMs: anyMs,
      }),
      fc.record({ do: fc.constant('signed' as const), wallMs: anyMs }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const watch = new ClockWatch(BOUNDS);
        let monotonicMs = 0;
        let wall = NOW_MS;
        for (const one of steps) {
          if (one.do === 'signed') watch.signed(one.wallMs);
          else if (one.do === 'heard') {
            watch.heard(one.who, one.wallMs, at(wall, monotonicMs), false);
          } else {
            monotonicMs += one.passedMs;
            wall = one.wallMs;
            const { wallMs } = watch.read(at(wall, monotonicMs));
            assert.ok(wallMs >= BOUNDS.floorMs && wallMs <= BOUNDS.ceilingMs);
            if (watch.suspect === undefined) assert.equal(wallMs, wall);
          }
        }
      }),
    );
  });
});
