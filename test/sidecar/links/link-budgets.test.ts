// What an operator may write as the budget of a link, and what comes of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  linkOfBudget,
  parseLinkBudget,
  toLinkBudgets,
} from '../../../src/sidecar/links/link-budgets.ts';

test('a budget is bytes a second, for all links, for a class or for one address', () => {
  for (const [text, spelled] of [
    ['20000', '20000'],
    ['20k', '20000'],
    ['2M', '2000000'],
    ['10.0.0.7:7677=20k', '10.0.0.7:7677=20000'],
    ['satellite=20k', 'satellite=20000'],
    ['[fd00::7]:7677=100', '[fd00::7]:7677=100'],
  ] as const) {
    assert.equal(parseLinkBudget(text), spelled);
  }
});

test('what is no budget is refused', () => {
  for (const text of [
    '',
    '=',
    '20',
    '99',
    '20 k',
    '20kB',
    '-5k',
    '1.5M',
    '=20k',
    'nowhere=20k',
    'radio=20k',
    '99999999999',
  ]) {
    assert.equal(parseLinkBudget(text), undefined, text);
  }
});

test('an address has its own budget, a class the next, all others the one without', () => {
  const budgets = toLinkBudgets(['20000', '10.0.0.7:7677=500', 'wan=2000']);
  assert.equal(budgets.default, 20_000);
  assert.deepEqual([...budgets.byAddress], [['10.0.0.7:7677', 500]]);
  assert.deepEqual([...(budgets.byClass ?? [])], [['wan', 2000]]);
  assert.deepEqual(toLinkBudgets([]), {
    default: undefined,
    byAddress: new Map(),
    byClass: new Map(),
  });
  assert.deepEqual(['20000', '10.0.0.7:7677=500'].map(linkOfBudget), ['', '10.0.0.7:7677']);
});
