// What a running sidecar says of itself: who it is, whom it reaches, what it holds, what is wrong.
import {
  type Certificate,
  type Clock,
  type ClockView,
  type Crypto,
  formatNodeId,
  type JsonObject,
} from '../../core/index.ts';
import type { AccessRow, Backend, PeerRow } from '../api/index.ts';
import type { Fleet } from '../identity/fleet.ts';

export interface MemberReportParts {
  readonly backend: Omit<Backend, 'admin'>;
  readonly fleet: Fleet;
  readonly clock: Clock;
  readonly crypto: Crypto;
  readonly api: JsonObject;
  access(): readonly AccessRow[];
}

export async function reportMember(parts: MemberReportParts): Promise<JsonObject> {
  const { backend, fleet, clock } = parts;
  const { info, mesh } = backend;
  const { wallMs, monotonicMs } = clock.now();
  const insight = backend.insight?.();
  const { hlcMs, ...store } = await storeOf(parts);
  return {
    running: true,
    identity: { nodeId: info.nodeId, name: info.name, agents: [...info.agents] },
    fleet: { mode: info.fleetMode, fingerprint: info.fleet },
    certificate: certificateOf(insight?.certificate ?? fleet.certificate),
    api: { ...parts.api, tokens: parts.access().map(({ holder }) => ({ ...holder })) },
    mesh: {
      address: mesh.address,
      paused: mesh.paused,
      receiveOnlySince: timeOf(mesh.receiveOnlySinceMs),
      discoveries: mesh.discoveries().map((row) => ({ ...row })),
      peers: mesh.peers().map(peerOf),
    },
    store,
    health: {
      notReady: [...backend.notReady()],
      damage: [...backend.damage()],
      warnings: [...(backend.warnings?.() ?? [])],
    },
    clock: {
      wall: timeOf(wallMs),
      monotonicMs: Math.round(monotonicMs),
      startedAt: timeOf(info.startedAtMs),
      ...(typeof hlcMs === 'number' && { hybridAheadMs: Math.round(hlcMs - wallMs) }),
      ...(insight && clockOf(parts, insight.clock)),
    },
    audit: auditOf(backend),
  };
}

async function storeOf({ backend, crypto }: MemberReportParts): Promise<JsonObject> {
  try {
    const summary = await backend.submit('summary', { scope: 'admin' }, {});
    const { documents, feeds, commits, stateHash, voidOps, hlcMs } = summary;
    const heldFeeds = summary.heldFeeds.map(({ feed, reason, retryAtMs, overQuota }) => {
      const author = formatNodeId(feed.author, crypto);
      return { author, lane: feed.lane, reason, overQuota, retryAt: timeOf(retryAtMs) };
    });
    const quarantined = summary.quarantined.map((document) => ({ ...document }));
    return { documents, feeds, commits, stateHash, voidOps, quarantined, heldFeeds, hlcMs };
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Null in an open fleet. */
function certificateOf(certificate: Certificate | undefined): JsonObject | null {
  if (certificate === undefined) return null;
  const { name, roles, agents, collections, generation, notBeforeMs, expiresMs } = certificate;
  return {
    ...{ name, roles: [...roles], agents: [...agents], collections: [...collections], generation },
    notBefore: timeOf(notBeforeMs),
    expires: timeOf(expiresMs),
  };
}

function clockOf(
  { backend, crypto }: MemberReportParts,
  { aheadMs, believedMs, ceilingMs, floorMs, suspect }: ClockView,
): JsonObject {
  return {
    suspect: suspect === undefined ? null : `it ${suspect}`,
    believed: timeOf(believedMs),
    floor: timeOf(floorMs),
    ceiling: timeOf(ceilingMs),
    others: [...aheadMs].map(([nodeId, ms]) => ({
      name: backend.nameOf?.(nodeId) ?? '',
      nodeId: formatNodeId(nodeId, crypto),
      aheadMs: Math.round(ms),
    })),
  };
}

/** Null where no audit log is kept. */
function auditOf({ audit }: Pick<Backend, 'audit'>): JsonObject | null {
  if (audit === undefined) return null;
  const { seq, hash } = audit.head();
  return { entries: seq, head: `${seq}:${hash}` };
}

function peerOf({ contacts, lastSeenMs, lastLostMs, ...peer }: PeerRow): JsonObject {
  const known = Object.entries(peer).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(known),
    lastSeen: timeOf(lastSeenMs),
    lastLost: timeOf(lastLostMs),
    contacts: contacts.map((contact) => ({
      ...contact,
      sources: [...contact.sources],
      names: [...contact.names],
    })),
  };
}

function timeOf(ms: number | undefined): string | null {
  return ms === undefined || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}
