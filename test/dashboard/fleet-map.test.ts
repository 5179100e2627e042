// The map of the fleet: who is linked, heard or cut off, as one sidecar can tell, and that nobody is drawn upon another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawFleet, type FleetMap } from '../../src/dashboard/fleet-map.ts';
import { Presence, RowPath } from '../../src/gen/holdfast/v1/common_pb.ts';
import { LinkPath, PeerState } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import { agent, SELF, surroundings } from './support.ts';

function ties({ nodes }: FleetMap): Record<string, string> {
  return Object.fromEntries(nodes.map(({ name, tie }) => [name, tie]));
}

const MEMBERS = [
  { nodeId: 'node-near', name: 'near', linked: true },
  { nodeId: 'node-relay', name: 'relay', linked: true },
  { nodeId: 'node-far', name: '' },
  { nodeId: 'node-gone', name: 'gone', hub: true },
];
const PEERS = [
  { nodeId: 'node-near', state: PeerState.CONNECTED, path: LinkPath.LAN },
  { nodeId: 'node-relay', state: PeerState.CONNECTED, path: LinkPath.RELAY },
  { nodeId: 'node-gone', state: PeerState.WAITING, attempts: 3 },
];
const AGENTS = [
  agent('near'),
  agent('far', { path: RowPath.RELAYED, relayedBy: 'node-near' }),
  agent('gone', { presence: Presence.UNREACHABLE }),
];

test('links are told apart, and a member without a name is called by its agent', () => {
  const map = drawFleet(surroundings({ members: MEMBERS, peers: PEERS }), AGENTS);
  assert.deepEqual(ties(map), {
    self: 'self',
    near: 'direct',
    relay: 'relay',
    'beside far': 'heard',
    gone: 'cut',
  });
  const lines = map.lines.map(({ from, to, tie }) => `${from} ${tie} ${to}`);
  assert.deepEqual(lines.toSorted(), [
    'node-near heard node-far',
    `${SELF} cut node-gone`,
    `${SELF} direct node-near`,
    `${SELF} relay node-relay`,
  ]);
  const border = map.borderX ?? 0;
  assert.ok(map.nodes.every(({ tie, x }) => (tie === 'cut') === x > border));
});

test('hubs are told from the others, oneself included', () => {
  const hubs = ({ nodes }: FleetMap) => nodes.filter(({ isHub }) => isHub).map(({ name }) => name);
  assert.deepEqual(hubs(drawFleet(surroundings({ members: MEMBERS }), [])), ['gone']);
  const map = drawFleet(surroundings({ members: MEMBERS, status: { hub: true } }), []);
  assert.deepEqual(hubs(map), ['self', 'gone']);
});

test('without a link everybody else is cut off', () => {
  const members = MEMBERS.map((member) => ({ ...member, linked: false }));
  const map = drawFleet(surroundings({ members, status: { links: 0 } }), AGENTS);
  assert.deepEqual(new Set(Object.values(ties(map))), new Set(['self', 'cut']));
});

test('who only is silent and has no agents is not called cut off', () => {
  const members = [{ nodeId: 'node-quiet', name: 'quiet' }];
  assert.equal(ties(drawFleet(surroundings({ members }), [])).quiet, 'heard');
});

for (const count of [1, 2, 5, 12, 40]) {
  test(`of ${count} linked and ${count} cut off nobody is drawn upon another, or outside`, () => {
    const linked = (i: number) => ({ nodeId: `node-${i}`, name: `n-${i}`, linked: i < count });
    const members = Array.from({ length: 2 * count }, (_, i) => linked(i));
    const agents = members.map(({ name, nodeId, linked: isUp }) =>
      agent(name, { origin: nodeId, presence: isUp ? Presence.ALIVE : Presence.UNREACHABLE }),
    );
    const map = drawFleet(surroundings({ members }), agents);
    const places = map.nodes.map(({ x, y }) => `${x} ${y}`);
    assert.equal(new Set(places).size, 2 * count + 1);
    for (const { x, y } of map.nodes)
      assert.ok(x > 0 && x < map.width && y > 0 && y < map.height, `${x} ${y}`);
  });
}

test('more than fit are counted, and those cut off are not drawn before those linked', () => {
  const members = Array.from({ length: 500 }, (_, i) => ({ nodeId: `node-${i}`, linked: i > 10 }));
  const map = drawFleet(surroundings({ members }), []);
  assert.equal(map.hidden + map.nodes.length - 1, 500);
  assert.ok(map.nodes.every(({ tie }) => tie === 'self' || tie === 'direct'));
});
