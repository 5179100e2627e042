// Histories at random, with everything that forgets in them, against what the documents are by definition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { History, someStep } from '../support/history.ts';

const RUNS = Number(process.env.MODEL_RUNS ?? 60);

test('nodes that hold the same are equal, and what the ops say by definition, whatever was forgotten meanwhile (invariants 1 and 10)', () => {
  fc.assert(
    fc.property(fc.array(someStep, { maxLength: 60, size: 'max' }), (steps) => {
      const history = new History();
      for (const step of steps) history.take(step);
      history.settle();
      const hashes = history.nodes.map(({ stateHash }) => stateHash);
      const expected = history.expected();
      for (const node of history.nodes) assert.deepEqual(history.shown(node), expected, node.name);
      assert.equal(new Set(hashes).size, 1);
    }),
    { numRuns: RUNS },
  );
});
