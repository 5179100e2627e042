// Between messages of the API and plain values: commands, this sidecar, its peers.
import {
  type StatusResponse,
  ContactSource as WireContactSource,
  DiscoveryState as WireDiscoveryState,
  LinkPath as WireLinkPath,
  type Peer as WirePeer,
  PeerState as WirePeerState,
} from '../../gen/holdfast/v1/mesh_pb.ts';
import { durationMs, fromTimestamp } from '../convert.ts';
import type {
  ContactSource,
  DiscoveryState,
  LinkPath,
  Peer,
  PeerState,
  SidecarStatus,
} from './operator-types.ts';

const PEER_STATES = new Map<number, PeerState>([
  [WirePeerState.CONNECTED, 'connected'],
  [WirePeerState.CONNECTING, 'connecting'],
  [WirePeerState.WAITING, 'waiting'],
  [WirePeerState.PAUSED, 'paused'],
]);

const PATHS = new Map<number, LinkPath>([
  [WireLinkPath.LAN, 'lan'],
  [WireLinkPath.DHT, 'dht'],
  [WireLinkPath.RELAY, 'relay'],
]);

const SOURCES = new Map<number, ContactSource>([
  [WireContactSource.CONFIGURED, 'configured'],
  [WireContactSource.ADDED, 'added'],
  [WireContactSource.MULTICAST, 'multicast'],
  [WireContactSource.EXCHANGE, 'exchange'],
  [WireContactSource.DHT, 'dht'],
]);

const DISCOVERY_STATES = new Map<number, DiscoveryState>([
  [WireDiscoveryState.LOOKING, 'looking'],
  [WireDiscoveryState.SILENT, 'silent'],
  [WireDiscoveryState.TROUBLED, 'troubled'],
]);

export function fromPeer(peer: WirePeer): Peer {
  return {
    address: peer.address,
    nodeId: peer.nodeId,
    name: peer.name,
    state: PEER_STATES.get(peer.state) ?? 'waiting',
    path: PATHS.get(peer.path),
    remoteAddress: peer.remoteAddress,
    contacts: peer.contacts.map(({ address, sources, names, attempts, lastError }) => ({
      ...{ address, names, attempts, lastError },
      // A source that a newer sidecar knows is not told.
      sources: sources.flatMap((source) => SOURCES.get(source) ?? []),
    })),
    roundTripMs: peer.roundTrip === undefined ? undefined : durationMs(peer.roundTrip),
    lastSeen: fromTimestamp(peer.lastSeen),
    lastError: peer.lastError,
    bytesReceived: Number(peer.bytesReceived),
    bytesSent: Number(peer.bytesSent),
    attempts: peer.attempts,
    outbound: peer.outbound,
    budgetBytesPerSecond:
      peer.budgetBytesPerSecond === undefined ? undefined : Number(peer.budgetBytesPerSecond),
    receivedBytesPerSecond: Number(peer.receivedBytesPerSecond),
    sentBytesPerSecond: Number(peer.sentBytesPerSecond),
    stalls: peer.stalls,
    linkClass: peer.linkClass,
    lastLoss: peer.lastLoss,
    lastLost: fromTimestamp(peer.lastLost),
  };
}

export function fromStatus(status: StatusResponse): SidecarStatus {
  const { nodeId, name, version, fleetMode, fleet, agents, meshAddress, paused, links } = status;
  return {
    nodeId,
    name,
    version,
    fleetMode,
    fleet,
    startedAt: fromTimestamp(status.startedAt),
    agents,
    meshAddress,
    paused,
    links,
    documents: Number(status.documents),
    feeds: Number(status.feeds),
    commits: Number(status.commits),
    stateHash: status.stateHash,
    voidOps: Number(status.voidOps),
    quarantined: status.quarantined.map(({ collection, id, reason }) => ({
      collection,
      id,
      reason,
    })),
    heldFeeds: status.heldFeeds.map(({ author, lane, reason, retryAt, overQuota }) => ({
      author,
      lane,
      reason,
      retryAt: fromTimestamp(retryAt),
      overQuota,
    })),
    notReady: status.notReady,
    damage: status.damage,
    warnings: status.warnings,
    bundles: status.bundles.map(({ nodeId: maker, name: from, createdAt, receivedAt }) => ({
      nodeId: maker,
      name: from,
      createdAt: fromTimestamp(createdAt),
      receivedAt: fromTimestamp(receivedAt),
    })),
    receiveOnlySince: fromTimestamp(status.receiveOnlySince),
    discoveries: status.discoveries.flatMap(({ source, state, note }) => {
      const known = { source: SOURCES.get(source), state: DISCOVERY_STATES.get(state) };
      const { source: from, state: how } = known;
      return from === undefined || how === undefined ? [] : [{ source: from, state: how, note }];
    }),
  };
}
