// The words for how far an answer reaches and how a row came: nothing where nothing is missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reach } from '../../src/agent-client/index.ts';
import { describePresence, doubtOfPresence } from '../../src/cli/presence-words.ts';
import { describePath, describeReach } from '../../src/cli/reach-words.ts';

const WHOLE: Reach = {
  cutOff: false,
  members: 2,
  membersBehind: 0,
  missingCommits: 0,
  completeUntil: new Date(1000),
  lastHubContact: undefined,
  furthest: [],
};

test('an answer that lacks nothing is not commented', () => {
  assert.equal(describeReach(WHOLE, 5000), undefined);
  assert.equal(describeReach(undefined, 5000), undefined);
  assert.equal(describeReach({ ...WHOLE, cutOff: true, members: 0 }, 5000), undefined);
});

test('who is behind, since when, and that nobody is linked are said', () => {
  const north = { nodeId: 'abcdefghijklmnop', name: '', heardAt: undefined };
  const behind = { ...north, missingCommits: 7, linked: false, hub: false };
  const reach = { ...WHOLE, cutOff: true, membersBehind: 1, missingCommits: 7 };
  assert.equal(
    describeReach({ ...reach, furthest: [behind], lastHubContact: new Date(3000) }, 5000),
    'this sidecar has no link to any other; 7 commits of 1 member missing: abcdefgh 7; all is known up to 4s ago; a hub was heard 2s ago',
  );
});

test('a path names who relayed, by name where that is known', () => {
  const names = new Map([['node-of-hub', 'hub']]);
  assert.equal(describePath({ path: 'relayed', relayedBy: 'node-of-hub' }, names), 'via hub');
  assert.equal(describePath({ path: 'relayed', relayedBy: 'abcdefghijkl' }, names), 'via abcdefgh');
  assert.equal(describePath({ path: 'bundle', relayedBy: '' }, names), 'bundle');
  assert.equal(describePath({ path: undefined, relayedBy: '' }, names), '-');
});

test('a presence that is less than certain says why', () => {
  const cut = { presence: 'suspect', presenceReason: 'cut-off' } as const;
  assert.equal(describePresence(cut), 'suspect (cut off)');
  assert.match(doubtOfPresence(cut) ?? '', /no link/);
  const alive = { presence: 'alive', presenceReason: 'heartbeats' } as const;
  assert.deepEqual([describePresence(alive), doubtOfPresence(alive)], ['alive', undefined]);
});
