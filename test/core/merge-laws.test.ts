// The laws of a merge: what a node shows depends on which commits it took, not on their order, grouping or repetition.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Run } from '../../src/core/index.ts';
import { History, someStep } from '../support/history.ts';
import { NEVER_DUE, TestNode } from '../support/test-node.ts';

const RUNS = Number(process.env.MODEL_RUNS ?? 25);

/** Runs of one commit each: what everybody holds after a history that was never told to anybody. */
function singleRuns(history: History): Run[] {
  const all = history.nodes.flatMap((node) => node.runs());
  return all.flatMap((run) =>
    run.commits.map((commit, i) => {
      const previous = i === 0 ? run.previous : run.commits[i - 1] && hashBefore(history, run, i);
      return {
        feed: run.feed,
        firstSeq: run.firstSeq + i,
        ...(previous ? { previous } : {}),
        commits: [commit],
      };
    }),
  );
}

/** The hash that commit `index` of a run names as the one before it. */
function hashBefore(history: History, run: Run, index: number): Uint8Array | undefined {
  const seq = run.firstSeq + index;
  const stored = history.nodes.flatMap(({ stored: each }) => each);
  return stored.find(
    ({ commit }) =>
      commit.seq === seq &&
      commit.feed.incarnation === run.feed.incarnation &&
      commit.feed.lane === run.feed.lane,
  )?.commit.previous;
}

/** Delivers until nothing more is taken: what comes too early is held and comes again. */
function deliver(runs: readonly Run[]): TestNode {
  const node = new TestNode('reader', {}, undefined, { checkpointDue: NEVER_DUE });
  node.nowMs += 1_000_000;
  for (let before = -1; before !== sum(node); ) {
    before = sum(node);
    for (const run of runs) node.receive([run]);
  }
  return node;
}

function sum(node: TestNode): number {
  return node.node.positions().reduce((total, { seq }) => total + seq, 0);
}

test('delivery is commutative, associative and idempotent (invariant 1)', () => {
  const alone = fc.array(
    someStep.filter((step) => step.do !== 'send' && step.do !== 'deliver'),
    { maxLength: 25, size: 'max' },
  );
  fc.assert(
    fc.property(alone, fc.infiniteStream(fc.nat()), (steps, numbers) => {
      const history = new History();
      for (const step of steps) history.take(step);
      for (const [who] of history.nodes.entries()) history.take({ do: 'flush', who });
      const runs = singleRuns(history);
      const inOrder = deliver(runs);
      const places = runs.map((run) => ({ run, at: numbers.next().value as number }));
      const shuffled = places.sort((a, b) => a.at - b.at).map(({ run }) => run);
      const repeated = shuffled.flatMap((run, i) => (i % 3 === 0 ? [run, run] : [run]));
      const whole = deliver(history.nodes.flatMap((node) => node.runs()).reverse());
      for (const other of [deliver(shuffled), deliver(repeated), whole]) {
        assert.deepEqual(history.shown(other), history.shown(inOrder));
        assert.equal(other.stateHash, inOrder.stateHash);
      }
    }),
    { numRuns: RUNS },
  );
});
