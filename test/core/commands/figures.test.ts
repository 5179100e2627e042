// What a node says of its commands to whoever watches it: how many are in which state, what was done here, how long one waits, what logs lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandFigures } from '../../../src/core/index.ts';
import { agent, TestNode } from '../../support/test-node.ts';
import {
  beat,
  cancel,
  claim,
  issue,
  issueMany,
  meet,
  report,
  SECOND,
  SIDECAR,
  settle,
} from './support.ts';

const MINUTE = 60 * SECOND;

/** As the sidecar does after every change: it looks, and then it can be asked. */
function figures(node: TestNode): CommandFigures {
  settle(node);
  return node.node.figures().commands;
}

/** What there is any of. */
function some(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

function both(names: readonly string[]): TestNode[] {
  return names.map((name) => new TestNode(name));
}

test('a command is counted where its agent is served, in the state it is in, and once at each end', () => {
  const [hub, north] = both(['hub', 'north']) as [TestNode, TestNode];
  assert.deepEqual(some(figures(north).states), {});
  const ids = [1, 2, 3, 4].map((n) => issue(hub, 'north', { args: { n } }));
  assert.equal(figures(hub).issued, 4);
  assert.deepEqual(some(figures(hub).states), {}, 'the hub serves nobody they are for');
  meet(hub, north);
  assert.deepEqual(some(figures(north).states), { pending: 4 });
  const [first = '', second = '', third = '', fourth = ''] = ids;
  assert.ok(claim(north, first));
  assert.ok(claim(north, second));
  report(north, second, 'running');
  assert.deepEqual(some(figures(north).states), { pending: 2, accepted: 1, running: 1 });
  report(north, first, 'failed');
  report(north, second, 'succeeded');
  report(north, second, 'succeeded');
  cancel(hub, third);
  meet(hub, north);
  const { states, claimed, ended, issued } = figures(north);
  assert.deepEqual(some(states), { pending: 1, failed: 1, succeeded: 1, cancelled: 1 });
  assert.deepEqual([claimed, issued], [2, 0]);
  assert.deepEqual(some(ended), { failed: 1, succeeded: 1, cancelled: 1 });
  assert.ok(claim(north, fourth));
  assert.equal(figures(north).claimed, 3);
  meet(hub, north);
  const there = figures(hub);
  assert.deepEqual([there.claimed, some(there.ended)], [0, {}], 'it is told by one sidecar alone');
});

test('a command that was asked for twice was issued once', () => {
  const hub = new TestNode('hub');
  issue(hub, 'north', { idempotencyKey: 'k' });
  issue(hub, 'north', { idempotencyKey: 'k' });
  assert.equal(figures(hub).issued, 1);
});

test('what nobody begins in time has expired, and waits no more', () => {
  const north = new TestNode('north');
  const issuedMs = north.nowMs;
  issue(north, 'north', { ttlMs: MINUTE });
  assert.equal(figures(north).waitingSinceMs, issuedMs);
  north.nowMs += MINUTE;
  const { states, ended, waitingSinceMs } = figures(north);
  assert.deepEqual([some(states), some(ended)], [{ expired: 1 }, { expired: 1 }]);
  assert.equal(waitingSinceMs, undefined);
});

test('the one that waits for longest counts, from when it may be begun', () => {
  const north = new TestNode('north');
  const startMs = north.nowMs;
  issue(north, 'north', { notBeforeMs: startMs + MINUTE });
  assert.equal(figures(north).waitingSinceMs, startMs + MINUTE);
  north.nowMs += 10 * SECOND;
  const urgent = issue(north, 'north', { priority: 9 });
  assert.equal(figures(north).waitingSinceMs, startMs + 10 * SECOND);
  claim(north, urgent);
  assert.equal(figures(north).waitingSinceMs, startMs + MINUTE);
});

test('a command to many counts for the agents it is meant for', () => {
  const north = new TestNode('north');
  const target = { type: 'selector', selector: 'site=a' } as const;
  beat(north, { site: 'b' });
  issueMany(north, target);
  north.nowMs += 2 * SECOND;
  assert.deepEqual(some(figures(north).states), {});
  beat(north, { site: 'a' });
  north.nowMs += 2 * SECOND;
  assert.deepEqual(some(figures(north).states), { pending: 1 });
});

test('states and ends are of one moment, also before anybody looks again', () => {
  const north = new TestNode('north');
  const id = issue(north, 'north', { ttlMs: MINUTE });
  assert.deepEqual(some(figures(north).states), { pending: 1 });
  claim(north, id);
  assert.deepEqual(some(north.node.figures().commands.states), { accepted: 1 });
  issue(north, 'north', { ttlMs: MINUTE, args: { n: 2 } });
  north.nowMs += MINUTE;
  const { ids } = north.request('dueCommands', { agents: ['north'] }, SIDECAR);
  north.request('settleCommands', { ids }, SIDECAR);
  const { states, ended } = north.node.figures().commands;
  assert.deepEqual([some(states), some(ended)], [{ accepted: 1, expired: 1 }, { expired: 1 }]);
});

test('a node that is told of its commands anew counts them once', () => {
  const [hub, north] = both(['hub', 'north']) as [TestNode, TestNode];
  const id = issue(hub, 'north');
  meet(hub, north);
  meet(hub, north);
  claim(north, id);
  report(north, id, 'running');
  meet(hub, north);
  assert.deepEqual(some(figures(north).states), { running: 1 });
  north.request('dueCommands', { agents: ['north'] }, SIDECAR);
  assert.deepEqual(some(figures(north).states), { running: 1 });
});

test('lines that are not in a log are counted by why', () => {
  const north = new TestNode('north');
  const id = issue(north, 'north');
  claim(north, id);
  const append = (seqs: readonly number[], text: string): void => {
    const stream = 'stdout' as const;
    const lines = seqs.map((seq) => ({ seq, stream, atMs: 1, text }));
    const body = { id, attempt: 1, lines, isFinal: false };
    north.request('appendLog', body, agent('north'));
  };
  append([1, 2, 5], 'a line');
  assert.deepEqual(figures(north).droppedLines, { limit: 0, rate: 0, lost: 2 });
  for (let at = 6; at < 600; at += 100) {
    append(
      Array.from({ length: 100 }, (_, n) => at + n),
      'x'.repeat(4_000),
    );
  }
  const { rate, lost } = figures(north).droppedLines;
  assert.equal(lost, 2);
  assert.ok(rate > 200, `${rate}`);
});
