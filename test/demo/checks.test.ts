// The summary: every claim with its mark and figure, and a verdict.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCheck, formatSummary } from '../../src/demo/checks.ts';

const held = { claim: 'it holds', passed: true, figure: '20 ms' };
const failed = { claim: 'it does not', passed: false, figure: '' };

test('a check is a mark, a claim and a figure if there is one', () => {
  assert.equal(formatCheck(held, false), '✓ it holds (20 ms)');
  assert.equal(formatCheck(failed, false), '✗ it does not');
  assert.match(formatCheck(failed, true), /^\S+✗\S+ it does not$/);
});

test('the verdict counts', () => {
  assert.equal(formatSummary([held, held], '9 s', false).at(-1), 'All 2 checks passed in 9 s.');
  const mixed = formatSummary([held, failed], '9 s', false);
  assert.deepEqual(mixed, [
    '  ✓ it holds (20 ms)',
    '  ✗ it does not',
    '',
    '1 of 2 checks failed after 9 s.',
  ]);
});
