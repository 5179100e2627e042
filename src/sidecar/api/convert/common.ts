// What several services convert alike: acks, times, pages, and how fresh a row is.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  type Duration,
  type DurationSchema,
  durationMs,
  type Timestamp,
  timestampFromMs,
} from '@bufbuild/protobuf/wkt';
import {
  type Aged,
  type Ack as CoreAck,
  type Presence as CorePresence,
  type PresenceReason as CoreReason,
  type Freshness,
  formatNodeId,
  type Hash,
  type NodeId,
  type PageRequest,
} from '../../../core/index.ts';
import {
  Ack,
  type FreshnessSchema,
  Presence,
  PresenceReason,
  RowPath,
} from '../../../gen/holdfast/v1/common_pb.ts';
import { DEFAULT_PAGE_SIZE } from '../calls/limits.ts';

/** Node ids as people see them, the form that MeshService shows. */
export type NodeNames = (node: NodeId) => string;

/** Ids kept as text. Far more than the nodes of a fleet; beyond it all are made again. */
const MAX_NODE_NAMES = 10_000;

export function createNodeNames(hash: Hash): NodeNames {
  const nameByNode = new Map<NodeId, string>();
  return (node) => {
    if (node === '') return '';
    let name = nameByNode.get(node);
    if (name === undefined) {
      if (nameByNode.size >= MAX_NODE_NAMES) nameByNode.clear();
      name = formatNodeId(node, hash);
      nameByNode.set(node, name);
    }
    return name;
  };
}

/** `unspecified` is the method's own default. */
export function toCoreAck(ack: Ack, unspecified: CoreAck): CoreAck {
  if (ack === Ack.MEMORY) return 'memory';
  return ack === Ack.LOCAL ? 'local' : unspecified;
}

export function fromCoreAck(ack: CoreAck): Ack {
  return ack === 'memory' ? Ack.MEMORY : Ack.LOCAL;
}

export function toMs(duration: Duration | undefined, absent: number): number {
  return duration === undefined ? absent : durationMs(duration);
}

/** The last millisecond of the year 9999, the last one a Timestamp can name. A sidecar with a broken clock may claim more. */
const LAST_TIMESTAMP_MS = 253_402_300_799_999;

export function fromTime(ms: number): Timestamp {
  return timestampFromMs(Math.min(Math.max(0, Math.round(ms)), LAST_TIMESTAMP_MS));
}

/** Spans keep fractions of a millisecond, which a round trip on a fast link is. */
export function fromSpan(ms: number): MessageInitShape<typeof DurationSchema> {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.floor((ms - seconds * 1000) * 1_000_000) };
}

export function toPageRequest(request: { pageSize: number; pageToken: string }): PageRequest {
  return {
    pageSize: request.pageSize === 0 ? DEFAULT_PAGE_SIZE : request.pageSize,
    pageToken: request.pageToken,
  };
}

export function toAged({ maxAge }: { maxAge?: Duration | undefined }): Aged {
  return maxAge === undefined ? {} : { maxAgeMs: durationMs(maxAge) };
}

const PRESENCE: Readonly<Record<CorePresence, Presence>> = {
  alive: Presence.ALIVE,
  suspect: Presence.SUSPECT,
  unreachable: Presence.UNREACHABLE,
  left: Presence.LEFT,
};

const REASON: Readonly<Record<CoreReason, PresenceReason>> = {
  heartbeats: PresenceReason.HEARTBEATS,
  'cut-off': PresenceReason.CUT_OFF,
  settling: PresenceReason.SETTLING,
  returning: PresenceReason.RETURNING,
  goodbye: PresenceReason.GOODBYE,
};

const PATH: Readonly<Record<Freshness['path']['kind'], RowPath>> = {
  own: RowPath.OWN,
  direct: RowPath.DIRECT,
  relayed: RowPath.RELAYED,
  bundle: RowPath.BUNDLE,
  unknown: RowPath.UNSPECIFIED,
};

export function fromPresence(presence: CorePresence): Presence {
  return PRESENCE[presence];
}

const CORE_PRESENCE = new Map<number, CorePresence>([
  [Presence.ALIVE, 'alive'],
  [Presence.SUSPECT, 'suspect'],
  [Presence.UNREACHABLE, 'unreachable'],
  [Presence.LEFT, 'left'],
]);

/** A filter. UNSPECIFIED anywhere in it means every presence. */
export function toCorePresences(presences: readonly Presence[]): CorePresence[] {
  const known = presences.flatMap((presence) => CORE_PRESENCE.get(presence) ?? []);
  return known.length < presences.length ? [] : known;
}

export function fromFreshness(
  freshness: Freshness,
  names: NodeNames,
): MessageInitShape<typeof FreshnessSchema> {
  return {
    observedAt: fromTime(freshness.observedAtMs),
    receivedAt: fromTime(freshness.receivedAtMs),
    age: fromSpan(freshness.ageMs),
    presence:
      freshness.presence === undefined ? Presence.UNSPECIFIED : PRESENCE[freshness.presence],
    presenceReason:
      freshness.presenceReason === undefined
        ? PresenceReason.UNSPECIFIED
        : REASON[freshness.presenceReason],
    revision: freshness.revision,
    origin: names(freshness.origin),
    path: PATH[freshness.path.kind],
    ...(freshness.path.kind === 'relayed' && { relayedBy: names(freshness.path.by) }),
    heardAge: fromSpan(freshness.heardAgeMs),
  };
}
