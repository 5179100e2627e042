// ConfigService without WatchDesired: hubs set entries, agents read what is wanted and say what became of it.
import {
  type CommandTarget,
  GROUP_SCOPE,
  HoldfastError,
  isJsonObject,
  isSealedValue,
  type JsonObject,
  type JsonValue,
  type TokenHolder,
} from '../../../core/index.ts';
import { Ack } from '../../../gen/holdfast/v1/common_pb.ts';
import type { ConfigService, SetConfigRequest } from '../../../gen/holdfast/v1/config_pb.ts';
import type { Backend } from '../backend.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import {
  checkedObject,
  checkedValue,
  fromConfigEntry,
  fromConfigStatus,
  type NodeNames,
  toConfigReport,
  toConfigStates,
  toConfigTarget,
  toPageRequest,
} from '../convert/index.ts';
import { placeOfEntry, showDesired } from './desired-config.ts';

const DEFAULT_PRIORITY = 5;

type Port = Pick<Backend, 'secrets' | 'submit'>;

export function configService(
  backend: Port,
  names: NodeNames,
): UnaryHandlers<typeof ConfigService> {
  return {
    async set(request, caller) {
      const { name, priority = DEFAULT_PRIORITY, ifRevision } = request;
      const target = toConfigTarget(request);
      const { patch, readers } = await sealInto(backend, caller, request, target);
      const body = { target, name, patch, priority, ifRevision };
      const { entry, changed } = await backend.submit('setConfig', caller, body);
      return { entry: fromConfigEntry(entry, names), changed, ack: Ack.LOCAL, readers };
    },

    async get({ agent, name }, caller) {
      const { entry } = await backend.submit('getConfig', caller, { agent, name });
      return { entry: fromConfigEntry(entry, names) };
    },

    async list(request, caller) {
      const body = { ...toPageRequest(request), agent: request.agent };
      const { rows, nextPageToken } = await backend.submit('listConfigs', caller, body);
      return { entries: rows.map((row) => fromConfigEntry(row, names)), nextPageToken };
    },

    async delete({ agent, name, ifRevision }, caller) {
      const body = { agent, name, ifRevision };
      const { revisions } = await backend.submit('deleteConfig', caller, body);
      return { revisions, ack: Ack.LOCAL };
    },

    async getDesired({ agent, knownHash }, caller) {
      const desired = await backend.submit('desiredConfig', caller, { agent });
      const unchanged = desired.hash === knownHash;
      const shown = unchanged ? { ...desired, value: {}, sealed: [] } : desired;
      return { desired: showDesired(backend, caller, shown), unchanged };
    },

    async report(request, caller) {
      const { status } = await backend.submit('reportConfig', caller, toConfigReport(request));
      return { status: fromConfigStatus(status, names), ack: Ack.LOCAL };
    },

    async listStatus(request, caller) {
      const { rows, nextPageToken } = await backend.submit('listConfigStatus', caller, {
        ...toPageRequest(request),
        agent: request.agent,
        states: toConfigStates(request.states),
      });
      return { agents: rows.map((row) => fromConfigStatus(row, names)), nextPageToken };
    },
  };
}

/** The patch with the secrets sealed for whom the entry means, at their places. */
async function sealInto(
  backend: Port,
  caller: TokenHolder,
  { name, patch: given = {}, secrets }: SetConfigRequest,
  target: CommandTarget,
): Promise<{ patch: JsonObject; readers: string[] }> {
  const checked = checkedObject(given, 'patch');
  if (secrets.length === 0) return { patch: checked, readers: [] };
  const patch = structuredClone(checked);
  const agents =
    target.type === 'agent'
      ? [target.agent]
      : (await backend.submit('configTargets', caller, { target })).agents;
  const scope = target.type === 'agent' ? target.agent : GROUP_SCOPE;
  const readers = new Set<string>();
  for (const [index, { path, value }] of secrets.entries()) {
    const field = `secrets[${index}]`;
    const place = placeOfEntry({ scope, name }, path);
    const plain = checkedValue(value, `${field}.value`);
    const made =
      target.type === 'agent'
        ? backend.secrets.seal(plain, place)
        : backend.secrets.sealForMany(plain, place, agents);
    putAt(patch, path, made.sealed, field);
    for (const reader of made.readers) readers.add(reader);
  }
  return { patch, readers: [...readers] };
}

function putAt(patch: JsonObject, path: readonly string[], sealed: JsonObject, field: string) {
  let at = patch;
  for (const key of path.slice(0, -1)) {
    const inner: JsonValue = Object.hasOwn(at, key) ? (at[key] ?? null) : {};
    if (!isJsonObject(inner) || isSealedValue(inner) || key === '__proto__') {
      throw misplaced(field);
    }
    at[key] = inner;
    at = inner;
  }
  const last = path.at(-1) ?? '';
  if (Object.hasOwn(at, last) || last === '__proto__') throw misplaced(field);
  at[last] = sealed;
}

function misplaced(field: string): HoldfastError {
  return new HoldfastError(
    'INVALID_FIELD',
    `${field}.path: the patch has something else there already. Nothing was set; leave one of them out.`,
    { field: `${field}.path` },
  );
}
