// When a checkpoint that is due is not written: it would repeat nearly all there is, to everybody, and make no room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkpointOf } from '../../src/core/feeds/commit.ts';
import { NEVER_DUE, split, TestNode } from '../support/test-node.ts';

const DUE_COMMITS = 8;
const DAY_MS = 86_400_000;
const DUE = {
  ...NEVER_DUE,
  state: { commits: DUE_COMMITS, bytes: Infinity, ageMs: DAY_MS },
};

function start(ownQuota?: { commits: number; bytes: number }): TestNode {
  const forgetting = ownQuota === undefined ? {} : { ownQuota };
  return new TestNode('north', {}, undefined, { checkpointDue: DUE, forgetting });
}

/** Checkpoints that the store holds the beginning of. */
function checkpoints(node: TestNode): number {
  return node.stored.filter(({ commit }) => checkpointOf(commit.payload) !== undefined).length;
}

function putFresh(node: TestNode, from: number, count: number): void {
  for (let n = from; n < from + count; n++) node.put(`notes/n-${n}`, { n });
}

test('a lane whose documents are all alive gets none, however often it doubles', () => {
  const north = start();
  for (let n = 0; n < 5; n++) {
    putFresh(north, n * DUE_COMMITS, DUE_COMMITS);
    north.look();
  }
  assert.equal(checkpoints(north), 0);
  assert.equal(north.stored.length, 5 * DUE_COMMITS);
});

test('it gets one as soon as enough of it is dead', () => {
  const north = start();
  putFresh(north, 0, DUE_COMMITS);
  north.look();
  assert.equal(checkpoints(north), 0);
  for (let n = 0; n < DUE_COMMITS; n++) north.request('delete', split(`notes/n-${n}`));
  north.look();
  assert.equal(checkpoints(north), 1);
});

test('an owned document that changed many times comes to one change', () => {
  const north = start();
  for (let n = 0; n < DUE_COMMITS; n++) north.put('deployments/north:a', { n });
  north.look();
  assert.equal(checkpoints(north), 1);
});

test('by its age it is written all the same: what was repeated for some time ends there', () => {
  const north = start();
  putFresh(north, 0, DUE_COMMITS);
  north.look();
  north.nowMs += DAY_MS - 1;
  putFresh(north, DUE_COMMITS, 1);
  north.look();
  assert.equal(checkpoints(north), 0, 'having been put off does not make it younger');
  north.nowMs += 1;
  north.look();
  assert.equal(checkpoints(north), 1);
});

test('a lane that is nearly full gets one, because it takes fewer commits', () => {
  const north = start({ commits: 10, bytes: Infinity });
  putFresh(north, 0, DUE_COMMITS);
  north.look();
  assert.equal(checkpoints(north), 1);
});
