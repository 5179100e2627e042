// Configurations: set by hubs, merged by each sidecar, applied by agents.
import { fromJson } from '@bufbuild/protobuf';
import { ValueSchema } from '@bufbuild/protobuf/wkt';
import type { Client } from '@connectrpc/connect';
import {
  type ConfigService,
  type GetDesiredConfigResponse,
  type ConfigEntry as WireEntry,
  type ConfigMark as WireMark,
  ConfigReportState as WireReportState,
  ConfigState as WireState,
  type ConfigStatus as WireStatus,
} from '../../gen/holdfast/v1/config_pb.ts';
import { call, Rows } from '../connection/call.ts';
import { fromFreshness, fromTimestamp } from '../convert.ts';
import type { CallOptions } from '../types.ts';
import type {
  ConfigEntry,
  ConfigMark,
  ConfigName,
  ConfigReport,
  ConfigState,
  ConfigStatus,
  DesiredConfig,
  SetConfigRequest,
} from './config-values.ts';

const STATES = {
  none: WireState.NONE,
  in_sync: WireState.IN_SYNC,
  attempted: WireState.ATTEMPTED,
  failed: WireState.FAILED,
  behind: WireState.BEHIND,
  blocked: WireState.BLOCKED,
} as const satisfies Record<ConfigState, WireState>;
const STATE_BY_NUMBER = new Map<number, ConfigState>(
  Object.entries(STATES).map(([name, number]) => [number, name as ConfigState]),
);
const REPORTS = {
  attempted: WireReportState.ATTEMPTED,
  applied: WireReportState.APPLIED,
  failed: WireReportState.FAILED,
} as const satisfies Record<ConfigReport['state'], WireReportState>;

/** Errors are HoldfastClientError. */
export interface ConfigCalls {
  /**
   * Sets an entry of configuration for an agent, a label selector or a role: a JSON merge patch. Entries that mean an agent are merged:
   * those for a role, then for selectors, then for the agent itself. Needs an operator's token.
   *
   * @example
   * await client.setConfig({ name: 'uplink', selector: 'site=north', patch: { uplink: { mtu: 1400, proxy: null } } });
   */
  setConfig(
    request: SetConfigRequest,
    options?: CallOptions,
  ): Promise<{ entry: ConfigEntry; changed: boolean; readers: readonly string[] }>;
  /** Reads an entry. Fails with NOT_FOUND. */
  getConfig(name: string, options?: ConfigName): Promise<ConfigEntry>;
  /** Reads all entries, or those that mean an agent, the one that has the last word at the end. */
  listConfigs(options?: ConfigName): Rows<ConfigEntry>;
  /** Removes an entry. What another hub sets meanwhile, without knowing of this, stays. */
  deleteConfig(
    name: string,
    options?: ConfigName & { ifRevision?: string | undefined },
  ): Promise<{ revisions: number }>;
  /** Reads what is wanted for an agent; for the agent itself with its sealed values opened. */
  desiredConfig(
    options?: ConfigName & {
      /** The hash of what the caller has already: then the content is left out, and nothing is opened. */
      knownHash?: string | undefined;
    },
  ): Promise<DesiredConfig>;
  /** Says that a configuration is tried, is in effect, or failed. Needs the agent's token. `watchConfig` does it. */
  reportConfig(report: ConfigReport, options?: CallOptions): Promise<ConfigStatus>;
  /** Reads how far agents are, by name. */
  listConfigStatus(
    options?: ConfigName & { states?: readonly ConfigState[] | undefined },
  ): Rows<ConfigStatus>;
}

export function configCalls(rpc: Client<typeof ConfigService>): ConfigCalls {
  return {
    setConfig: (request, options) =>
      call(options, async (connect) => {
        const { name, agent = '', selector = '', role = '', patch = {}, secrets = [] } = request;
        const { priority, ifRevision } = request;
        const message = {
          ...{ name, agent, selector, role, patch },
          ...(priority !== undefined && { priority }),
          ...(ifRevision !== undefined && { ifRevision }),
          secrets: secrets.map(({ path, value }) => ({
            path: [...path],
            value: fromJson(ValueSchema, value),
          })),
        };
        const { entry, changed, readers } = await rpc.set(message, connect);
        return { entry: fromEntry(entry), changed, readers };
      }),
    getConfig: (name, options) =>
      call(options, async (connect) =>
        fromEntry((await rpc.get({ name, agent: options?.agent ?? '' }, connect)).entry),
      ),
    listConfigs: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const request = { agent: options?.agent ?? '', ...query };
          const { entries, nextPageToken } = await rpc.list(request, connect);
          return { rows: entries.map(fromEntry), nextPageToken };
        }),
      ),
    deleteConfig: (name, options) =>
      call(options, async (connect) => {
        const { agent = '', ifRevision } = options ?? {};
        const request = { name, agent, ...(ifRevision !== undefined && { ifRevision }) };
        const { revisions } = await rpc.delete(request, connect);
        return { revisions };
      }),
    desiredConfig: (options) =>
      call(options, async (connect) =>
        fromDesired(
          await rpc.getDesired(
            { agent: options?.agent ?? '', knownHash: options?.knownHash ?? '' },
            connect,
          ),
        ),
      ),
    reportConfig: (report, options) =>
      call(options, async (connect) => {
        const message = report.state === 'failed' ? report.message : '';
        const request = { state: REPORTS[report.state], hash: report.hash, message };
        return fromStatus((await rpc.report(request, connect)).status);
      }),
    listConfigStatus: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const states = (options?.states ?? []).map((state) => STATES[state]);
          const request = { agent: options?.agent ?? '', states, ...query };
          const { agents, nextPageToken } = await rpc.listStatus(request, connect);
          return { rows: agents.map(fromStatus), nextPageToken };
        }),
      ),
  };
}

function fromEntry(entry: WireEntry | undefined): ConfigEntry {
  const { issuedAt, patch = {}, freshness: _freshness, ...rest } = entry ?? NO_ENTRY;
  const { name, agent, selector, role, priority, revision, version } = rest;
  const { requestedBy, superseded } = rest;
  return {
    ...{ name, agent, selector, role, patch, priority, revision, version },
    ...{ requestedBy, superseded, issuedAt: fromTimestamp(issuedAt) },
  };
}

const NO_ENTRY = {
  ...{ name: '', agent: '', selector: '', role: '', patch: {}, priority: 0, revision: '' },
  ...{ version: 0, requestedBy: '', superseded: false, issuedAt: undefined, freshness: undefined },
};

function fromDesired({ desired, unchanged }: GetDesiredConfigResponse): DesiredConfig {
  return {
    unchanged,
    agent: desired?.agent ?? '',
    config: desired?.config ?? {},
    hash: desired?.hash ?? '',
    entries: (desired?.entries ?? []).map(fromEntry),
    secretPaths: (desired?.secretPaths ?? []).map(({ values }) =>
      values.flatMap(({ kind }) => (kind.case === 'stringValue' ? [kind.value] : [])),
    ),
    closed: (desired?.closed ?? []).map(({ path, why }) => ({ path, why })),
    effectiveHash: desired?.effectiveHash ?? '',
  };
}

function fromStatus(status: WireStatus | undefined): ConfigStatus {
  return {
    agent: status?.agent ?? '',
    // What a newer sidecar adds is something the agent has not settled.
    state: STATE_BY_NUMBER.get(status?.state ?? 0) ?? 'behind',
    desiredHash: status?.desiredHash ?? '',
    entries: status?.entries ?? 0,
    attempted: fromMark(status?.attempted),
    effective: fromMark(status?.effective),
    error: fromMark(status?.error),
    behindSince: fromTimestamp(status?.behindSince),
    blocked: status?.blocked ?? '',
    freshness: status?.freshness === undefined ? undefined : fromFreshness(status.freshness),
  };
}

function fromMark(mark: WireMark | undefined): ConfigMark | undefined {
  if (mark === undefined) return undefined;
  const { hash, at, message } = mark;
  return { hash, at: fromTimestamp(at), message };
}
