// The bar of the demo: full only when it is done.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barOf } from '../../src/demo/progress-bar.ts';

test('a bar is as long as it is said to be, and its figure is aligned', () => {
  assert.equal(barOf(0), '[------------------------]   0%');
  assert.equal(barOf(50), '[############------------]  50%');
  assert.equal(barOf(100), '[########################] 100%');
});
