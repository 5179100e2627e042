// Between messages of the API and plain values: what agents send and read. operator-convert.ts does the same for operators.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  timestampDate,
  timestampFromDate,
} from '@bufbuild/protobuf/wkt';
import {
  Ack as WireAck,
  type Freshness as WireFreshness,
  type MemberReach as WireMemberReach,
  RowPath as WirePath,
  Presence as WirePresence,
  type Reach as WireReach,
  PresenceReason as WireReason,
} from '../gen/holdfast/v1/common_pb.ts';
import type { Document } from '../gen/holdfast/v1/document_pb.ts';
import type { HeartbeatRequestSchema } from '../gen/holdfast/v1/heartbeat_pb.ts';
import type {
  Ack,
  Beat,
  DocumentRow,
  Freshness,
  MemberReach,
  Presence,
  PresenceReason,
  Reach,
  ReadOptions,
  RowPath,
  Telemetry,
  Workload,
} from './types.ts';

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

export function durationMs(duration: Duration): number {
  return Number(duration.seconds) * MS_PER_SECOND + duration.nanos / NANOS_PER_MS;
}

/** Whole milliseconds. */
export function toTimestamp(date: Date): Timestamp {
  return timestampFromDate(date);
}

export function toDuration(ms: number): Duration {
  const seconds = Math.floor(ms / MS_PER_SECOND);
  const nanos = Math.round((ms - seconds * MS_PER_SECOND) * NANOS_PER_MS);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

export function fromTimestamp(timestamp: Timestamp | undefined): Date | undefined {
  return timestamp === undefined ? undefined : timestampDate(timestamp);
}

export function toAck(ack: Ack | undefined): WireAck {
  if (ack === undefined) return WireAck.UNSPECIFIED;
  return ack === 'memory' ? WireAck.MEMORY : WireAck.LOCAL;
}

export function fromAck(ack: WireAck): Ack | undefined {
  if (ack === WireAck.MEMORY) return 'memory';
  return ack === WireAck.LOCAL ? 'local' : undefined;
}

const PRESENCES = new Map<number, Presence>([
  [WirePresence.ALIVE, 'alive'],
  [WirePresence.SUSPECT, 'suspect'],
  [WirePresence.UNREACHABLE, 'unreachable'],
  [WirePresence.LEFT, 'left'],
]);

const REASONS = new Map<number, PresenceReason>([
  [WireReason.HEARTBEATS, 'heartbeats'],
  [WireReason.CUT_OFF, 'cut-off'],
  [WireReason.SETTLING, 'settling'],
  [WireReason.RETURNING, 'returning'],
  [WireReason.GOODBYE, 'goodbye'],
]);

const PATHS = new Map<number, RowPath>([
  [WirePath.OWN, 'own'],
  [WirePath.DIRECT, 'direct'],
  [WirePath.RELAYED, 'relayed'],
  [WirePath.BUNDLE, 'bundle'],
]);

export function fromPresence(presence: WirePresence): Presence | undefined {
  return PRESENCES.get(presence);
}

export function fromFreshness(freshness: WireFreshness | undefined): Freshness {
  return {
    observedAt: fromTimestamp(freshness?.observedAt),
    receivedAt: fromTimestamp(freshness?.receivedAt),
    ageMs: freshness?.age === undefined ? 0 : durationMs(freshness.age),
    presence: PRESENCES.get(freshness?.presence ?? 0),
    presenceReason: REASONS.get(freshness?.presenceReason ?? 0),
    revision: freshness?.revision ?? '',
    origin: freshness?.origin ?? '',
    path: PATHS.get(freshness?.path ?? 0),
    relayedBy: freshness?.relayedBy ?? '',
    heardAgeMs: freshness?.heardAge === undefined ? 0 : durationMs(freshness.heardAge),
  };
}

/** Absent where the sidecar does not know, because its store is being opened again. */
export function fromReach(reach: WireReach | undefined): Reach | undefined {
  if (reach === undefined) return undefined;
  const { cutOff, members, membersBehind, furthest } = reach;
  return {
    ...{ cutOff, members, membersBehind },
    missingCommits: Number(reach.missingCommits),
    completeUntil: fromTimestamp(reach.completeUntil),
    lastHubContact: fromTimestamp(reach.lastHubContact),
    furthest: furthest.map(fromMemberReach),
  };
}

export function fromMemberReach(row: WireMemberReach): MemberReach {
  const { nodeId, name, linked, hub } = row;
  const heardAt = fromTimestamp(row.heardAt);
  return { nodeId, name, heardAt, missingCommits: Number(row.missingCommits), linked, hub };
}

/** What a read asks of the age of rows, as the API takes it. */
export function toMaxAge(options: ReadOptions | undefined): { maxAge?: Duration } {
  const maxAgeMs = options?.maxAgeMs;
  return maxAgeMs === undefined ? {} : { maxAge: toDuration(maxAgeMs) };
}

export function fromDocument(document: Document | undefined): DocumentRow {
  return {
    collection: document?.collection ?? '',
    id: document?.id ?? '',
    value: document?.value ?? {},
    freshness: fromFreshness(document?.freshness),
  };
}

/** Absent fields stay absent: on the wire an absent figure means "not measured". */
export function toHeartbeat(beat: Beat): MessageInitShape<typeof HeartbeatRequestSchema> {
  const { workloads, labels, versions, telemetry, extra } = beat;
  return {
    status: beat.status ?? '',
    workloads: workloads?.map(toWorkload) ?? [],
    labels: { ...labels },
    versions: { ...versions },
    ...(telemetry === undefined ? {} : { telemetry: toTelemetry(telemetry) }),
    ...(extra === undefined ? {} : { extra }),
  };
}

function toWorkload({ memoryBytes, cpuPercent, ...words }: Workload) {
  return {
    name: words.name,
    kind: words.kind ?? '',
    state: words.state ?? '',
    version: words.version ?? '',
    cpuPercent,
    memoryBytes: memoryBytes === undefined ? undefined : BigInt(Math.round(memoryBytes)),
  };
}

/** Who measured is for the sidecar to say. */
function toTelemetry({ memoryTotalBytes, ...figures }: Telemetry) {
  return {
    ...figures,
    measuredBy: '',
    memoryTotalBytes:
      memoryTotalBytes === undefined ? undefined : BigInt(Math.round(memoryTotalBytes)),
  };
}
