// What an agent that has not integrated says of itself, as the documents it would write: a heartbeat, deployments, packages. Pure.
import {
  type Beat,
  isDocumentKey,
  isJsonObject,
  type JsonObject,
  type JsonValue,
} from '../../core/index.ts';

/** In every document that the watcher wrote: what it may change and delete again. */
export const BY_WATCHER = 'watcher';

/** Documents of one collection by id, and how many entries have no name that an id can hold. */
export interface Told {
  readonly valueById: ReadonlyMap<string, JsonObject>;
  readonly nameless: number;
}

/** An answer that is not of the form it must have: nothing of it counts. */
export class MalformedAnswerError extends Error {
  override readonly name = 'MalformedAnswerError';
}

/** Each is a document that is replicated; an agent with more is to integrate. */
export const MAX_ENTRIES = 512;
/** Of a text from the agent that goes into a document. */
const MAX_TEXT = 256;
const MAX_ANNOTATIONS = 64;
const VISIBLE = /^[^\p{Cc}]+$/u;

/** `GET /status`, as the heartbeat it stands for. Throws MalformedAnswerError. */
export function readStatus(body: string): Beat {
  const status = objectOf(body);
  return {
    status: textOf(status.k8sNodeStatus) ?? 'ok',
    workloads: [],
    labels: present({
      architecture: textOf(status.architecture),
      classification: textOf(status.classification),
      'run-mode': textOf(status.runMode),
    }),
    versions: present({
      agent: textOf(status.version),
      kubernetes: textOf(status.k8sVersion),
      zarf: textOf(status.zarfVersion),
    }),
    telemetry: {},
    extra: { observedBy: BY_WATCHER },
  };
}

/** `ListPackages`, as deployments of the agent. Throws MalformedAnswerError. */
export function readPackages(agent: string, body: string): Told {
  const entries = listOf(objectOf(body).packages, 'packages');
  const collected = new Collected('deployments', agent);
  for (const entry of entries) {
    const name = textOf(entry.name);
    const namespace = textOf(entry.namespaceOverride);
    const value = present({
      version: textOf(entry.version),
      state: wordOf(entry.status),
      flavor: textOf(entry.flavor),
      namespace,
      annotations: annotationsOf(entry.annotations),
    });
    // A package that is deployed twice is so in two namespaces.
    collected.add([name, name && namespace && `${name}@${namespace}`], value);
  }
  return collected;
}

/** `ListPulledPackages`, as packages of the agent. Throws MalformedAnswerError. */
export function readPulledPackages(agent: string, body: string): Told {
  const collected = new Collected('packages', agent);
  for (const registry of listOf(objectOf(body).registries, 'registries')) {
    for (const held of listOf(registry.packages, 'packages')) {
      for (const tag of listOf(held.tags, 'tags')) {
        const reference = textOf(tag.reference);
        const architecture = textOf(tag.arch);
        const pull = isJsonObject(tag.pullInfo) ? tag.pullInfo : {};
        const value = present({
          package: textOf(held.packageName) ?? textOf(held.repoName),
          registry: textOf(registry.host) ?? textOf(registry.name),
          ...{ reference, architecture },
          version: textOf(tag.version),
          totalBytes: countOf(tag.totalBytes),
          state: wordOf(pull.status),
        });
        const suffix = architecture === undefined ? '' : `-${architecture}`;
        collected.add([reference && `${reference}${suffix}`], value);
      }
    }
  }
  return collected;
}

class Collected implements Told {
  readonly valueById = new Map<string, JsonObject>();
  nameless = 0;
  readonly #collection: string;
  readonly #agent: string;

  constructor(collection: string, agent: string) {
    this.#collection = collection;
    this.#agent = agent;
  }

  /** Under the first of the names that is one and is free. */
  add(names: readonly (string | undefined)[], value: JsonObject): void {
    const ids = names
      .filter((name) => name !== undefined)
      .map((name) => `${this.#agent}:${name}`)
      .filter((id) => isDocumentKey(this.#collection, id) && !this.valueById.has(id));
    const [id] = ids;
    if (id === undefined) {
      this.nameless += 1;
      return;
    }
    if (this.valueById.size >= MAX_ENTRIES) {
      throw new MalformedAnswerError(`names more than ${MAX_ENTRIES}; nothing of it was taken`);
    }
    this.valueById.set(id, { ...value, observedBy: BY_WATCHER });
  }
}

function objectOf(body: string): JsonObject {
  let json: JsonValue;
  try {
    json = JSON.parse(body);
  } catch {
    throw new MalformedAnswerError('is no JSON');
  }
  if (isJsonObject(json)) return json;
  throw new MalformedAnswerError('is no JSON object');
}

/** In protobuf's JSON an empty list may be left out. */
function listOf(value: JsonValue | undefined, name: string): JsonObject[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.every(isJsonObject)) return value;
  throw new MalformedAnswerError(`has no list of objects in "${name}"`);
}

/** Undefined for what is no text, or not one line that people can read. */
function textOf(value: JsonValue | undefined): string | undefined {
  const isText = typeof value === 'string' && value.length <= MAX_TEXT && VISIBLE.test(value);
  return isText ? value : undefined;
}

/** Enums are names or numbers. */
function wordOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : textOf(value);
}

/** 64-bit numbers are texts in protobuf's JSON. */
function countOf(value: JsonValue | undefined): number | undefined {
  const count = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function annotationsOf(value: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(value)) return undefined;
  const pairs = Object.entries(value)
    .filter(([name, text]) => name !== '__proto__' && textOf(name) && textOf(text) !== undefined)
    .slice(0, MAX_ANNOTATIONS);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/** What is not there is no field. */
function present<Value>(
  fields: Readonly<Record<string, Value | undefined>>,
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(fields).filter((pair): pair is [string, Value] => pair[1] !== undefined),
  );
}
