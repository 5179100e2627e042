// What the page calls wrong: everything that the sidecar says of itself, in words, and nothing where all is well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { problemsOf } from '../../src/dashboard/problems.ts';
import { Presence } from '../../src/gen/holdfast/v1/common_pb.ts';
import { agent, surroundings } from './support.ts';

test('where all is well, nothing is said', () => {
  assert.deepEqual(problemsOf(surroundings({}), [agent('one')]), []);
});

test('quarantined, held, void, suspect clocks and what is missing are each named', () => {
  const status = {
    warnings: ['The clock of this sidecar is doubted.'],
    notReady: ['the store is opened again'],
    quarantined: [{ collection: 'notes', id: 'x', reason: 'a change cannot be read' }],
    heldFeeds: [
      { author: 'node-far', lane: 'state', reason: 'too much at once' },
      { author: 'node-far', lane: 'pulse', reason: 'it wrote too much', overQuota: true },
    ],
    voidOps: 2n,
  };
  const reach = { membersBehind: 1, missingCommits: 7n, completeUntil: timestampFromMs(940_000) };
  const members = [{ nodeId: 'node-far', name: 'far' }];
  const problems = problemsOf(surroundings({ status, reach, members }), []);
  assert.deepEqual(
    problems.map(({ tone, text }) => `${tone} ${text}`),
    [
      'bad Not ready: the store is opened again',
      'bad The clock of this sidecar is doubted.',
      'warn 7 commits of 1 member known to be missing here. Everything is known up to 1 min ago.',
      'warn Quarantined: notes/x has changes that cannot be read, and shows what could be: a change cannot be read. `holdfast explain doc notes/x` says who wrote it; deleting it and writing it anew mends it.',
      'warn Feed of far, lane state, is held back: too much at once',
      'warn Feed of far, lane pulse, is over its quota: it wrote too much',
      'warn 2 ops since the start are void: kept and passed on, without effect.',
    ],
  );
});

test('who is silent is named, of many the first', () => {
  const silent = Array.from({ length: 7 }, (_, i) =>
    agent(`edge-${i}`, { presence: Presence.UNREACHABLE }),
  );
  const [problem] = problemsOf(surroundings({}), [agent('one'), ...silent]);
  assert.equal(
    problem?.text,
    '7 agents unreachable: edge-0, edge-1, edge-2, edge-3, edge-4 and 2 more.',
  );
});

test('cut off and paused are two things', () => {
  const reach = { cutOff: true, members: 2 };
  const [cut] = problemsOf(surroundings({ reach }), []);
  assert.match(cut?.text ?? '', /^Cut off/);
  const paused = problemsOf(surroundings({ reach, status: { paused: true } }), []);
  assert.equal(paused.length, 1);
  assert.match(paused[0]?.text ?? '', /paused by an operator/);
});
