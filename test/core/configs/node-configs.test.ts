// Configurations in the core: what is set, how it is merged for an agent, what the agent says of it, and what is refused.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Caller, JsonObject, ResponseOf } from '../../../src/core/index.ts';
import { FIRST_PAGE, setFor, setWhere } from '../../support/config-requests.ts';
import { ADMIN, agent, refusal, TestNode } from '../../support/test-node.ts';

const EDGE = agent('edge');

function beat(node: TestNode, labels: Record<string, string>): void {
  const empty = { status: 'ok', workloads: [], versions: {}, telemetry: {}, extra: {} };
  const request = { agent: node.name, beat: { ...empty, labels }, ack: 'local' as const };
  node.request('heartbeat', request, agent(node.name));
}

function set(node: TestNode, ...[target, name, patch, rest]: Parameters<typeof setFor>) {
  return node.request('setConfig', setFor(target, name, patch, rest));
}

function desired(node: TestNode, caller: Caller = EDGE): ResponseOf<'desiredConfig'> {
  return node.request('desiredConfig', { agent: '' }, caller);
}

function status(node: TestNode, name = 'edge') {
  const [row] = node.request('listConfigStatus', { ...FIRST_PAGE, agent: name, states: [] }).rows;
  return row ?? assert.fail('no status');
}

describe('the configuration of an agent', () => {
  test('leaves absent fields alone and clears what is null', () => {
    const node = new TestNode('edge');
    set(node, 'edge', 'base', { level: 'info', wifi: { ssid: 'a', channel: 6 } });
    set(node, 'edge', 'site', { wifi: { channel: null }, extra: { deep: null, kept: 1 } });
    assert.deepEqual(desired(node).value, {
      level: 'info',
      wifi: { ssid: 'a' },
      extra: { kept: 1 },
    });
  });

  test('is what is said to fewest: role, selector, agent; then by priority, then by order', () => {
    const node = new TestNode('edge');
    beat(node, { site: 'north' });
    set(node, 'edge', 'own', { a: 'agent' });
    node.request('setConfig', setWhere('site=north', 'where', { a: 'where', b: 'where' }));
    const role = { type: 'role', role: 'agent' } as const;
    node.request('setConfig', {
      ...setFor('', 'role', { a: 'role', b: 'role', c: 'role' }),
      target: role,
    });
    const high = setWhere('site', 'high', { d: 'high' }, { priority: 9 });
    node.request('setConfig', high);
    node.request('setConfig', setWhere('site', 'later', { d: 'later', e: 'later' }));
    const { value, entries } = desired(node);
    assert.deepEqual(value, { a: 'agent', b: 'where', c: 'role', d: 'high', e: 'later' });
    assert.deepEqual(
      entries.map(({ name }) => name),
      ['role', 'where', 'later', 'high', 'own'],
    );
  });

  test('follows the labels of the agent, and of a late joiner too', () => {
    const node = new TestNode('edge');
    node.request('setConfig', setWhere('site=north', 'north', { site: 'north' }));
    assert.deepEqual(desired(node).value, {});
    beat(node, { site: 'north' });
    assert.deepEqual(desired(node).value, { site: 'north' });
    beat(node, { site: 'south' });
    assert.deepEqual(desired(node).value, {});
  });

  test('has a hash of its value alone: the way to it does not matter', () => {
    const [one, other] = [new TestNode('edge'), new TestNode('edge')];
    set(one, 'edge', 'a', { x: 1, y: { z: 2 } });
    set(other, 'edge', 'b', { y: { z: 2, w: 3 } });
    set(other, 'edge', 'c', { y: { w: null }, x: 1 });
    assert.equal(desired(one).hash, desired(other).hash);
    assert.match(desired(one).hash, /^[a-z2-7]{52}$/);
    set(other, 'edge', 'c', { x: 2 });
    assert.notEqual(desired(one).hash, desired(other).hash);
  });

  test('takes a sealed value as one value, and says with which entry it came', () => {
    const node = new TestNode('edge');
    const sealed = (text: string): JsonObject => ({ $sealed: text });
    set(node, 'edge', 'a', { wifi: sealed('one'), tls: { key: sealed('key'), port: 1 } });
    set(node, 'edge', 'b', { wifi: sealed('two') });
    const { value, sealed: parts } = desired(node);
    assert.deepEqual(value, { wifi: sealed('two'), tls: { key: sealed('key'), port: 1 } });
    assert.deepEqual(parts.map(({ path, name }) => `${path.join('.')} of ${name}`).toSorted(), [
      'tls.key of a',
      'wifi of b',
    ]);
    set(node, 'edge', 'c', { wifi: { ssid: 'open' } });
    assert.deepEqual(desired(node).value.wifi, { ssid: 'open' }, 'nothing is mixed into a box');
  });
});

describe('an entry', () => {
  test('is replaced by its next revision, and the same again changes nothing', () => {
    const node = new TestNode('edge');
    const first = set(node, 'edge', 'base', { a: 1 });
    assert.equal(set(node, 'edge', 'base', { a: 1 }).changed, false);
    const second = set(node, 'edge', 'base', { b: 1 });
    assert.deepEqual([first.entry.config.version, second.entry.config.version], [1, 2]);
    const { rows } = node.request('listConfigs', { ...FIRST_PAGE, agent: '' });
    assert.deepEqual(
      rows.map(({ name, revision, counts }) => [name, revision, counts]),
      [['base', second.entry.revision, true]],
    );
    assert.deepEqual(desired(node).value, { b: 1 });
  });

  test('is set only over the revision that was named', () => {
    const node = new TestNode('edge');
    const { entry } = set(node, 'edge', 'base', { a: 1 }, { ifRevision: '' });
    const over = (ifRevision: string) => () => set(node, 'edge', 'base', { a: 2 }, { ifRevision });
    assert.throws(over(''), refusal('REVISION_MISMATCH', 'if_revision'));
    assert.throws(over('aaaa'), refusal('REVISION_MISMATCH', 'if_revision'));
    over(entry.revision)();
    assert.deepEqual(desired(node).value, { a: 2 });
  });

  test('is removed', () => {
    const node = new TestNode('edge');
    set(node, 'edge', 'base', { a: 1 });
    const name = { agent: 'edge', name: 'base' };
    assert.equal(node.request('deleteConfig', name).revisions, 1);
    assert.deepEqual(desired(node).value, {});
    assert.throws(() => node.request('deleteConfig', name), refusal('NOT_FOUND', 'name'));
    assert.throws(() => node.request('getConfig', name), refusal('NOT_FOUND', 'name'));
  });

  test('of two hubs that knew nothing of each other: the later one counts everywhere, both are shown, a delete takes both', () => {
    const [a, b] = [new TestNode('hub-a'), new TestNode('hub-b')];
    set(a, 'edge', 'base', { from: 'a', a: 1 });
    b.nowMs += 5_000;
    set(b, 'edge', 'base', { from: 'b' });
    const edge = new TestNode('edge');
    for (const [from, to] of [
      [a, edge],
      [b, edge],
      [a, b],
      [b, a],
    ] as const) {
      assert.equal(to.receive(from.runs()), undefined);
    }
    for (const node of [a, b, edge]) {
      node.nowMs = b.nowMs;
      const { value } = node.request('desiredConfig', { agent: 'edge' });
      assert.deepEqual(value, { from: 'b' }, node.name);
      const { rows } = node.request('listConfigs', { ...FIRST_PAGE, agent: '' });
      assert.deepEqual(rows.map(({ counts }) => String(counts)).toSorted(), ['false', 'true']);
    }
    assert.equal(a.request('deleteConfig', { agent: 'edge', name: 'base' }).revisions, 2);
    edge.receive(a.runs());
    assert.deepEqual(desired(edge).value, {});
  });

  test('set at one hub while another removes what it knows: what was not seen stays', () => {
    const [a, b] = [new TestNode('hub-a'), new TestNode('hub-b')];
    set(a, 'edge', 'base', { n: 1 });
    b.receive(a.runs());
    set(a, 'edge', 'base', { n: 2 });
    b.request('deleteConfig', { agent: 'edge', name: 'base' });
    a.receive(b.runs());
    b.receive(a.runs());
    for (const node of [a, b]) {
      const { value } = node.request('desiredConfig', { agent: 'edge' });
      assert.deepEqual(value, { n: 2 }, node.name);
    }
    assert.equal(a.stateHash, b.stateHash);
  });
});

describe('refused is, and nothing is written', () => {
  const nested = (levels: number): JsonObject => (levels === 0 ? {} : { a: nested(levels - 1) });
  const refused: Readonly<Record<string, readonly [JsonObject, string]>> = {
    'a patch of more than 32 KiB': [{ a: 'x'.repeat(33_000) }, 'DOCUMENT_TOO_LARGE'],
    'a patch of 15 levels': [nested(14), 'DOCUMENT_TOO_DEEP'],
    'a sealed value in a list': [{ a: [{ b: { $sealed: 'x' } }] }, 'INVALID_FIELD'],
    'a patch that is sealed as a whole': [{ $sealed: 'x' }, 'INVALID_FIELD'],
  };
  for (const [what, [patch, reason]] of Object.entries(refused)) {
    test(what, () => {
      const node = new TestNode('edge');
      const before = node.stateHash;
      assert.throws(() => set(node, 'edge', 'base', patch), refusal(reason, 'patch'));
      assert.equal(node.stateHash, before);
    });
  }

  test('what makes the configuration of an agent too large', () => {
    const node = new TestNode('edge');
    set(node, 'edge', 'one', { one: 'x'.repeat(32_000) });
    set(node, 'edge', 'two', { two: 'x'.repeat(32_000) });
    const more = () => set(node, 'edge', 'three', { three: 'x'.repeat(2_000) });
    assert.throws(more, refusal('LIMIT_REACHED', 'patch'));
    assert.equal(desired(node).entries.length, 2);
    set(node, 'edge', 'two', { two: 'y' });
    more();
  });

  test('the 65th entry of an agent', () => {
    const node = new TestNode('edge');
    for (let n = 0; n < 64; n++) set(node, 'edge', `e${n}`, { [`k${n}`]: n });
    assert.throws(() => set(node, 'edge', 'more', {}), refusal('LIMIT_REACHED', 'patch'));
  });

  test('a role that is none and a selector that cannot be read', () => {
    const node = new TestNode('edge');
    const role = { ...setFor('', 'x', {}), target: { type: 'role', role: 'king' } as const };
    assert.throws(() => node.request('setConfig', role), refusal('INVALID_FIELD', 'role'));
    const bad = setWhere('a in (', 'x', {});
    assert.throws(() => node.request('setConfig', bad), refusal('INVALID_FIELD', 'selector'));
  });

  test('setting and removing by agents and readers, reporting by operators, reading for another agent', () => {
    const node = new TestNode('edge');
    const reader: Caller = { scope: 'read', name: 'grafana' };
    for (const caller of [EDGE, reader]) {
      const setting = () => node.request('setConfig', setFor('edge', 'a', {}), caller);
      assert.throws(setting, refusal('SCOPE_MISSING'));
      const removing = () => node.request('deleteConfig', { agent: 'edge', name: 'a' }, caller);
      assert.throws(removing, refusal('SCOPE_MISSING'));
    }
    const hash = desired(node).hash;
    const report = { state: 'applied', hash } as const;
    for (const caller of [ADMIN, reader]) {
      assert.throws(() => node.request('reportConfig', report, caller), refusal('SCOPE_MISSING'));
    }
    const other = () => node.request('desiredConfig', { agent: 'other' }, EDGE);
    assert.throws(other, refusal('AGENT_MISMATCH', 'agent'));
  });
});

describe('what hubs that knew nothing of each other make too large', () => {
  test('is given to no agent, and shows as blocked', () => {
    const [a, b] = [new TestNode('hub-a'), new TestNode('hub-b')];
    for (const [node, name] of [
      [a, 'one'],
      [b, 'two'],
    ] as const) {
      set(node, 'edge', name, { [name]: 'x'.repeat(32_000) });
      set(node, 'edge', `${name}-more`, { [`${name}-more`]: 'x'.repeat(2_000) });
    }
    a.receive(b.runs());
    const { trouble } = a.request('desiredConfig', { agent: 'edge' });
    assert.match(trouble, /68\d\d\d bytes of JSON, at most 65536/);
    assert.equal(status(a).state, 'blocked');
    a.request('deleteConfig', { agent: 'edge', name: 'one-more' });
    assert.equal(status(a).state, 'blocked', '66 KB are still too much');
    a.request('deleteConfig', { agent: 'edge', name: 'two-more' });
    assert.equal(status(a).state, 'behind');
  });
});

describe('the status of an agent', () => {
  test('keeps what was tried, what is in effect and what went wrong apart', () => {
    const node = new TestNode('edge');
    assert.equal(status(node).state, 'none');
    set(node, 'edge', 'base', { n: 1 });
    const one = desired(node).hash;
    const say = (state: 'attempted' | 'applied', hash: string) =>
      node.request('reportConfig', { state, hash }, EDGE).status;
    assert.deepEqual([status(node).state, status(node).behindSinceMs], ['behind', node.nowMs]);
    assert.equal(say('attempted', one).state, 'attempted');
    node.nowMs += 1_000;
    const applied = say('applied', one);
    assert.deepEqual([applied.state, applied.behindSinceMs], ['in_sync', undefined]);
    const appliedAtMs = node.nowMs;

    node.nowMs += 1_000;
    set(node, 'edge', 'base', { n: 2 });
    const two = desired(node).hash;
    const setAtMs = node.nowMs;
    say('attempted', two);
    node.nowMs += 1_000;
    const failure = { state: 'failed', hash: two, message: 'no such n' } as const;
    const failed = node.request('reportConfig', failure, EDGE).status;
    assert.deepEqual(
      [failed.state, failed.attempted?.hash, failed.effective, failed.error, failed.behindSinceMs],
      [
        'failed',
        two,
        { hash: one, atMs: appliedAtMs },
        { hash: two, message: 'no such n', atMs: node.nowMs },
        setAtMs,
      ],
      'the last known good stays',
    );
    const before = node.stateHash;
    node.nowMs += 1_000;
    node.request('reportConfig', failure, EDGE);
    assert.equal(node.stateHash, before, 'the same again changes nothing');

    set(node, 'edge', 'base', { n: 3 });
    const behind = status(node);
    assert.deepEqual([behind.state, behind.error?.hash], ['behind', two]);
    const three = say('applied', desired(node).hash);
    assert.deepEqual([three.state, three.error], ['in_sync', undefined]);
  });

  test('is in sync by the agent’s word alone, and not by a word on another configuration', () => {
    const node = new TestNode('edge');
    set(node, 'edge', 'base', { n: 1 });
    const { hash } = desired(node);
    set(node, 'edge', 'base', { n: 2 });
    assert.equal(
      node.request('reportConfig', { state: 'applied', hash }, EDGE).status.state,
      'behind',
    );
  });

  test('is read everywhere, and filtered by state', () => {
    const [hub, edge] = [new TestNode('hub'), new TestNode('edge')];
    set(hub, 'edge', 'base', { n: 1 });
    set(hub, 'away', 'base', { n: 1 });
    edge.receive(hub.runs());
    const { hash } = desired(edge);
    edge.request('reportConfig', { state: 'applied', hash }, EDGE);
    hub.receive(edge.runs());
    const list = (states: readonly ('in_sync' | 'behind')[]) =>
      hub
        .request('listConfigStatus', { ...FIRST_PAGE, agent: '', states })
        .rows.map((row) => [row.agent, row.state]);
    assert.deepEqual(list(['in_sync']), [['edge', 'in_sync']]);
    assert.deepEqual(list(['behind']), [['away', 'behind']]);
    assert.deepEqual(list([]), [
      ['away', 'behind'],
      ['edge', 'in_sync'],
      ['hub', 'none'],
    ]);
  });

  test('a failure of more than 1,024 characters is refused', () => {
    const node = new TestNode('edge');
    const { hash } = desired(node);
    const report = { state: 'failed', hash, message: 'x'.repeat(1025) } as const;
    const saying = () => node.request('reportConfig', report, EDGE);
    assert.throws(saying, refusal('INVALID_FIELD', 'message'));
  });
});

test('documents of configurations are written by their services alone', () => {
  const node = new TestNode('edge');
  for (const id of ['configs/edge/a/b', 'config-status/edge', 'inventory/edge/snapshots']) {
    assert.throws(() => node.put(id, {}), refusal('COLLECTION_RESERVED', 'collection'));
  }
});
