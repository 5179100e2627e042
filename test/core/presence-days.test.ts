// Ten days of an observer that stalls now and then: nobody is called unreachable who is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { falseDeaths } from '../support/presence-days.ts';

test('nobody is called unreachable who is not, in ten days of stalls (invariant 16)', () => {
  const seeds = Array.from({ length: 10 }, (_, i) => `day ${i}`);
  const withDoubt = seeds.map((seed) => falseDeaths(seed, true));
  const without = seeds.map((seed) => falseDeaths(seed, false));
  assert.deepEqual(new Set(withDoubt), new Set([0]));
  const perDay = without.reduce((sum, one) => sum + one, 0) / seeds.length;
  assert.ok(
    perDay > 50,
    `the stalls are long enough to mislead who does not know of them: ${perDay}`,
  );
});
