// Platforms, deployments and holders of packages.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { DeploymentRow, HolderRow, PlatformRow } from '../../../core/index.ts';
import type {
  DeploymentSchema,
  PackageHolderSchema,
  PlatformSchema,
} from '../../../gen/holdfast/v1/fleet_pb.ts';
import { fromFreshness, fromSpan, type NodeNames } from './common.ts';
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
