// Heartbeats: visible at once, several as one op, safe when asked for, and judged by the agent's own interval.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ack, Beat } from '../../src/core/index.ts';
import { DEFAULT_CORE_CONFIG } from '../../src/core/index.ts';
import { agent, refusal, TestNode } from '../support/test-node.ts';

function beatOf(status: string): Beat {
  return {
    status,
    workloads: [],
    labels: {},
    versions: {},
    telemetry: { cpuPercent: 12.5 },
    extra: {},
  };
}

function beat(node: TestNode, beat?: Beat, ack: Ack = 'memory') {
  return node.request(
    'heartbeat',
    { agent: 'north', ...(beat && { beat }), intervalMs: 1000, ack },
    agent('north'),
  );
}

function platform(node: TestNode) {
  return node.request('getPlatform', { agent: 'north' });
}

test('a heartbeat is visible at once and committed at the next flush', () => {
  const node = new TestNode('north');
  beat(node, beatOf('one'));
  assert.ok(
    node.effects.some(
      (effect) =>
        effect.type === 'arm-timer' && effect.afterMs === DEFAULT_CORE_CONFIG.pulseFlushMs,
    ),
  );
  assert.equal(node.stored.length, 0);
  assert.equal(platform(node).beat.status, 'one');
  node.turn({ type: 'timer', name: 'pulse-flush' });
  assert.deepEqual(
    node.stored.map(({ commit, ops }) => [commit.feed.lane, ops.length]),
    [['pulse', 1]],
  );
});

test('several heartbeats between two flushes are one op, the newest; the timer is armed once', () => {
  const node = new TestNode('north');
  const armed = ['one', 'two', 'three'].filter((status) => {
    beat(node, beatOf(status));
    return node.effects.some(({ type }) => type === 'arm-timer');
  });
  assert.deepEqual(armed, ['one']);
  node.turn({ type: 'timer', name: 'pulse-flush' });
  const other = new TestNode('other');
  other.receive(node.runs());
  assert.equal(platform(other).beat.status, 'three');
  assert.equal(node.stored.length, 1);
});

test('a heartbeat that names no interval keeps the one named before', () => {
  const node = new TestNode('north');
  const intervalAfter = (intervalMs?: number): number => {
    const body = { agent: 'north', ack: 'memory' as const, ...(intervalMs && { intervalMs }) };
    node.request('heartbeat', body, agent('north'));
    return platform(node).intervalMs;
  };
  assert.deepEqual([intervalAfter(), intervalAfter(1000), intervalAfter()], [10_000, 1000, 1000]);
});

test('an empty heartbeat keeps what was sent and costs no change', () => {
  const node = new TestNode('north');
  beat(node, beatOf('one'), 'local');
  node.nowMs += 5000;
  beat(node, undefined, 'local');
  assert.deepEqual(
    node.stored.at(-1)?.ops.map(({ kind, bytes }) => [kind, bytes.length]),
    [['beat', 0]],
  );
  assert.equal(platform(node).beat.status, 'one');
  assert.equal(platform(node).freshness.ageMs, 0);
});

test('a heartbeat that asks for it is on the disk before it is answered', () => {
  const node = new TestNode('north');
  assert.equal(beat(node, beatOf('one'), 'local').ack, 'local');
  assert.deepEqual(
    node.effects.slice(0, 2).map(({ type }) => type),
    ['persist', 'reply'],
  );
});

test('a heartbeat after a restart waits for the stored document and is not lost', () => {
  const before = new TestNode('north');
  beat(before, beatOf('one'), 'local');
  const persist = before.effects.find((effect) => effect.type === 'persist');
  assert.ok(persist?.type === 'persist');
  const after = new TestNode('north', { views: persist.views, firstVersion: 2 ** 32 });
  after.stored.push(...before.stored);
  beat(after, beatOf('two'));
  after.turn({ type: 'timer', name: 'pulse-flush' });
  assert.ok(after.effects.some(({ type }) => type === 'load-document'));
  after.turn({ type: 'timer', name: 'pulse-flush' });
  assert.equal(after.stored.length, 2);
  assert.equal(platform(after).beat.status, 'two');
});

test("presence follows the age of the last heartbeat in the agent's own intervals", () => {
  const node = new TestNode('north');
  beat(node, beatOf('one'));
  const presenceAfter = (ms: number) => {
    node.nowMs += ms;
    return platform(node).freshness.presence;
  };
  assert.deepEqual(
    [presenceAfter(0), presenceAfter(3000), presenceAfter(1), presenceAfter(7000)],
    ['alive', 'alive', 'suspect', 'unreachable'],
  );
});

test('a heartbeat over the limits of a document is refused and changes nothing', () => {
  const node = new TestNode('north');
  const large = { ...beatOf('one'), extra: { text: 'x'.repeat(70_000) } };
  assert.throws(() => beat(node, large), refusal('DOCUMENT_TOO_LARGE', 'heartbeat'));
  assert.throws(() => platform(node), refusal('NOT_FOUND'));
});

test('an agent that never sent a heartbeat has no presence', () => {
  const node = new TestNode('north');
  node.put('deployments/north:x', { version: '1' });
  const { rows } = node.request('listDeployments', { agent: '', pageSize: 10, pageToken: '' });
  assert.equal(rows[0]?.freshness.presence, undefined);
});

test('one that is committed late is as old as it is, here and elsewhere (invariant 17)', () => {
  const node = new TestNode('north');
  const other = new TestNode('other');
  beat(node, beatOf('one'));
  // The process stood still before the flush.
  for (const one of [node, other]) one.nowMs += 20_000;
  node.turn({ type: 'timer', name: 'pulse-flush' });
  other.receive(node.runs());
  const ages = [node, other].map((one) => platform(one).freshness.ageMs);
  assert.deepEqual(ages, [20_000, 20_000]);
});

test('one that waits for its document is flushed as soon as that is read', () => {
  const before = new TestNode('north');
  beat(before, beatOf('one'), 'local');
  const node = new TestNode('north', {}, undefined, { disk: before.disk, nowMs: before.nowMs });
  beat(node, beatOf('two'));
  const stored = node.stored.length;
  node.turn({ type: 'timer', name: 'pulse-flush' });
  assert.equal(platform(node).beat.status, 'two');
  assert.equal(node.stored.length, stored + 1, 'it did not wait for the next flush');
});
