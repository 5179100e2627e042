// A fleet with certificates as the fake sidecar of edge-a knows it, for tests of what is shown.
import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Presence, RowPath } from '../../src/gen/holdfast/v1/common_pb.ts';
import { LinkPath, PeerSchema, PeerState } from '../../src/gen/holdfast/v1/mesh_pb.ts';
import { MemberState } from '../../src/gen/holdfast/v1/trust_pb.ts';
import { FakeSidecar } from '../agent-client/fake-sidecar.ts';
import { FAKE_NOW_MS, freshness } from '../agent-client/fake-values.ts';

export const before = (ms: number) => timestampFromMs(FAKE_NOW_MS - ms);
export const HOUR_MS = 3_600_000;

/** edge-a sees edge-b on a link; edge-c through it; the hub not for three hours; boat by files. */
export function fakeFleet(): FakeSidecar {
  const sidecar = new FakeSidecar();
  sidecar.status = {
    name: 'edge-a',
    nodeId: 'node-a',
    version: '0.1.0',
    fleetMode: 'founded',
    fleet: 'k3x9q2ab',
    agents: ['edge-a'],
    links: 1,
    stateHash: '0123456789abcdef0123456789abcdef',
    meshAddress: '0.0.0.0:7677',
    bundles: [{ nodeId: 'node-boat', name: 'boat', createdAt: before(HOUR_MS) }],
  };
  const link = { roundTrip: durationFromMs(3), lastSeen: before(2_000), path: LinkPath.DHT };
  sidecar.peers = [
    create(PeerSchema, { nodeId: 'node-b', name: 'edge-b', state: PeerState.CONNECTED, ...link }),
    create(PeerSchema, {
      nodeId: 'node-hub',
      name: 'hub',
      address: 'hub.example:7677',
      state: PeerState.WAITING,
      attempts: 9,
      lastError: 'connect ETIMEDOUT',
      lastSeen: before(3 * HOUR_MS),
    }),
  ];
  sidecar.reach = {
    reach: { members: 4, lastHubContact: before(3 * HOUR_MS) },
    members: [
      {
        nodeId: 'node-hub',
        name: 'hub',
        hub: true,
        heardAt: before(2 * HOUR_MS),
        missingCommits: 12n,
      },
      { nodeId: 'node-b', name: 'edge-b', linked: true, heardAt: before(1_000) },
      { nodeId: 'node-c', name: 'edge-c', heardAt: before(4_000), missingCommits: 1n },
      { nodeId: 'node-boat', name: 'boat', heardAt: before(HOUR_MS) },
    ],
  };
  const state = MemberState.MEMBER;
  sidecar.trust.members = [
    { name: 'edge-a', nodeId: 'node-a', roles: ['agent'], state, self: true },
    { name: 'edge-b', nodeId: 'node-b', roles: ['agent'], state },
    { name: 'hub', nodeId: 'node-hub', roles: ['hub', 'issuer'], state, suspended: true },
    { name: 'shore', nodeId: 'node-shore', roles: ['observer'], state },
    { name: 'gone', nodeId: 'node-gone', roles: ['agent'], state: MemberState.EJECTED },
  ];
  sidecar.platform({
    agent: 'edge-a',
    status: 'ok',
    labels: { site: 'north' },
    versions: { agent: '1.4.2' },
    interval: durationFromMs(10_000),
    telemetry: { cpuPercent: 12.4, memoryPercent: 40, diskPercent: 97.4, load1m: 0.31 },
  });
  sidecar.platform({
    agent: 'edge-c',
    freshness: {
      ...freshness('p2', 4_000, Presence.ALIVE),
      origin: 'node-c',
      path: RowPath.RELAYED,
      relayedBy: 'node-b',
    },
  });
  return sidecar;
}
