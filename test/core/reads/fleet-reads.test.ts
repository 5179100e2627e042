// Reads of the fleet: which rows, in which order, page by page; how many are what; and watches with a choice of agents.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { FleetFilter, RowOrder } from '../../../src/core/request.ts';
import { refusal, START_MS, TestNode } from '../../support/test-node.ts';

interface Agent {
  readonly name: string;
  readonly labels?: Record<string, string>;
  readonly versions?: Record<string, string>;
  /** How long before now it sent its heartbeat, milliseconds; its interval is a second. */
  readonly agoMs?: number;
}

/** A node that heard of these agents, and has listened for longer than any of them is silent. */
function nodeWith(agents: readonly Agent[]): TestNode {
  const node = new TestNode('hub');
  const byAge = [...agents].sort((a, b) => (b.agoMs ?? 0) - (a.agoMs ?? 0));
  const endMs = START_MS + 1_000_000;
  for (const { name, labels = {}, versions = {}, agoMs = 0 } of byAge) {
    node.nowMs = endMs - agoMs;
    const beat = { status: 'ok', workloads: [], labels, versions, telemetry: {}, extra: {} };
    const caller = { scope: 'agent', agent: name } as const;
    node.request('heartbeat', { agent: name, beat, intervalMs: 1000, ack: 'local' }, caller);
  }
  node.nowMs = endMs;
  return node;
}

function names(node: TestNode, filter?: FleetFilter, order: RowOrder = 'name', pageSize = 100) {
  const found: string[] = [];
  let pageToken = '';
  do {
    const asked = { pageSize, pageToken, order, ...(filter && { filter }) };
    const page = node.request('listPlatforms', asked);
    found.push(...page.rows.map(({ agent }) => agent));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

const FLEET: readonly Agent[] = [
  { name: 'edge-1', labels: { site: 'north', tier: 'edge' }, versions: { app: '1' }, agoMs: 500 },
  {
    name: 'edge-2',
    labels: { site: 'south', tier: 'edge' },
    versions: { app: '2' },
    agoMs: 20_000,
  },
  { name: 'edge-10', labels: { site: 'north' }, versions: { app: '2' }, agoMs: 5000 },
  { name: 'hub', agoMs: 0 },
];

describe('platforms', () => {
  test('are those of the labels, the presence and the beginning of the name that were asked for', () => {
    const node = nodeWith(FLEET);
    assert.deepEqual(names(node, { selector: 'site=north' }), ['edge-1', 'edge-10']);
    assert.deepEqual(names(node, { selector: 'site in (north,south),tier=edge' }), [
      'edge-1',
      'edge-2',
    ]);
    assert.deepEqual(names(node, { selector: '!site' }), ['hub']);
    assert.deepEqual(names(node, { presences: ['suspect', 'unreachable'] }), ['edge-10', 'edge-2']);
    assert.deepEqual(names(node, { idPrefix: 'edge-1' }), ['edge-1', 'edge-10']);
    assert.deepEqual(names(node, { agent: 'edge-1' }), ['edge-1']);
    assert.deepEqual(names(node, { idPrefix: 'edge-1', selector: 'tier' }), ['edge-1']);
    assert.throws(
      () => names(node, { selector: 'site=' + '(' }),
      refusal('INVALID_FIELD', 'selector'),
    );
  });

  test('come by name, the oldest first, or those first that need to be looked at', () => {
    const node = nodeWith(FLEET);
    assert.deepEqual(names(node, undefined, 'age'), ['edge-2', 'edge-10', 'edge-1', 'hub']);
    assert.deepEqual(names(node, undefined, 'presence'), ['edge-2', 'edge-10', 'edge-1', 'hub']);
    const left = nodeWith([...FLEET, { name: 'a', agoMs: 0 }]);
    left.request('leave', { agent: 'a', by: 'agent' });
    assert.deepEqual(names(left, undefined, 'presence').at(-1), 'a');
  });

  test('come once each whatever the order, the choice and the size of a page', () => {
    const anyAgent = fc.record({
      agoMs: fc.integer({ min: 0, max: 15_000 }),
      labels: fc.constantFrom({ a: '1' }, { a: '2' }, {}),
    });
    const order = fc.constantFrom<RowOrder>('name', 'age', 'presence');
    fc.assert(
      fc.property(
        fc.array(anyAgent, { maxLength: 20 }),
        order,
        fc.integer({ min: 1, max: 7 }),
        (agents, by, size) => {
          const named = agents.map((one, i) => ({ ...one, name: `n${i}` }));
          const node = nodeWith(named as readonly Agent[]);
          const wanted = named.filter(({ labels }) => 'a' in labels && labels.a === '1');
          const all = names(node, { selector: 'a=1' }, by, size);
          assert.deepEqual([...all].sort(), wanted.map(({ name }) => name).sort());
          assert.deepEqual(all, names(node, { selector: 'a=1' }, by, 100));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('of the oldest first are not missed when some are written between two pages', () => {
    const node = nodeWith(FLEET);
    const page = (pageToken: string) =>
      node.request('listPlatforms', { pageSize: 2, pageToken, order: 'age' as const });
    const first = page('');
    node.nowMs += 1000;
    const beat = { agent: 'edge-1', ack: 'local' as const };
    node.request('heartbeat', beat, { scope: 'agent', agent: 'edge-1' });
    const second = page(first.nextPageToken);
    const seen = [...first.rows, ...second.rows].map(({ agent }) => agent);
    assert.deepEqual(new Set(seen), new Set(FLEET.map(({ name }) => name)));
  });

  test('keep their order from page to page', () => {
    const node = nodeWith(FLEET);
    const { nextPageToken: pageToken } = node.request('listPlatforms', {
      ...{ pageSize: 1, pageToken: '', order: 'age' },
    });
    for (const order of ['name', 'presence'] as const) {
      const asked = { pageSize: 1, pageToken, order };
      const read = () => node.request('listPlatforms', asked);
      assert.throws(read, refusal('CURSOR_MALFORMED', 'page_token'));
    }
  });
});

test('deployments and holders of a package are those of the chosen agents', () => {
  const node = nodeWith(FLEET);
  const put = (id: string) => {
    const item = { collection: 'deployments', id, value: { version: '1' } };
    const agentName = id.slice(0, id.indexOf(':'));
    const caller = { scope: 'agent', agent: agentName } as const;
    node.request('put', { items: [item], ack: 'local', batch: false }, caller);
  };
  for (const id of ['hub:nginx', 'hub:redis']) put(id);
  const filter = { selector: '!site' };
  const page = { agent: '', pageSize: 9, pageToken: '' };
  const listed = node.request('listDeployments', { ...page, filter }).rows;
  assert.deepEqual(
    listed.map((row) => row.package),
    ['nginx', 'redis'],
  );
  const none = { selector: 'site' };
  assert.deepEqual(node.request('listDeployments', { ...page, filter: none }).rows, []);
  assert.equal(node.request('findPackage', { package: 'nginx', filter }).holders.length, 1);
  assert.equal(node.request('findPackage', { package: 'nginx', filter: none }).holders.length, 0);
});

test('a summary counts agents by presence, version, label and status, the most frequent first', () => {
  const node = nodeWith(FLEET);
  assert.deepEqual(node.request('fleetSummary', {}), {
    agents: 4,
    presences: { alive: 2, suspect: 1, unreachable: 1, left: 0 },
    versions: [
      { name: 'app', value: '2', agents: 2 },
      { name: 'app', value: '1', agents: 1 },
    ],
    labels: [
      { name: 'site', value: 'north', agents: 2 },
      { name: 'tier', value: 'edge', agents: 2 },
      { name: 'site', value: 'south', agents: 1 },
    ],
    statuses: [{ name: 'status', value: 'ok', agents: 4 }],
  });
  assert.equal(node.request('fleetSummary', { filter: { selector: 'tier' } }).agents, 2);
});

describe('a watch of chosen agents', () => {
  const watch = (node: TestNode, cursor: string, selector: string) => {
    const filter = { selector };
    const step = { cursor, collections: [], idPrefix: '', limit: 100, filter };
    const { events, cursor: next } = node.request('changes', step);
    return { events: events.map(({ type, row }) => `${type} ${row.id}`), next };
  };

  test('shows those that match, and says of changed ones that they do not, or no longer', () => {
    const node = nodeWith(FLEET);
    const beat = (name: string, site: string) => {
      const said = { status: '', workloads: [], versions: {}, telemetry: {}, extra: {} };
      const body = { agent: name, beat: { ...said, labels: { site } }, ack: 'local' as const };
      node.request('heartbeat', body, { scope: 'agent', agent: name });
    };
    const first = watch(node, '', 'site=north');
    assert.deepEqual(first.events, ['put edge-10', 'put edge-1']);
    beat('edge-1', 'south');
    beat('edge-2', 'north');
    beat('hub', 'west');
    const second = watch(node, first.next, 'site=north');
    assert.deepEqual(second.events, ['outside edge-1', 'put edge-2', 'outside hub']);
    assert.deepEqual(watch(node, second.next, 'site=north').events, []);
  });
});
