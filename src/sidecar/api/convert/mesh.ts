// The sidecar itself and its peers.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type NodeId, type ResponseOf, splitDocumentKey } from '../../../core/index.ts';
import {
  ContactSource,
  DiscoveryState,
  LinkPath,
  type PeerSchema,
  PeerState,
  type StatusResponseSchema,
} from '../../../gen/holdfast/v1/mesh_pb.ts';
import type { Backend, ContactRow, DiscoveryRow, PeerRow } from '../backend.ts';
import { fromBundleSource } from './bundle.ts';
import { clockWarnings } from './clock-words.ts';
import { fromSpan, fromTime, type NodeNames } from './common.ts';

const STATE: Readonly<Record<PeerRow['state'], PeerState>> = {
  connected: PeerState.CONNECTED,
  connecting: PeerState.CONNECTING,
  waiting: PeerState.WAITING,
  paused: PeerState.PAUSED,
};

const PATH: Readonly<Record<NonNullable<PeerRow['path']>, LinkPath>> = {
  lan: LinkPath.LAN,
  dht: LinkPath.DHT,
  relay: LinkPath.RELAY,
};

const SOURCE: Readonly<Record<ContactRow['sources'][number], ContactSource>> = {
  configured: ContactSource.CONFIGURED,
  added: ContactSource.ADDED,
  multicast: ContactSource.MULTICAST,
  exchange: ContactSource.EXCHANGE,
  dht: ContactSource.DHT,
};

const DISCOVERY: Readonly<Record<DiscoveryRow['state'], DiscoveryState>> = {
  looking: DiscoveryState.LOOKING,
  silent: DiscoveryState.SILENT,
  troubled: DiscoveryState.TROUBLED,
};

export function fromStatus(
  backend: Pick<
    Backend,
    'info' | 'mesh' | 'bundles' | 'notReady' | 'damage' | 'warnings' | 'nameOf' | 'reach'
  >,
  summary: ResponseOf<'summary'>,
  names: NodeNames,
): MessageInitShape<typeof StatusResponseSchema> {
  const { info, mesh } = backend;
  const nameOf = (author: NodeId) => backend.nameOf?.(author) || names(author);
  return {
    nodeId: info.nodeId,
    name: info.name,
    version: info.version,
    fleetMode: info.fleetMode,
    fleet: info.fleet,
    hub: backend.reach?.()?.isHub === true,
    startedAt: fromTime(info.startedAtMs),
    agents: [...info.agents],
    meshAddress: mesh.address,
    paused: mesh.paused,
    links: mesh.peers().filter((peer) => peer.state === 'connected').length,
    documents: BigInt(summary.documents),
    feeds: BigInt(summary.feeds),
    commits: BigInt(summary.commits),
    stateHash: summary.stateHash,
    voidOps: BigInt(summary.voidOps),
    quarantined: summary.quarantined.map(({ key, reason }) => ({
      ...splitDocumentKey(key),
      reason,
    })),
    heldFeeds: summary.heldFeeds.map(({ feed, reason, retryAtMs, overQuota }) => ({
      author: names(feed.author),
      lane: feed.lane,
      reason,
      retryAt: fromTime(retryAtMs),
      overQuota,
    })),
    notReady: [...backend.notReady()],
    damage: [...backend.damage()],
    warnings: [...(backend.warnings?.() ?? []), ...clockWarnings(summary, nameOf)],
    bundles: backend.bundles.sources().map(fromBundleSource),
    discoveries: mesh.discoveries().map(({ source, state, note }) => ({
      source: SOURCE[source],
      state: DISCOVERY[state],
      note,
    })),
    ...(mesh.receiveOnlySinceMs !== undefined && {
      receiveOnlySince: fromTime(mesh.receiveOnlySinceMs),
    }),
  };
}

export function fromPeerRow(row: PeerRow): MessageInitShape<typeof PeerSchema> {
  return {
    address: row.address,
    nodeId: row.nodeId,
    name: row.name,
    state: STATE[row.state],
    ...(row.roundTripMs !== undefined && { roundTrip: fromSpan(row.roundTripMs) }),
    ...(row.lastSeenMs !== undefined && { lastSeen: fromTime(row.lastSeenMs) }),
    lastError: row.lastError,
    bytesReceived: BigInt(row.bytesReceived),
    bytesSent: BigInt(row.bytesSent),
    attempts: row.attempts,
    outbound: row.outbound,
    ...(row.budgetBytesPerSecond !== undefined && {
      budgetBytesPerSecond: BigInt(Math.round(row.budgetBytesPerSecond)),
    }),
    receivedBytesPerSecond: BigInt(Math.round(row.receivedBytesPerSecond)),
    sentBytesPerSecond: BigInt(Math.round(row.sentBytesPerSecond)),
    stalls: row.stalls,
    ...(row.path !== undefined && { path: PATH[row.path] }),
    remoteAddress: row.remoteAddress,
    contacts: row.contacts.map(({ sources, names, ...contact }) => ({
      ...contact,
      sources: sources.map((source) => SOURCE[source]),
      names: [...names],
    })),
    linkClass: row.linkClass ?? '',
    lastLoss: row.lastLoss,
    ...(row.lastLostMs !== undefined && { lastLost: fromTime(row.lastLostMs) }),
  };
}
