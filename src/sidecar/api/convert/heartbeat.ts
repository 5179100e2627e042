// Heartbeats: what an agent sends, and the same as its platform document holds it, under the names of the API's JSON.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { type Beat, BY_SIDECAR, type JsonObject, type JsonValue } from '../../../core/index.ts';
import type {
  HeartbeatRequest,
  Telemetry,
  TelemetrySchema,
  Workload,
  WorkloadSchema,
} from '../../../gen/holdfast/v1/heartbeat_pb.ts';
import { checkedObject } from './json.ts';

const TELEMETRY_FIGURES = [
  'cpuPercent',
  'memoryPercent',
  'diskPercent',
  'swapPercent',
  'load1m',
  'load5m',
  'load15m',
  'uptimeSeconds',
  'networkReceivedBytesPerSecond',
  'networkSentBytesPerSecond',
] as const satisfies readonly (keyof Telemetry)[];
const WORKLOAD_TEXTS = [
  'name',
  'kind',
  'state',
  'version',
] as const satisfies readonly (keyof Workload)[];
const MAX_UINT32 = 2 ** 32 - 1;

/** What the heartbeat says, or undefined for a bare "still here". */
export function toBeat(request: HeartbeatRequest): Beat | undefined {
  if (isBare(request)) return undefined;
  return {
    status: request.status,
    workloads: request.workloads.map(toWorkloadJson),
    labels: request.labels,
    versions: request.versions,
    telemetry: request.telemetry === undefined ? {} : toTelemetryJson(request.telemetry),
    extra: request.extra === undefined ? {} : checkedObject(request.extra, 'extra'),
  };
}

function isBare(request: HeartbeatRequest): boolean {
  return (
    request.status === '' &&
    request.telemetry === undefined &&
    request.extra === undefined &&
    request.workloads.length === 0 &&
    isEmpty(request.labels) &&
    isEmpty(request.versions)
  );
}

function isEmpty(map: Readonly<Record<string, string>>): boolean {
  for (const _ in map) return false;
  return true;
}

/** Absent and empty fields stay out, so that the document holds what was said and no more. */
function toWorkloadJson(workload: Workload): JsonObject {
  const json: JsonObject = {};
  for (const name of WORKLOAD_TEXTS) if (workload[name] !== '') json[name] = workload[name];
  if (workload.cpuPercent !== undefined) json.cpuPercent = workload.cpuPercent;
  if (workload.memoryBytes !== undefined) json.memoryBytes = Number(workload.memoryBytes);
  return json;
}

function toTelemetryJson(telemetry: Telemetry): JsonObject {
  const json: JsonObject = {};
  for (const name of TELEMETRY_FIGURES) {
    const figure = telemetry[name];
    if (figure !== undefined) json[name] = figure;
  }
  if (telemetry.memoryTotalBytes !== undefined)
    json.memoryTotalBytes = Number(telemetry.memoryTotalBytes);
  if (telemetry.cpuCount !== undefined) json.cpuCount = telemetry.cpuCount;
  return json;
}

/** Documents come from other sidecars of any version, so what does not fit a field is left out instead of trusted. */
export function fromWorkloadJson(json: JsonObject): MessageInitShape<typeof WorkloadSchema> {
  const workload: MessageInitShape<typeof WorkloadSchema> = {};
  for (const name of WORKLOAD_TEXTS) workload[name] = textOf(json[name]);
  if (isFigure(json.cpuPercent)) workload.cpuPercent = json.cpuPercent;
  if (isCount(json.memoryBytes)) workload.memoryBytes = BigInt(json.memoryBytes);
  return workload;
}

/** As `fromWorkloadJson`. Undefined when no figure is known. */
export function fromTelemetryJson(
  json: JsonObject,
): MessageInitShape<typeof TelemetrySchema> | undefined {
  const telemetry: MessageInitShape<typeof TelemetrySchema> = {};
  for (const name of TELEMETRY_FIGURES) {
    const figure = json[name];
    if (isFigure(figure)) telemetry[name] = figure;
  }
  if (isCount(json.memoryTotalBytes)) telemetry.memoryTotalBytes = BigInt(json.memoryTotalBytes);
  if (isCount(json.cpuCount) && json.cpuCount <= MAX_UINT32) telemetry.cpuCount = json.cpuCount;
  if (Object.keys(telemetry).length === 0) return undefined;
  if (json.measuredBy === BY_SIDECAR) telemetry.measuredBy = BY_SIDECAR;
  return telemetry;
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function isFigure(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: JsonValue | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
