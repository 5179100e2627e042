// Commands: the life of one, its one-way states, who may do what, and that a claim is made exactly once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { mayFollow } from '../../src/core/commands/index.ts';
import type { CommandRow, CommandState } from '../../src/core/index.ts';
import { claimOf, issueOf, reportOf } from '../support/command-requests.ts';
import { ADMIN, agent, refusal, TestNode } from '../support/test-node.ts';

const HOUR_MS = 3_600_000;
const NORTH = agent('north');

function issue(node: TestNode, idempotencyKey = '', args = { n: 1 }): CommandRow {
  return node.request(
    'issueCommand',
    issueOf({
      agent: 'north',
      kind: 'say',
      args,
      ttlMs: HOUR_MS,
      idempotencyKey,
    }),
  ).command;
}

function claim(node: TestNode, id: string, accept = true): boolean {
  return node.request('acknowledgeCommand', claimOf(id, { accept }), NORTH).claimed;
}

type Reported = 'running' | 'succeeded' | 'failed' | 'unknown';
function report(node: TestNode, id: string, state: Reported, progressPercent?: number): CommandRow {
  const body = reportOf(id, state, {
    progress: progressPercent === undefined ? undefined : { percent: progressPercent },
    result: state === 'succeeded' ? { ok: true } : undefined,
  });
  return node.request('reportCommand', body, NORTH).command;
}

function list(node: TestNode, states: CommandState[] = [], caller = ADMIN): readonly CommandRow[] {
  return node.request('listCommands', { agent: '', states, pageSize: 100, pageToken: '' }, caller)
    .rows;
}

/** Passes everything stored from one node to the other. */
function meet(a: TestNode, b: TestNode): void {
  assert.equal(a.receive(b.runs()), undefined);
  assert.equal(b.receive(a.runs()), undefined);
}

test('a command goes from the hub to its target and its result comes back', () => {
  const hub = new TestNode('hub');
  const north = new TestNode('north');
  const { id, state } = issue(hub);
  assert.equal(state, 'pending');
  meet(hub, north);
  assert.deepEqual(
    list(north, ['pending'], NORTH).map((row) => row.id),
    [id],
  );
  assert.equal(claim(north, id), true);
  assert.equal(report(north, id, 'running', 40).progress?.percent, 40);
  report(north, id, 'succeeded');
  meet(hub, north);
  const [row] = list(hub);
  assert.deepEqual([row?.state, row?.result], ['succeeded', { ok: true }]);
  assert.equal(hub.stateHash, north.stateHash);
});

test('the claim is on the disk before the agent is told, and is made once', () => {
  const node = new TestNode('north');
  const { id } = issue(node);
  assert.equal(claim(node, id), true);
  const persist = node.effects[0];
  assert.ok(persist?.type === 'persist' && persist.sync, 'first the disk');
  assert.equal(claim(node, id), false);
});

test('a heartbeat says how many commands wait', () => {
  const node = new TestNode('north');
  const first = issue(node);
  issue(node);
  const beat = () =>
    node.request('heartbeat', { agent: 'north', intervalMs: 1000, ack: 'memory' }, NORTH)
      .pendingCommands;
  assert.equal(beat(), 2);
  claim(node, first.id);
  assert.equal(beat(), 1);
  node.nowMs += HOUR_MS;
  assert.equal(beat(), 0, 'the other one expired');
});

test('the same idempotency key and content is the same command; other content is refused', () => {
  const hub = new TestNode('hub');
  const first = issue(hub, 'key-1');
  hub.nowMs += 5000;
  const body = issueOf({
    agent: 'north',
    kind: 'say',
    args: { n: 1 },
    ttlMs: HOUR_MS,
    idempotencyKey: 'key-1',
  });
  const again = hub.request('issueCommand', body);
  assert.deepEqual(
    [again.created, again.command.id, again.command.issuedAtMs],
    [false, first.id, first.issuedAtMs],
  );
  assert.throws(
    () => hub.request('issueCommand', { ...body, args: { n: 2 } }),
    refusal('IDEMPOTENCY_CONFLICT', 'idempotency_key'),
  );
  assert.equal(list(hub).length, 1);
});

test('equal commands without a key are different commands', () => {
  const hub = new TestNode('hub');
  assert.notEqual(issue(hub).id, issue(hub).id);
});

test('a command that expired is not claimed', () => {
  const node = new TestNode('north');
  const { id } = issue(node);
  node.nowMs += HOUR_MS;
  assert.deepEqual(
    list(node, ['expired']).map((row) => row.id),
    [id],
  );
  assert.throws(() => claim(node, id), refusal('COMMAND_EXPIRED'));
  assert.deepEqual(node.stored.length, 1);
});

test('a command claimed in time may finish after its expiry', () => {
  const node = new TestNode('north');
  const { id } = issue(node);
  claim(node, id);
  node.nowMs += HOUR_MS;
  assert.equal(report(node, id, 'succeeded').state, 'succeeded');
});

test('only its agent claims and reports, only an administrator issues', () => {
  const node = new TestNode('north');
  const { id } = issue(node);
  const acknowledge = claimOf(id);
  assert.throws(
    () => node.request('acknowledgeCommand', acknowledge, ADMIN),
    refusal('SCOPE_MISSING'),
  );
  assert.throws(
    () => node.request('acknowledgeCommand', acknowledge, agent('south')),
    refusal('NOT_FOUND', 'id'),
  );
  const body = issueOf({
    agent: 'north',
    kind: 'say',
    args: {},
    ttlMs: HOUR_MS,
    idempotencyKey: '',
  });
  assert.throws(() => node.request('issueCommand', body, NORTH), refusal('SCOPE_MISSING'));
  const foreign = { agent: 'south', states: [], pageSize: 10, pageToken: '' };
  assert.throws(
    () => node.request('listCommands', foreign, NORTH),
    refusal('AGENT_MISMATCH', 'agent'),
  );
});

test('an agent sees its own commands alone', () => {
  const hub = new TestNode('hub');
  issue(hub);
  hub.request(
    'issueCommand',
    issueOf({
      agent: 'south',
      kind: 'say',
      args: {},
      ttlMs: HOUR_MS,
      idempotencyKey: '',
    }),
  );
  assert.deepEqual(
    list(hub, [], NORTH).map((row) => row.agent),
    ['north'],
  );
  assert.equal(list(hub).length, 2);
});

test('commands are listed newest first, page by page', () => {
  const hub = new TestNode('hub');
  const ids = Array.from({ length: 5 }, () => {
    hub.nowMs += 10;
    return issue(hub).id;
  });
  const seen: string[] = [];
  let pageToken = '';
  do {
    const page = hub.request('listCommands', { agent: '', states: [], pageSize: 2, pageToken });
    seen.push(...page.rows.map((row) => row.id));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  assert.deepEqual(seen, ids.reverse());
});

test('whatever is claimed and reported in whatever order, states only move forward and final ones stay (invariant 7)', () => {
  const step = fc.oneof(
    fc.constantFrom('claim', 'refuse').map((what) => ({ what, percent: 0 })),
    fc.record(
      { what: fc.constantFrom('running', 'succeeded', 'failed', 'unknown'), percent: fc.nat(100) },
      { noNullPrototype: true },
    ),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const node = new TestNode('north');
      const { id } = issue(node);
      let before = list(node)[0] as CommandRow;
      let claims = 0;
      for (const { what, percent } of steps) {
        try {
          if (what === 'claim' || what === 'refuse')
            claims += claim(node, id, what === 'claim') ? 1 : 0;
          else report(node, id, what as Reported, percent);
        } catch (error) {
          refusal('COMMAND_STATE')(error);
        }
        const after = list(node)[0] as CommandRow;
        assert.ok(mayFollow(before, after), `${before.state} became ${after.state}`);
        assert.ok((after.progress?.percent ?? 0) >= (before.progress?.percent ?? 0));
        before = after;
      }
      assert.ok(claims <= 1);
    }),
    { numRuns: 100 },
  );
});

test('arguments and results over 32 KiB are refused by name', () => {
  const node = new TestNode('north');
  const args = { text: 'x'.repeat(33_000) };
  const body = issueOf({ agent: 'north', kind: 'say', args, ttlMs: HOUR_MS, idempotencyKey: '' });
  assert.throws(() => node.request('issueCommand', body), refusal('DOCUMENT_TOO_LARGE', 'args'));
  const { id } = issue(node);
  claim(node, id);
  const result = reportOf(id, 'succeeded', { result: args });
  assert.throws(
    () => node.request('reportCommand', result, NORTH),
    refusal('DOCUMENT_TOO_LARGE', 'result'),
  );
});
