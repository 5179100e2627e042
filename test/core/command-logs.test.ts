// Logs of commands at nodes: who appends and when, how they reach others and end there, what floods cost, how they are let go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestOf, ResponseOf } from '../../src/core/index.ts';
import { claimOf, issueOf, issueTo, reportOf } from '../support/command-requests.ts';
import { ALWAYS_DUE, agent, refusal, TestNode } from '../support/test-node.ts';

const NORTH = agent('north');
const DAY_MS = 86_400_000;

function claimed(node: TestNode, rest: Partial<RequestOf<'issueCommand'>> = {}): string {
  const { id } = node.request('issueCommand', issueOf({ agent: 'north', ...rest })).command;
  assert.ok(node.request('acknowledgeCommand', claimOf(id), NORTH).claimed);
  return id;
}

function append(
  node: TestNode,
  id: string,
  from: number,
  count: number,
  rest: Partial<RequestOf<'appendLog'>> & { readonly text?: string } = {},
): ResponseOf<'appendLog'> {
  const { text = 'line', ...body } = rest;
  const lines = Array.from({ length: count }, (_, n) => ({
    seq: from + n,
    stream: 'stdout' as const,
    atMs: node.nowMs,
    text: `${text} ${from + n}`,
  }));
  return node.request('appendLog', { id, attempt: 1, lines, isFinal: false, ...body }, NORTH);
}

function read(
  node: TestNode,
  id: string,
  rest: Partial<RequestOf<'readLog'>> = {},
): ResponseOf<'readLog'> {
  const range = { agent: '', attempt: 0, from: 1, last: 0, limit: 10_000, stopAtHole: false };
  return node.request('readLog', { id, ...range, ...rest });
}

function textsOf({ entries }: ResponseOf<'readLog'>): string[] {
  return entries.map((entry) =>
    entry.type === 'line' ? entry.text : `${entry.count} ${entry.reason}`,
  );
}

function report(node: TestNode, id: string, state: RequestOf<'reportCommand'>['state']): void {
  node.request('reportCommand', reportOf(id, state), NORTH);
}

/** Everything of one node at the other. */
function pass(from: TestNode, to: TestNode): void {
  to.nowMs = Math.max(to.nowMs, from.nowMs);
  assert.equal(to.receive(from.runs()), undefined);
}

test('what an agent appends is read on every node, in order, and ends with the command', () => {
  const north = new TestNode('north');
  const hub = new TestNode('hub');
  const id = claimed(north);
  append(north, id, 1, 2);
  append(north, id, 3, 1, { text: 'more' });
  pass(north, hub);
  const open = read(hub, id);
  assert.deepEqual(textsOf(open), ['line 1', 'line 2', 'more 3']);
  assert.deepEqual(
    [open.agent, open.attempt, open.complete, open.over],
    ['north', 1, false, false],
  );
  assert.deepEqual(textsOf(read(hub, id, { from: 3 })), ['more 3']);
  assert.deepEqual(textsOf(read(hub, id, { last: 2 })), ['line 2', 'more 3']);
  report(north, id, 'succeeded');
  pass(north, hub);
  const ended = read(hub, id, { from: 4 });
  assert.deepEqual([ended.entries, ended.complete, ended.over], [[], true, true]);
});

test('a call that is made again changes nothing, also when part of it is new', () => {
  const node = new TestNode('north');
  const id = claimed(node);
  assert.equal(append(node, id, 1, 3).nextSeq, 4);
  assert.equal(append(node, id, 1, 3).nextSeq, 4);
  assert.equal(append(node, id, 2, 4).nextSeq, 6);
  assert.equal(read(node, id).entries.length, 5);
});

test('only the agent that claimed an attempt appends to its log', () => {
  const node = new TestNode('north');
  const { id } = node.request('issueCommand', issueOf({ agent: 'north' })).command;
  assert.throws(() => append(node, id, 1, 1), refusal('COMMAND_STATE', 'attempt'));
  node.request('acknowledgeCommand', claimOf(id), NORTH);
  assert.throws(() => append(node, id, 1, 1, { attempt: 2 }), refusal('COMMAND_STATE', 'attempt'));
  const body = { id, attempt: 1, lines: [], isFinal: false };
  assert.throws(() => node.request('appendLog', body), refusal('SCOPE_MISSING'));
  assert.throws(() => node.request('appendLog', body, agent('south')), refusal('NOT_FOUND'));
  const twice = [1, 1].map((seq) => ({ seq, stream: 'event' as const, atMs: 0, text: '' }));
  assert.throws(
    () => node.request('appendLog', { ...body, lines: twice }, NORTH),
    refusal('INVALID_FIELD', 'lines[1].seq'),
  );
  assert.deepEqual(read(node, id).entries, []);
});

test('an agent reads its own logs, and nobody writes them as documents', () => {
  const node = new TestNode('north');
  const id = claimed(node);
  append(node, id, 1, 1);
  const range = { attempt: 0, from: 1, last: 0, limit: 10, stopAtHole: false };
  const other = { id, agent: 'north', ...range };
  assert.throws(() => node.request('readLog', other, agent('south')), refusal('AGENT_MISMATCH'));
  assert.throws(
    () => node.put(`command-logs/north/${id}/0001/000000`, {}),
    refusal('COLLECTION_RESERVED'),
  );
});

test('behind the end of an attempt nothing more is taken, which is no error', () => {
  const node = new TestNode('north');
  const id = claimed(node);
  append(node, id, 1, 1);
  report(node, id, 'failed');
  assert.deepEqual(append(node, id, 2, 1), { nextSeq: 2, closed: true });
  assert.deepEqual(textsOf(read(node, id)), ['line 1']);
});

test('a status that overtakes the log says that lines are still to come', () => {
  const north = new TestNode('north');
  const hub = new TestNode('hub');
  const id = claimed(north);
  append(north, id, 1, 2);
  report(north, id, 'succeeded');
  const [logs, others] = [true, false].map((isState) =>
    north.runs().filter(({ feed }) => (feed.lane === 'state') === isState),
  );
  assert.equal(hub.receive(others ?? []), undefined);
  const early = read(hub, id);
  assert.deepEqual([early.complete, early.over, early.entries.length], [false, true, 0]);
  assert.equal(hub.receive(logs ?? []), undefined);
  assert.deepEqual([read(hub, id).complete, textsOf(read(hub, id))], [true, ['line 1', 'line 2']]);
});

test('a command that wrote nothing is complete as soon as it is over', () => {
  const node = new TestNode('north');
  const id = claimed(node);
  assert.equal(read(node, id).complete, false);
  report(node, id, 'succeeded');
  assert.equal(read(node, id).complete, true);
});

test('each attempt has its log, and an interrupted one is complete', () => {
  const node = new TestNode('north');
  const id = claimed(node, { effect: 'idempotent', maxAttempts: 2 });
  append(node, id, 1, 1, { text: 'first' });
  node.request('interruptCommand', { id, attempt: 1, message: 'gone' }, NORTH);
  assert.equal(append(node, id, 2, 1, { text: 'late' }).closed, true);
  assert.ok(node.request('acknowledgeCommand', claimOf(id), NORTH).claimed);
  append(node, id, 1, 1, { attempt: 2, text: 'second' });
  assert.deepEqual(textsOf(read(node, id)), ['second 1']);
  const first = read(node, id, { attempt: 1 });
  assert.deepEqual([textsOf(first), first.complete, first.newestAttempt], [['first 1'], true, 2]);
});

test('after a restart a log goes on in the chunk that was open', () => {
  const before = new TestNode('north');
  const id = claimed(before);
  append(before, id, 1, 1);
  const after = new TestNode('north', {}, undefined, {
    disk: before.disk,
    nowMs: before.nowMs + 1,
  });
  append(after, id, 2, 1);
  assert.deepEqual(textsOf(read(after, id)), ['line 1', 'line 2']);
  const documents = after.request('list', {
    ...{ collection: 'command-logs', idPrefix: '', pageSize: 10, pageToken: '' },
  });
  assert.deepEqual(
    documents.rows.map((row) => row.id),
    [`north/${id}/0001/000000`],
  );
});

test('the log of a command to many is that of one agent', () => {
  const node = new TestNode('north');
  const target = { type: 'selector', selector: 'site=x' } as const;
  const beat = {
    status: '',
    workloads: [],
    labels: { site: 'x' },
    versions: {},
    telemetry: {},
    extra: {},
  };
  node.request('heartbeat', { agent: 'north', beat, ack: 'local' }, NORTH);
  const { id } = node.request('issueCommand', issueTo(target)).command;
  node.request('acknowledgeCommand', claimOf(id), NORTH);
  append(node, id, 1, 1);
  assert.throws(() => read(node, id), refusal('INVALID_FIELD', 'agent'));
  assert.deepEqual(textsOf(read(node, id, { agent: 'north' })), ['line 1']);
});

test('a flood is bounded by the agent, told as a gap, and its end is kept', () => {
  const node = new TestNode('north');
  const ids = [claimed(node), claimed(node), claimed(node)];
  const text = 'flood'.repeat(200);
  for (const id of ids) {
    for (let seq = 1; seq <= 2_000; seq += 100) {
      node.nowMs += 100;
      append(node, id, seq, 100, { text });
    }
  }
  const [first = '', second = '', third = ''] = ids;
  const bytes = node.stored.reduce((sum, { commit }) => sum + commit.payload.length, 0);
  assert.ok(bytes < 2 * 1024 * 1024, `${bytes} bytes of 6 MB`);
  const gaps = read(node, third).entries.filter(({ type }) => type === 'gap');
  assert.ok(gaps.some((gap) => gap.type === 'gap' && gap.reason === 'rate' && gap.bytes > 0));
  append(node, third, 2_001, 1, { text: 'the end', isFinal: true });
  assert.equal(textsOf(read(node, third)).at(-1), 'the end 2001');
  assert.ok(read(node, first).entries.length > read(node, second).entries.length);
});

test('a lane that fills up takes no more lines, and other documents still', () => {
  const ownQuota = { commits: 400, bytes: Infinity };
  const north = new TestNode('north', {}, undefined, { forgetting: { ownQuota } });
  const id = claimed(north);
  for (let n = 0; n < 60; n++) {
    north.nowMs += 1_000;
    append(north, id, n + 1, 1);
  }
  const entries = read(north, id).entries;
  const gap = entries.at(-1);
  assert.ok(gap?.type === 'gap' && gap.reason === 'rate', 'half of the lane is for others');
  assert.equal(gap.seq + gap.count, 61);
  north.put('notes/a', { n: 1 });
});

test('calls beyond ten a second are refused, and taken later', () => {
  const node = new TestNode('north');
  const id = claimed(node);
  let seq = 0;
  const many = () => {
    for (let n = 0; n < 200; n++) append(node, id, ++seq, 1);
  };
  assert.throws(many, refusal('LIMIT_REACHED'));
  assert.equal(seq, 101);
  node.nowMs += 1_000;
  assert.equal(append(node, id, seq, 1).nextSeq, seq + 1);
});

test('a log outlives its command by weeks, and leaves with a checkpoint then', () => {
  const north = new TestNode('north', {}, undefined, { checkpointDue: ALWAYS_DUE });
  const hub = new TestNode('hub');
  const id = claimed(north, { ttlMs: 3_600_000 });
  append(north, id, 1, 1);
  report(north, id, 'succeeded');
  const at = (days: number) => {
    north.nowMs += days * DAY_MS;
    north.put('notes/a', { at: north.nowMs });
    north.look();
  };
  at(8);
  pass(north, hub);
  assert.throws(() => north.request('getCommand', { id, agent: '' }), refusal('NOT_FOUND'));
  assert.deepEqual(textsOf(read(hub, id)), ['line 1']);
  assert.equal(read(hub, id).complete, true, 'the log itself says where it ends');
  at(30 - 8);
  assert.deepEqual(textsOf(read(north, id)), ['line 1'], 'counted from the expiry');
  at(1);
  pass(north, hub);
  for (const node of [north, hub]) assert.throws(() => read(node, id), refusal('NOT_FOUND'));
  assert.equal(north.stateHash, hub.stateHash);
});

test('of more logs than a sidecar keeps the oldest attempts leave first', () => {
  const forgetting = { commandLogBytes: 3_000 };
  const start = { checkpointDue: ALWAYS_DUE, forgetting };
  const north = new TestNode('north', {}, undefined, start);
  const ids = [1, 2, 3].map(() => {
    north.nowMs += 1_000;
    const id = claimed(north);
    append(north, id, 1, 10, { text: 'x'.repeat(120) });
    return id;
  });
  north.look();
  const counts = ids.map((id) => read(north, id).entries.length);
  assert.deepEqual(counts, [0, 10, 10]);
});
