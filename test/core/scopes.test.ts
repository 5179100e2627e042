// What readers and commanders may do in the core: look at everything, write nothing, and one of them commands.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Caller } from '../../src/core/index.ts';
import { claimOf, issueOf } from '../support/command-requests.ts';
import { agent, refusal, TestNode } from '../support/test-node.ts';

const READER: Caller = { scope: 'read', name: 'grafana' };
const COMMANDER: Caller = { scope: 'command', name: 'deployer' };
const COMMAND = issueOf({
  agent: 'edge',
  kind: 'restart',
  args: {},
  ttlMs: 60_000,
  idempotencyKey: 'k',
});

function put(node: TestNode, caller: Caller, collection = 'notes', id = 'a') {
  const items = [{ collection, id, value: { n: 1 } }];
  return node.request('put', { items, ack: 'local', batch: false }, caller);
}

for (const caller of [READER, COMMANDER]) {
  describe(`the scope ${caller.scope}`, () => {
    test('reads what others wrote, and writes nothing anywhere', () => {
      const node = new TestNode('edge');
      put(node, agent('edge'));
      const before = node.stateHash;
      assert.equal(node.request('get', { collection: 'notes', id: 'a' }, caller).value.n, 1);
      for (const [collection, id] of [
        ['notes', 'a'],
        ['notes', 'new'],
        ['deployments', 'edge:nginx'],
        ['packages', 'edge:nginx'],
      ] as const) {
        assert.throws(() => put(node, caller, collection, id), refusal('SCOPE_MISSING'));
      }
      const target = { collection: 'notes', id: 'a' };
      const patch = () => node.request('patch', { ...target, patch: {}, ack: 'local' }, caller);
      assert.throws(patch, refusal('SCOPE_MISSING'));
      assert.throws(() => node.request('delete', target, caller), refusal('SCOPE_MISSING'));
      assert.equal(node.stateHash, before);
    });

    test('sees all commands, and claims and reports none', () => {
      const node = new TestNode('edge');
      const { command } = node.request('issueCommand', COMMAND, COMMANDER);
      const page = { pageSize: 10, pageToken: '', agent: '', states: [] };
      assert.equal(node.request('listCommands', page, caller).rows.length, 1);
      const claim = claimOf(command.id);
      const claiming = () => node.request('acknowledgeCommand', claim, caller);
      assert.throws(claiming, refusal('SCOPE_MISSING'));
    });
  });
}

describe('commands', () => {
  test('are issued by the scope command, whose name they carry', () => {
    const node = new TestNode('edge');
    const { command, created } = node.request('issueCommand', COMMAND, COMMANDER);
    assert.equal(created, true);
    assert.match(command.requestedBy, /\/command:deployer$/);
    const again = node.request('issueCommand', COMMAND, COMMANDER);
    assert.deepEqual([again.created, again.command.id], [false, command.id]);
    const other: Caller = { scope: 'command', name: 'other' };
    assert.equal(
      node.request('issueCommand', COMMAND, other).created,
      true,
      'keys are of a caller',
    );
  });

  test('are not issued by the scope read', () => {
    const node = new TestNode('edge');
    const issuing = () => node.request('issueCommand', COMMAND, READER);
    assert.throws(issuing, {
      reason: 'SCOPE_MISSING',
      message: /"grafana" of scope read may not issue commands/,
    });
  });
});
