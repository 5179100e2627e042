// Platforms, deployments and holders of packages.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  FleetFilter as CoreFilter,
  RowOrder as CoreOrder,
  DeploymentRow,
  HolderRow,
  PlatformRow,
  ResponseOf,
} from '../../../core/index.ts';
import {
  type DeploymentSchema,
  type FleetFilter,
  type PackageHolderSchema,
  type PlatformSchema,
  RowOrder,
} from '../../../gen/holdfast/v1/fleet_pb.ts';
import {
  fromFreshness,
  fromPresence,
  fromSpan,
  type NodeNames,
  toCorePresences,
} from './common.ts';
import { fromTelemetryJson, fromWorkloadJson, textOf } from './heartbeat.ts';

export function fromPlatformRow(
  row: PlatformRow,
  names: NodeNames,
): MessageInitShape<typeof PlatformSchema> {
  const { beat } = row;
  const telemetry = fromTelemetryJson(beat.telemetry);
  return {
    agent: row.agent,
    status: beat.status,
    workloads: beat.workloads.map(fromWorkloadJson),
    labels: beat.labels,
    versions: beat.versions,
    ...(telemetry !== undefined && { telemetry }),
    extra: beat.extra,
    interval: fromSpan(row.intervalMs),
    returns: row.returns,
    freshness: fromFreshness(row.freshness, names),
  };
}

export function fromDeploymentRow(
  row: DeploymentRow,
  names: NodeNames,
): MessageInitShape<typeof DeploymentSchema> {
  return {
    agent: row.agent,
    package: row.package,
    version: textOf(row.value.version),
    state: textOf(row.value.state),
    value: row.value,
    freshness: fromFreshness(row.freshness, names),
  };
}

export function fromHolderRow(
  row: HolderRow,
  names: NodeNames,
): MessageInitShape<typeof PackageHolderSchema> {
  return {
    agent: row.agent,
    deployed: row.deployed,
    version: row.version,
    freshness: fromFreshness(row.freshness, names),
  };
}

const ORDER: Readonly<Record<RowOrder, CoreOrder>> = {
  [RowOrder.UNSPECIFIED]: 'name',
  [RowOrder.NAME]: 'name',
  [RowOrder.AGE]: 'age',
  [RowOrder.PRESENCE]: 'presence',
};

/** Which rows, in which order. What the request leaves out stays out. */
export function toChoice({
  filter,
  order,
}: {
  filter?: FleetFilter | undefined;
  order?: RowOrder;
}): { filter?: CoreFilter; order?: CoreOrder } {
  return {
    ...(filter !== undefined && { filter: toFilter(filter) }),
    ...(order !== undefined && order !== RowOrder.UNSPECIFIED && { order: ORDER[order] }),
  };
}

function toFilter({ idPrefix, agent, selector, presences }: FleetFilter): CoreFilter {
  return { idPrefix, agent, selector, presences: toCorePresences(presences) };
}

export function fromFleetSummary({
  agents,
  presences,
  versions,
  labels,
  statuses,
}: ResponseOf<'fleetSummary'>) {
  const counts = (['alive', 'suspect', 'unreachable', 'left'] as const).map((presence) => ({
    presence: fromPresence(presence),
    agents: presences[presence],
  }));
  return {
    agents,
    presences: counts.filter((one) => one.agents > 0),
    versions: [...versions],
    labels: [...labels],
    statuses: [...statuses],
  };
}
