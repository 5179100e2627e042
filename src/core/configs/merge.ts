// How the entries that mean one agent become its configuration. Pure, and the same on every member that has the same entries.
//
//   revisions of an entry ─newest by order─► its winner ─┐
//   role entries < selector entries < agent's entries    ├─ in this order, merge patch after merge patch ─► value ─► hash
//   then priority, then order                           ─┘
import { toBase32, utf8 } from '../values/bytes.ts';
import type { ConfigRevision, ConfigTarget, SealedPart } from '../values/config-values.ts';
import type { Hash } from '../values/environment.ts';
import {
  canonicalJson,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jsonEqual,
} from '../values/json.ts';
import { isSealedValue } from '../values/sealed-value.ts';
import { entryId, revisionOrder } from './config-document.ts';
import { MAX_CONFIG_BYTES, MAX_CONFIG_SECRETS, MAX_ENTRIES_OF_AGENT } from './limits.ts';

export interface MergedConfig<Revision extends ConfigRevision = ConfigRevision> {
  /** With its sealed values closed. */
  readonly value: JsonObject;
  /** 52 characters of base32: BLAKE2b of the value as canonical JSON. */
  readonly hash: string;
  /** What it is made of, the one that has the last word at the end. */
  readonly entries: readonly Revision[];
  readonly sealed: readonly SealedPart[];
  /** Why no agent is given it; empty where it is. */
  readonly trouble: string;
}

/** The larger, the later it is merged: what is said to fewer has the last word. */
const RANK: Readonly<Record<ConfigTarget['type'], number>> = { role: 0, selector: 1, agent: 2 };

/** The revision of each entry that counts: of several, which hubs wrote without knowing of each other, the newest by order. */
export function winnersOf<Revision extends ConfigRevision>(
  revisions: Iterable<Revision>,
): Map<string, Revision> {
  const winners = new Map<string, Revision>();
  for (const revision of revisions) {
    const id = entryId(revision);
    const other = winners.get(id);
    if (other === undefined || revisionOrder(other) < revisionOrder(revision)) {
      winners.set(id, revision);
    }
  }
  return winners;
}

/** `entries`: those that mean one agent, in any order. */
export function mergeConfig<Revision extends ConfigRevision>(
  entries: readonly Revision[],
  hash: Hash,
): MergedConfig<Revision> {
  const sorted = entries.toSorted(byMergeOrder);
  const value = sorted.reduce<JsonObject>(
    (merged, { config }) => mergeObject(merged, config.patch),
    {},
  );
  const text = canonicalJson(value);
  const sealed = sealedIn(value, sorted);
  return {
    value,
    hash: toBase32(hash.blake2b(utf8(text))),
    entries: sorted,
    sealed,
    trouble: hasSealedInList(value)
      ? SEALED_IN_LIST
      : troubleOf(sorted.length, utf8(text).length, sealed.length),
  };
}

function byMergeOrder(a: ConfigRevision, b: ConfigRevision): number {
  const rank = RANK[a.config.target.type] - RANK[b.config.target.type];
  if (rank !== 0) return rank;
  if (a.config.priority !== b.config.priority) return a.config.priority - b.config.priority;
  return revisionOrder(a) < revisionOrder(b) ? -1 : 1;
}

/** JSON merge patch, except that a sealed value is one value: it replaces, and is replaced, as a whole. */
function mergeObject(target: JsonValue | undefined, patch: JsonObject): JsonObject {
  const merged: JsonObject = isOpenObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = isOpenObject(value) ? mergeObject(merged[key], value) : value;
  }
  return merged;
}

/** An object whose members count one by one. */
function isOpenObject(value: JsonValue | undefined): value is JsonObject {
  return isJsonObject(value) && !isSealedValue(value as JsonValue);
}

/** Values in lists stay closed, as in every document. */
function sealedIn(value: JsonObject, sorted: readonly ConfigRevision[]): SealedPart[] {
  const found: SealedPart[] = [];
  const walk = (object: JsonObject, path: readonly string[]): void => {
    for (const [key, member] of Object.entries(object)) {
      const at = [...path, key];
      if (isSealedValue(member)) {
        const from = sorted.findLast(({ config }) => jsonEqual(valueAt(config.patch, at), member));
        if (from !== undefined) {
          found.push({ path: at, scope: from.scope, name: from.name, value: member });
        }
      } else if (isJsonObject(member)) {
        walk(member, at);
      }
    }
  };
  walk(value, []);
  return found;
}

function valueAt(value: JsonObject, path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>(
    (inner, key) => (isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

/** No path leads into a list, so nothing in one can be bound to its place, and opened. */
export const SEALED_IN_LIST = 'a sealed value lies in a list, where it cannot be opened';

export function hasSealedInList(value: JsonValue, isInList = false): boolean {
  if (isSealedValue(value)) return isInList;
  if (Array.isArray(value)) return value.some((item) => hasSealedInList(item, true));
  if (!isJsonObject(value)) return false;
  return Object.values(value).some((member) => hasSealedInList(member, isInList));
}

function troubleOf(entries: number, bytes: number, secrets: number): string {
  if (entries > MAX_ENTRIES_OF_AGENT) {
    return `${entries} entries mean the agent, at most ${MAX_ENTRIES_OF_AGENT} are merged`;
  }
  if (bytes > MAX_CONFIG_BYTES) {
    return `its configuration has ${bytes} bytes of JSON, at most ${MAX_CONFIG_BYTES} are given to an agent`;
  }
  return secrets > MAX_CONFIG_SECRETS
    ? `its configuration has ${secrets} sealed values, at most ${MAX_CONFIG_SECRETS} are opened`
    : '';
}
