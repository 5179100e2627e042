// Commands to many: whom a selector or a role means is decided where the agent is, and counted where somebody asks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ADMIN, refusal, TestNode } from '../../support/test-node.ts';
import { beat, claim, issueMany, meet, offered, report, SECOND, settle, show } from './support.ts';

const NORTHERN = { type: 'selector', selector: 'site=north' } as const;

describe('a command for all agents with some labels', () => {
  it('is offered where they fit, also to those that join later, until it expires', () => {
    const [hub, north, south, late] = ['hub', 'north', 'south', 'late'].map((n) => new TestNode(n));
    if (!hub || !north || !south || !late) throw new Error('four nodes');
    beat(north, { site: 'north' });
    beat(south, { site: 'south' });
    const id = issueMany(hub, NORTHERN, { ttlMs: 60 * SECOND });
    meet(hub, north, south);
    assert.deepEqual([offered(north), offered(south)], [[id], []]);
    late.nowMs += 30 * SECOND;
    meet(hub, late);
    assert.deepEqual(offered(late), [], 'it has no labels yet');
    beat(late, { site: 'north' });
    assert.deepEqual(offered(late), [id]);
    late.nowMs += 31 * SECOND;
    assert.deepEqual(offered(late), []);
  });

  it('is taken up once by each, and each says what became of it', () => {
    const [hub, one, two] = ['hub', 'one', 'two'].map((name) => new TestNode(name));
    if (!hub || !one || !two) throw new Error('three nodes');
    for (const node of [one, two]) beat(node, { site: 'north' });
    const id = issueMany(hub, NORTHERN);
    meet(hub, one, two);
    assert.deepEqual([claim(one, id), claim(two, id), claim(one, id)], [true, true, false]);
    report(one, id, 'succeeded');
    report(two, id, 'failed');
    meet(hub, one, two);
    assert.deepEqual(
      ['one', 'two'].map((name) => show(hub, id, name).state),
      ['succeeded', 'failed'],
    );
  });

  it('counts whom it means, whom it has reached, and since when the others are silent', () => {
    const [hub, one, two] = ['hub', 'one', 'two'].map((name) => new TestNode(name));
    if (!hub || !one || !two) throw new Error('three nodes');
    const id = issueMany(hub, NORTHERN);
    assert.equal(show(hub, id).state, 'pending_targets', 'zero targets so far is no success');
    for (const node of [one, two]) beat(node, { site: 'north' });
    meet(hub, one, two);
    one.nowMs += 2 * SECOND;
    settle(one);
    meet(hub, one);
    const row = show(hub, id);
    assert.equal(row.state, 'pending');
    assert.deepEqual([row.rollUp?.targets, row.rollUp?.reached], [2, 1]);
    assert.deepEqual(row.rollUp?.counts, { pending: 2 });
    assert.deepEqual(
      row.rollUp?.unreached.map(({ agent, sinceMs }) => [agent, sinceMs !== undefined]),
      [['two', true]],
    );
    claim(one, id);
    report(one, id, 'succeeded');
    meet(hub, one);
    assert.equal(show(hub, id).state, 'running', 'one of two');
    assert.deepEqual(show(hub, id).rollUp?.counts, { succeeded: 1, pending: 1 });
    hub.nowMs += 3_600 * SECOND;
    assert.equal(show(hub, id).state, 'expired', 'never better than its worst agent');
  });

  it('lists its agents by name, page by page', () => {
    const hub = new TestNode('hub');
    const nodes = ['c', 'a', 'b'].map((name) => new TestNode(name));
    for (const node of nodes) beat(node, { site: 'north' });
    meet(hub, ...nodes);
    const id = issueMany(hub, NORTHERN);
    const first = hub.request('listTargets', { id, pageSize: 2, pageToken: '' }, ADMIN);
    const rest = { id, pageSize: 2, pageToken: first.nextPageToken };
    const second = hub.request('listTargets', rest, ADMIN);
    assert.deepEqual(
      [...first.rows, ...second.rows].map(({ agent }) => agent),
      ['a', 'b', 'c'],
    );
  });

  it('is refused where its selector cannot be read', () => {
    const bad = { type: 'selector', selector: 'site in north' } as const;
    assert.throws(() => issueMany(new TestNode('hub'), bad), refusal('INVALID_FIELD', 'selector'));
  });
});

describe('a command for a role', () => {
  it('means every agent of an open fleet, where everybody has every role', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    beat(north);
    const id = issueMany(hub, { type: 'role', role: 'agent' });
    meet(hub, north);
    assert.deepEqual(offered(north), [id]);
  });

  it('is refused for a role that there is none', () => {
    const target = { type: 'role', role: 'emperor' } as const;
    assert.throws(() => issueMany(new TestNode('hub'), target), refusal('INVALID_FIELD', 'role'));
  });
});
