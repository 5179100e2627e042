// Between messages of the API and plain values: what agents send and read. operator-convert.ts does the same for operators.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Duration,
  DurationSchema,
  type Timestamp,
  timestampDate,
} from '@bufbuild/protobuf/wkt';
import {
  Ack as WireAck,
  type Freshness as WireFreshness,
  Presence as WirePresence,
} from '../gen/holdfast/v1/common_pb.ts';
import type { Document } from '../gen/holdfast/v1/document_pb.ts';
import type {
  Deployment as WireDeployment,
  PackageHolder as WireHolder,
  Platform as WirePlatform,
} from '../gen/holdfast/v1/fleet_pb.ts';
import type {
  HeartbeatRequestSchema,
  Telemetry as WireTelemetry,
  Workload as WireWorkload,
} from '../gen/holdfast/v1/heartbeat_pb.ts';
import type {
  Ack,
  Beat,
  Deployment,
  DocumentRow,
  Freshness,
  PackageHolder,
  Platform,
  Presence,
  Telemetry,
  Workload,
} from './types.ts';

const MS_PER_SECOND = 1_000;
const NANOS_PER_MS = 1_000_000;

export function durationMs(duration: Duration): number {
  return Number(duration.seconds) * MS_PER_SECOND + duration.nanos / NANOS_PER_MS;
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
]);

export function fromFreshness(freshness: WireFreshness | undefined): Freshness {
  return {
    observedAt: fromTimestamp(freshness?.observedAt),
    receivedAt: fromTimestamp(freshness?.receivedAt),
    ageMs: freshness?.age === undefined ? 0 : durationMs(freshness.age),
    presence: PRESENCES.get(freshness?.presence ?? 0),
    revision: freshness?.revision ?? '',
    origin: freshness?.origin ?? '',
  };
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

function fromWorkload(workload: WireWorkload): Workload {
  const { name, kind, state, version, cpuPercent, memoryBytes } = workload;
  return {
    name,
    kind,
    state,
    version,
    cpuPercent,
    memoryBytes: memoryBytes === undefined ? undefined : Number(memoryBytes),
  };
}

export function fromTelemetry(telemetry: WireTelemetry | undefined): Telemetry {
  if (telemetry === undefined) return {};
  const { $typeName: _, $unknown: __, memoryTotalBytes, measuredBy, ...figures } = telemetry;
  return {
    ...figures,
    ...(measuredBy === 'sidecar' ? { measuredBy } : {}),
    ...(memoryTotalBytes === undefined ? {} : { memoryTotalBytes: Number(memoryTotalBytes) }),
  };
}

export function fromPlatform(platform: WirePlatform): Platform {
  const { agent, status, workloads, labels, versions, telemetry, extra, interval } = platform;
  return {
    agent,
    status,
    workloads: workloads.map(fromWorkload),
    labels,
    versions,
    telemetry: fromTelemetry(telemetry),
    extra: extra ?? {},
    intervalMs: interval === undefined ? 0 : durationMs(interval),
    freshness: fromFreshness(platform.freshness),
  };
}

export function fromDeployment(row: WireDeployment): Deployment {
  const { agent, version, state, value } = row;
  const freshness = fromFreshness(row.freshness);
  return { agent, package: row.package, version, state, value: value ?? {}, freshness };
}

export function fromHolder({ agent, deployed, version, freshness }: WireHolder): PackageHolder {
  return { agent, deployed, version, freshness: fromFreshness(freshness) };
}
