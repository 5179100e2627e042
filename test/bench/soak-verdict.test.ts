// The verdict of the soak on series whose truth is known: flat, noisy, leaking, stepping, and quiet moments that differ.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Held } from '../../bench/soak/quiet.ts';
import {
  judgeDescriptors,
  judgeMemory,
  judgeTimers,
  median,
  type Point,
  slopeOf,
  trendOf,
} from '../../bench/soak/verdict.ts';
import { createSeededRandom } from '../../src/testing/index.ts';

const HOUR_S = 3600;
const STEP_S = 10;
const MIB = 1024 * 1024;
/** Share by which memory may grow here. */
const GROWTH = 0.05;

/** An hour of samples, ten seconds apart. */
function hour(bytesAt: (seconds: number) => number): Point[] {
  return Array.from({ length: HOUR_S / STEP_S }, (_, n) => ({
    atSeconds: n * STEP_S,
    value: bytesAt(n * STEP_S),
  }));
}

function judge(bytesAt: (seconds: number) => number) {
  const trend = trendOf(hour(bytesAt), HOUR_S) ?? assert.fail('no trend');
  return { ...judgeMemory(trend, GROWTH), trend };
}

/** A heap as it is seen: it rises until the collector comes, at times that are not those of the samples, and jumps besides. */
function noise(seed: string): (seconds: number) => number {
  const { fraction } = createSeededRandom(seed);
  return (seconds) => 30 * MIB * ((seconds % 97) / 97) + (fraction() < 0.03 ? 80 * MIB : 0);
}

describe('memory', () => {
  it('that stays is flat, and so is what the warm-up adds', () => {
    assert.equal(judge(() => 200 * MIB).flat, true);
    const { flat, trend } = judge((seconds) => Math.min(200, 100 + seconds / 8) * MIB);
    assert.equal(flat, true);
    assert.deepEqual(trend, { early: 200 * MIB, late: 200 * MIB, perDay: 0, rise: 0 });
  });

  it('that shrinks is flat', () => {
    assert.equal(judge((seconds) => (300 - seconds / 60) * MIB).flat, true);
  });

  it('that jumps with the collector and stays on the whole is flat', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const jump = noise(seed);
      const { flat, why } = judge((seconds) => 150 * MIB + jump(seconds));
      assert.equal(flat, true, `${seed}: ${why}`);
    }
  });

  it('that leaks is not, also below such noise, and the line says how much a day', () => {
    for (const seed of ['a', 'b', 'c', 'd', 'e']) {
      const jump = noise(seed);
      // 12 MiB in the half hour between the quarters that are compared.
      const { flat, trend } = judge((seconds) => 150 * MIB + seconds * (MIB / 150) + jump(seconds));
      assert.equal(flat, false, seed);
      assert.ok(Math.abs(trend.perDay / MIB - 576) < 150, `${seed}: ${trend.perDay / MIB}`);
    }
  });

  it('that steps up after the warm-up and stays there is not', () => {
    const { flat, why } = judge((seconds) => (seconds < 2400 ? 100 : 110) * MIB);
    assert.equal(flat, false);
    assert.match(why, /^grew by 10\.0 MiB \(10\.0 %\) by its medians, at most 5\.0 MiB$/);
  });

  it('may grow by the share that is given and no more', () => {
    const grownBy = (share: number) =>
      judge((seconds) => (1 + (seconds < 1800 ? 0 : share)) * 100 * MIB);
    assert.equal(grownBy(0.049).flat, true);
    assert.equal(grownBy(0.051).flat, false);
  });

  it('of a few mebibytes may grow by one', () => {
    assert.equal(judge((seconds) => (seconds < 1800 ? 4 : 4.9) * MIB).flat, true);
    assert.equal(judge((seconds) => (seconds < 1800 ? 4 : 5.1) * MIB).flat, false);
  });

  it('of which too little was seen has no trend', () => {
    const only = hour(() => MIB).filter(({ atSeconds }) => atSeconds < 2000);
    assert.equal(trendOf(only, HOUR_S), undefined);
    assert.equal(trendOf([], HOUR_S), undefined);
  });
});

describe('a line', () => {
  it('is not bent by what is far off, and needs two moments', () => {
    const points = hour((seconds) => 3 * seconds + (seconds % 400 === 0 ? 1e9 : 0));
    assert.equal(slopeOf(points), 3);
    assert.equal(slopeOf(points.slice(0, 1)), 0);
    assert.equal(slopeOf([]), 0);
  });

  it('has the median of an even number between two', () => {
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.equal(median([10, 9, 1]), 9);
  });
});

describe('quiet moments', () => {
  const before: Held = {
    ...{ atSeconds: 900, heapBytes: 50 * MIB, externalBytes: 20 * MIB },
    fds: { all: 30, sockets: 5, files: 6, others: 19 },
    timers: 12,
  };

  it('are flat when as much is open', () => {
    assert.deepEqual(judgeDescriptors(before, structuredClone(before)), { flat: true, why: '' });
    assert.deepEqual(judgeTimers(before, structuredClone(before)), { flat: true, why: '' });
  });

  it('are not when a socket or a timer was left, and say which', () => {
    const fds = { ...before.fds, all: 31, sockets: 6 };
    const after = { ...before, fds, timers: 15 };
    assert.deepEqual(judgeDescriptors(before, after), {
      flat: false,
      why: 'sockets went from 5 to 6',
    });
    assert.deepEqual(judgeTimers(before, after), {
      flat: false,
      why: 'went from 12 to 15, at most 14',
    });
    assert.equal(judgeTimers(before, { ...before, timers: 14 }).flat, true);
    assert.equal(judgeTimers(before, { ...before, timers: 9 }).flat, true);
  });

  it('are not when one kind has taken the place of another', () => {
    const after = { ...before, fds: { ...before.fds, sockets: 4, others: 20 } };
    assert.equal(
      judgeDescriptors(before, after).why,
      'sockets went from 5 to 4, others went from 19 to 20',
    );
  });
});
