// The back-off: grows, stops growing, spreads, and never undercuts what the sidecar asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_RETRY, retryDelayMs } from '../../src/agent-client/retry.ts';

test('waits double from 200 ms to 10 s and stay there', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((failures) => retryDelayMs(failures, 0));
  assert.deepEqual(waits, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
});

test('chance shortens a wait by up to half', () => {
  assert.equal(retryDelayMs(1, 0), 200);
  assert.equal(retryDelayMs(1, 0.5), 150);
  assert.ok(retryDelayMs(1, 0.999) > 100);
});

test('what the sidecar asked for is the least', () => {
  assert.equal(retryDelayMs(1, 0, 5_000), 5_000);
  assert.equal(retryDelayMs(7, 0, 5_000), DEFAULT_RETRY.maxMs);
});

test('a count below one is the first failure', () => {
  assert.equal(retryDelayMs(0, 0), 200);
});
