// Rows of the model out of documents and messages. Whatever an agent wrote into its document is looked at before it is used. Pure.
import type { JsonObject, JsonValue } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import { type Freshness, Presence, PresenceReason, RowPath } from '../gen/holdfast/v1/common_pb.ts';
import type { Document } from '../gen/holdfast/v1/document_pb.ts';
import type { AgentRow, DeploymentRow } from './model.ts';

/** As the sidecar judges an agent that says nothing else. */
const DEFAULT_INTERVAL_MS = 10_000;
/** After so many intervals an agent is no longer alive, whatever else is known. */
const SUSPECT_AFTER_INTERVALS = 3;

/** `nowMs`: when it came, by this page's clock. */
export function agentOf({ id, value = {}, freshness }: Document, nowMs: number): AgentRow {
  return {
    agent: id,
    status: textOf(value.status),
    labels: textsOf(value.labels),
    versions: textsOf(value.versions),
    value,
    intervalMs: numberOf(value.intervalMs) ?? DEFAULT_INTERVAL_MS,
    presence: freshness?.presence ?? Presence.UNSPECIFIED,
    reason: freshness?.presenceReason ?? PresenceReason.UNSPECIFIED,
    bornMs: bornOf(freshness, nowMs),
    origin: freshness?.origin ?? '',
    path: freshness?.path ?? RowPath.UNSPECIFIED,
    relayedBy: freshness?.relayedBy ?? '',
  };
}

export function deploymentOf(
  { id, value = {}, freshness }: Document,
  nowMs: number,
): DeploymentRow {
  const colon = id.indexOf(':');
  return {
    agent: id.slice(0, colon),
    package: id.slice(colon + 1),
    version: textOf(value.version),
    state: textOf(value.state),
    bornMs: bornOf(freshness, nowMs),
  };
}

/** When the age of a row was zero, by this page's clock: no clock of another machine is compared with ours. */
export function bornOf(freshness: Freshness | undefined, nowMs: number): number {
  const age = freshness?.age;
  return age === undefined ? nowMs : nowMs - durationMs(age);
}

/** Whether a row is older than any agent that is alive: time to ask the sidecar how it judges it now. */
export function isOverdue({ presence, bornMs, intervalMs }: AgentRow, nowMs: number): boolean {
  return presence === Presence.ALIVE && nowMs - bornMs > SUSPECT_AFTER_INTERVALS * intervalMs;
}

export function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

export function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function textsOf(value: JsonValue | undefined): Record<string, string> {
  const texts = Object.entries(objectOf(value)).filter(([, one]) => typeof one === 'string');
  return Object.fromEntries(texts.map(([key, one]) => [key, textOf(one)]));
}
