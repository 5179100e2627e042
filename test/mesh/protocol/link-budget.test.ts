// A run that has to wait for the budget of its link is counted once, however often somebody looks.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { LinkBudget } from '../../../src/mesh/protocol/link-budget.ts';

it('counts each wait once: it begins when a run is due that is not paid for, and ends when that goes', () => {
  const told = { budgetStalls: 0 };
  const budget = new LinkBudget(1000, told);
  assert.equal(budget.stalls(true, 0), false);
  budget.charge(500, 0);
  assert.equal(budget.stalls(false, 10), false, 'nothing is due');
  assert.equal(told.budgetStalls, 0);
  for (const nowMs of [20, 30, 499]) assert.equal(budget.stalls(true, nowMs), true);
  assert.equal(told.budgetStalls, 1);
  assert.equal(budget.stalls(true, 500), false);
  budget.charge(100, 500);
  assert.equal(budget.stalls(true, 510), true);
  assert.equal(told.budgetStalls, 2);
});
