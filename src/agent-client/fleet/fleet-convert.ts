// The fleet's messages as plain values, and which of it is asked for.

import type { MessageInitShape } from '@bufbuild/protobuf';
import { Presence as WirePresence } from '../../gen/holdfast/v1/common_pb.ts';
import type { FleetFilterSchema } from '../../gen/holdfast/v1/fleet_pb.ts';
import {
  RowOrder,
  type SummaryResponse,
  type Deployment as WireDeployment,
  type PackageHolder as WireHolder,
  type Platform as WirePlatform,
} from '../../gen/holdfast/v1/fleet_pb.ts';
import type {
  Telemetry as WireTelemetry,
  Workload as WireWorkload,
} from '../../gen/holdfast/v1/heartbeat_pb.ts';
import { durationMs, fromFreshness, fromPresence, fromReach } from '../convert.ts';
import type {
  Deployment,
  FleetChoice,
  FleetSummary,
  PackageHolder,
  Platform,
  Presence,
  Telemetry,
  Workload,
} from '../types.ts';

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
    returns: platform.returns,
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

const PRESENCES: Readonly<Record<Presence, WirePresence>> = {
  alive: WirePresence.ALIVE,
  suspect: WirePresence.SUSPECT,
  unreachable: WirePresence.UNREACHABLE,
  left: WirePresence.LEFT,
};

const ORDERS = {
  name: RowOrder.NAME,
  age: RowOrder.AGE,
  presence: RowOrder.PRESENCE,
} as const;

export function toChoice(choice: FleetChoice | undefined): {
  filter: MessageInitShape<typeof FleetFilterSchema>;
  order: RowOrder;
} {
  const { idPrefix = '', agent = '', selector = '', presences = [], order } = choice ?? {};
  return {
    filter: { idPrefix, agent, selector, presences: presences.map((one) => PRESENCES[one]) },
    order: order === undefined ? RowOrder.UNSPECIFIED : ORDERS[order],
  };
}

export function fromSummary(response: SummaryResponse): FleetSummary {
  const presences = { alive: 0, suspect: 0, unreachable: 0, left: 0 };
  for (const { presence, agents } of response.presences) {
    const known = fromPresence(presence);
    if (known !== undefined) presences[known] = agents;
  }
  const { agents, versions, labels, statuses, reach } = response;
  return { ...{ agents, presences, versions, labels, statuses }, reach: fromReach(reach) };
}
