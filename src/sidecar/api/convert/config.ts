// Configurations: entries, what is wanted for an agent, how far agents are. What is sealed leaves here redacted unless it was opened.
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  CONFIG_STATES,
  type CommandTarget,
  type ConfigEntryRow,
  type ConfigMark,
  type ConfigReport,
  type ConfigRevision,
  type ConfigStatusRow,
  type ConfigState as CoreState,
  type DesiredConfig,
  HoldfastError,
  isJsonObject,
  isSealedValue,
  type JsonObject,
  type JsonValue,
  REDACTED,
} from '../../../core/index.ts';
import {
  type ConfigEntrySchema,
  type ConfigMarkSchema,
  ConfigReportState,
  ConfigState,
  type ConfigStatusSchema,
  type DesiredConfigSchema,
  type ReportConfigRequest,
} from '../../../gen/holdfast/v1/config_pb.ts';
import { fromFreshness, fromTime, type NodeNames } from './common.ts';

const STATE: Readonly<Record<CoreState, ConfigState>> = {
  none: ConfigState.NONE,
  in_sync: ConfigState.IN_SYNC,
  attempted: ConfigState.ATTEMPTED,
  failed: ConfigState.FAILED,
  behind: ConfigState.BEHIND,
  blocked: ConfigState.BLOCKED,
};
const CORE_STATE = new Map(CONFIG_STATES.map((state) => [STATE[state], state]));

/** A sealed value of a configuration, opened or not. */
export interface OpenedPart {
  readonly path: readonly string[];
  readonly opened: { readonly value: JsonValue } | string;
}

/** A filter. UNSPECIFIED anywhere in it means every state. */
export function toConfigStates(states: readonly ConfigState[]): CoreState[] {
  const known = states.map((state) => CORE_STATE.get(state)).filter((state) => state !== undefined);
  return known.length < states.length ? [] : known;
}

export function toConfigTarget({
  agent,
  selector,
  role,
}: {
  readonly agent: string;
  readonly selector: string;
  readonly role: string;
}): CommandTarget {
  if ([agent, selector, role].filter((name) => name !== '').length !== 1) {
    throw new HoldfastError(
      'INVALID_FIELD',
      'agent: exactly one of agent, selector and role says whom it is for. Nothing was set.',
      { field: 'agent' },
    );
  }
  if (agent !== '') return { type: 'agent', agent };
  return selector === '' ? { type: 'role', role } : { type: 'selector', selector };
}

export function toConfigReport({ state, hash, message }: ReportConfigRequest): ConfigReport {
  if (state === ConfigReportState.FAILED) return { state: 'failed', hash, message };
  return { state: state === ConfigReportState.APPLIED ? 'applied' : 'attempted', hash };
}

/** What an entry is called and whom it is for. */
function entryName({ name, revision, config }: ConfigRevision) {
  const { target, priority, version, issuedAtMs, requestedBy } = config;
  return {
    name,
    ...(target.type === 'agent' && { agent: target.agent }),
    ...(target.type === 'selector' && { selector: target.selector }),
    ...(target.type === 'role' && { role: target.role }),
    priority: toCount(priority),
    revision,
    version: toCount(version),
    issuedAt: fromTime(issuedAtMs),
    requestedBy,
  };
}

export function fromConfigEntry(
  row: ConfigEntryRow,
  names: NodeNames,
): MessageInitShape<typeof ConfigEntrySchema> {
  return {
    ...entryName(row),
    patch: redacted(row.config.patch),
    superseded: !row.counts,
    freshness: fromFreshness(row.freshness, names),
  };
}

/** `parts`: what of it was opened for the agent that reads; the others are redacted. */
export function fromDesired(
  desired: DesiredConfig,
  parts: readonly OpenedPart[],
): MessageInitShape<typeof DesiredConfigSchema> {
  const config = redacted(desired.value);
  for (const { path, opened } of parts) {
    if (typeof opened !== 'string') replaceAt(config, path, opened.value);
  }
  return {
    agent: desired.agent,
    config,
    hash: desired.hash,
    effectiveHash: desired.effectiveHash,
    entries: desired.entries.map(entryName),
    secretPaths: desired.sealed.map(({ path }) => ({
      values: path.map((key) => ({ kind: { case: 'stringValue' as const, value: key } })),
    })),
    closed: parts.flatMap(({ path, opened }) =>
      typeof opened === 'string' ? [{ path: [...path], why: opened }] : [],
    ),
  };
}

export function fromConfigStatus(
  row: ConfigStatusRow,
  names: NodeNames,
): MessageInitShape<typeof ConfigStatusSchema> {
  const { attempted, effective, error, behindSinceMs, freshness } = row;
  return {
    agent: row.agent,
    state: STATE[row.state],
    desiredHash: row.desiredHash,
    entries: row.entries,
    ...(attempted !== undefined && { attempted: fromMark(attempted) }),
    ...(effective !== undefined && { effective: fromMark(effective) }),
    ...(error !== undefined && { error: { ...fromMark(error), message: error.message } }),
    ...(behindSinceMs !== undefined && { behindSince: fromTime(behindSinceMs) }),
    blocked: row.trouble,
    ...(freshness !== undefined && { freshness: fromFreshness(freshness, names) }),
  };
}

function fromMark({ hash, atMs }: ConfigMark): MessageInitShape<typeof ConfigMarkSchema> {
  return { hash, at: fromTime(atMs) };
}

/** A copy in which every sealed value, in lists too, is a word. */
function redacted(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, redactedValue(member)]),
  );
}

function redactedValue(value: JsonValue): JsonValue {
  if (isSealedValue(value)) return REDACTED;
  if (Array.isArray(value)) return value.map(redactedValue);
  return isJsonObject(value) ? redacted(value) : value;
}

function replaceAt(config: JsonObject, path: readonly string[], value: JsonValue): void {
  let at: JsonValue | undefined = config;
  for (const key of path.slice(0, -1)) at = isJsonObject(at) ? at[key] : undefined;
  const last = path.at(-1);
  if (isJsonObject(at) && last !== undefined) at[last] = value;
}

/** Another member may have written any number. */
function toCount(value: number): number {
  return Number.isSafeInteger(value) && value >= 0 && value < 2 ** 32 ? value : 0;
}
