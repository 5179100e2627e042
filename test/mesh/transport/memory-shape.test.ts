// The dice of a memory path: what share of things is lost how often, and what that costs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MAX_LOSSES_IN_A_ROW,
  PERFECT_SHAPE,
  pass,
} from '../../../src/mesh/transport/memory-shape.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';

const THROWS = 20_000;

/** What share of passages took so long, by milliseconds. */
function sharesOf(lossRate: number, bytes: number): ReadonlyMap<number, number> {
  const random = createSeededRandom(`${lossRate} ${bytes}`);
  const shape = { ...PERFECT_SHAPE, delayMs: 50, lossRate };
  const shares = new Map<number, number>();
  for (let i = 0; i < THROWS; i++) {
    const { ms } = pass(shape, bytes, random);
    shares.set(ms, (shares.get(ms) ?? 0) + 1 / THROWS);
  }
  return shares;
}

function isAbout(share: number | undefined, expected: number): void {
  assert.ok(Math.abs((share ?? 0) - expected) < 0.01, `${share} instead of ${expected}`);
}

describe('a lossy path', () => {
  it('loses its share of single segments, and its share of those again: 200 ms and a round trip, then twice that', () => {
    const shares = sharesOf(0.2, 100);
    isAbout(shares.get(50), 0.8);
    isAbout(shares.get(50 + 300), 0.16);
    isAbout(shares.get(50 + 300 + 600), 0.032);
  });

  it('delays a frame of many segments as the unluckiest of them', () => {
    const shares = sharesOf(0.1, 10 * 1_460);
    isAbout(shares.get(50), 0.9 ** 10);
    isAbout(shares.get(50 + 300), 0.99 ** 10 - 0.9 ** 10);
  });

  it('gives up after so many losses in a row, within a bounded time', () => {
    const shape = { ...PERFECT_SHAPE, lossRate: 0.3 };
    // The worst luck there is.
    const random = { bytes: () => new Uint8Array(0), fraction: () => 1 - 2 ** -53 };
    const { fails, ms } = pass(shape, 1, random);
    assert.deepEqual([fails, ms], [true, 200 * (2 ** MAX_LOSSES_IN_A_ROW - 1)]);
  });

  it('throws no dice where there is nothing to decide', () => {
    const random = { bytes: () => assert.fail(), fraction: () => assert.fail() };
    assert.deepEqual(pass({ ...PERFECT_SHAPE, delayMs: 7 }, 1_000, random), {
      ms: 7,
      fails: false,
    });
  });
});
