// How far what a sidecar knows reaches: who is missing, who is behind, when a hub was heard; and the paths of rows over real links.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Reach } from '../../src/core/presence/reach.ts';
import { hlcOf } from '../../src/core/values/time.ts';
import { type ReachScene, reachOf } from '../../src/sidecar/reach.ts';
import { ADMIN } from '../support/test-node.ts';
import { TestFleet } from './support/test-fleet.ts';

function scene(changes: Partial<ReachScene> = {}): ReachScene {
  const held = new Reach('self', []);
  held.taken('north', hlcOf(9000), { wallMs: 10_000, monotonicMs: 0 });
  held.taken('south', hlcOf(20_000), { wallMs: 8000, monotonicMs: 0 });
  return {
    self: 'self',
    held,
    lags: new Map(),
    peers: [{ nodeId: 'north', state: 'connected', lastSeenMs: 11_000 }],
    members: undefined,
    contacts: new Map(),
    nameOf: (nodeId) => `the ${nodeId}`,
    ...changes,
  };
}

describe('the reach', () => {
  test('of an open fleet is of all who were heard; a clock that is ahead makes nobody younger', () => {
    assert.deepEqual(reachOf(scene()), {
      isCutOff: false,
      isHub: false,
      membersBehind: 0,
      missingCommits: 0,
      completeUntilMs: 8000,
      lastHubContactMs: undefined,
      lastContactMs: 11_000,
      rows: [
        {
          ...{ nodeId: 'south', name: 'the south', heardMs: 8000, missingCommits: 0 },
          isLinked: false,
          isHub: false,
        },
        {
          ...{ nodeId: 'north', name: 'the north', heardMs: 9000, missingCommits: 0 },
          isLinked: true,
          isHub: false,
        },
      ],
    });
  });

  test('names those first of whom most is missing', () => {
    const { rows, ...sums } = reachOf(scene({ lags: new Map([['north', 7]]) }));
    assert.deepEqual(
      rows.map(({ nodeId }) => nodeId),
      ['north', 'south'],
    );
    assert.deepEqual([sums.membersBehind, sums.missingCommits], [1, 7]);
  });

  test('of a founded fleet is of all members, and nothing is complete while one was never heard', () => {
    const members = new Map(['self', 'north', 'hub'].map((one) => [one, { isHub: one === 'hub' }]));
    const contacts = new Map([
      ['hub', 5000],
      ['north', 90_000],
    ]);
    const reach = reachOf(scene({ members, contacts, peers: [] }));
    assert.deepEqual(
      reach.rows.map(({ nodeId }) => nodeId),
      ['hub', 'north'],
    );
    assert.deepEqual(
      [reach.isCutOff, reach.completeUntilMs, reach.lastHubContactMs, reach.lastContactMs],
      [true, undefined, 5000, 90_000],
    );
    const peers = [{ nodeId: 'hub', state: 'waiting' as const, lastSeenMs: 6000 }];
    assert.equal(reachOf(scene({ members, contacts, peers })).lastHubContactMs, 6000);
    assert.equal(reach.isHub, false);
    assert.equal(reachOf(scene({ members: new Map([['self', { isHub: true }]]) })).isHub, true);
  });
});

describe('over links', () => {
  test('a row is direct next to its writer, and relayed by whoever stands between', async () => {
    const fleet = new TestFleet();
    const hub = await fleet.start('hub');
    const north = await fleet.start('north', { peers: ['hub'] });
    const south = await fleet.start('south', { peers: ['hub'] });
    await north.put('notes/a', { n: 1 });
    await fleet.quiet();
    const path = async ({ member }: typeof hub) =>
      (await member.request('get', ADMIN, { collection: 'notes', id: 'a' })).freshness.path;
    assert.deepEqual(await path(hub), { kind: 'direct' });
    assert.deepEqual(await path(south), { kind: 'relayed', by: hub.member.nodeId });
    assert.deepEqual(await path(north), { kind: 'own' });
    const { held, lags } = south.member.reach();
    assert.ok(held.members().has(north.member.nodeId));
    assert.deepEqual([...lags], []);
  });
});
