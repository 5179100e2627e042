// Randomness from a seed: repeatable, different for different seeds, and even enough for jitter.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createSeededRandom } from '../../src/testing/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('createSeededRandom', () => {
  it('repeats with the same seed', () => {
    const [a, b] = [createSeededRandom(42), createSeededRandom(42)];
    for (let length = 0; length < 20; length++) assert.deepEqual(a.bytes(length), b.bytes(length));
    assert.equal(a.fraction(), b.fraction());
  });

  it('gives the same on every machine and in every version, so that seeds in bug reports stay good', () => {
    const random = createSeededRandom(42);
    assert.equal(hex(random.bytes(16)), GOLDEN_BYTES);
    assert.equal(random.fraction(), GOLDEN_FRACTION);
    assert.equal(hex(createSeededRandom('42').bytes(4)), GOLDEN_TEXT_BYTES);
  });

  it('gives as many bytes as asked', () => {
    const random = createSeededRandom(1);
    for (let length = 0; length < 70; length++) assert.equal(random.bytes(length).length, length);
  });

  it('begins differently for neighbouring seeds, and for a number and its text', () => {
    const first = new Set<string>();
    for (let seed = -1000; seed < 1000; seed++) {
      first.add(hex(createSeededRandom(seed).bytes(8)));
      first.add(hex(createSeededRandom(`${seed}`).bytes(8)));
    }
    assert.equal(first.size, 4000);
  });

  it('gives fractions from 0 to under 1, spread evenly', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const random = createSeededRandom(seed);
        const counts = new Array<number>(10).fill(0);
        for (let i = 0; i < 2000; i++) {
          const fraction = random.fraction();
          assert.ok(fraction >= 0 && fraction < 1);
          counts[Math.floor(fraction * 10)]! += 1;
        }
        // 200 expected in each; 120 to 280 is six standard deviations either way.
        for (const count of counts) assert.ok(count > 120 && count < 280, `${counts}`);
      }),
      { numRuns: 30 },
    );
  });

  it('gives every bit as often 0 as 1', () => {
    const bytes = createSeededRandom('bits').bytes(80_000);
    for (let bit = 0; bit < 8; bit++) {
      const ones = bytes.reduce((sum, byte) => sum + ((byte >>> bit) & 1), 0);
      assert.ok(Math.abs(ones - 40_000) < 850, `bit ${bit}: ${ones} ones`);
    }
  });
});

const GOLDEN_BYTES = 'b018d5a1c408b5a5c93576bdd45a823c';
const GOLDEN_FRACTION = 0.2618450038135052;
const GOLDEN_TEXT_BYTES = '40a7042c';
