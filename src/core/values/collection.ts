// The rules of a named set of documents: who writes them, which lane carries them, which agent they belong to.

import { MAX_DOCUMENT_BYTES, MAX_DOCUMENT_DEPTH } from '../config.ts';
import { utf8 } from './bytes.ts';
import type { Caller } from './caller.ts';
import { HoldfastError } from './error.ts';
import type { KnownLane } from './ids.ts';
import { type JsonObject, type JsonValue, jsonDepth } from './json.ts';

/**
 * Who may write a document, decided by its key alone: `owned` by the sidecar that serves the agent in the id, `node` by the node
 * whose id is the document's, `immutable` created once and never edited, `shared` by every member, with Automerge merging fields.
 * Receivers hold to it only for `node`: everybody can see who signed a commit, and nobody who serves an agent.
 */
export type WriterClass = 'owned' | 'node' | 'immutable' | 'shared';

export interface CollectionRules {
  readonly class: WriterClass;
  readonly lane: KnownLane;
  /** What writes it instead of DocumentService; undefined when that does. */
  readonly writtenBy: string | undefined;
  /** What separates the agent's name from the rest of an id; undefined when the whole id is the agent's name. */
  readonly separator: ':' | '/' | undefined;
}

/** One document a node, of what it has to tell the others. */
const NODES_OWN: CollectionRules = {
  class: 'node',
  lane: 'state',
  writtenBy: 'the sidecar itself',
  separator: undefined,
};

const WELL_KNOWN: Readonly<Record<string, CollectionRules>> = {
  platforms: { class: 'owned', lane: 'pulse', writtenBy: 'HeartbeatService', separator: undefined },
  deployments: { class: 'owned', lane: 'state', writtenBy: undefined, separator: ':' },
  packages: { class: 'owned', lane: 'state', writtenBy: undefined, separator: ':' },
  commands: { class: 'immutable', lane: 'command', writtenBy: 'CommandService', separator: '/' },
  'command-status': {
    class: 'owned',
    lane: 'command',
    writtenBy: 'CommandService',
    separator: '/',
  },
  'command-cancels': {
    class: 'immutable',
    lane: 'command',
    writtenBy: 'CommandService',
    separator: '/',
  },
  'command-kinds': {
    class: 'owned',
    lane: 'command',
    writtenBy: 'CommandService',
    separator: undefined,
  },
  // In bulk: commands overtake them.
  'command-logs': {
    class: 'owned',
    lane: 'state',
    writtenBy: 'CommandLogService',
    separator: '/',
  },
  configs: { class: 'immutable', lane: 'command', writtenBy: 'ConfigService', separator: '/' },
  'config-status': {
    class: 'owned',
    lane: 'command',
    writtenBy: 'ConfigService',
    separator: undefined,
  },
  inventory: { class: 'owned', lane: 'state', writtenBy: 'InventoryService', separator: '/' },
  addresses: NODES_OWN,
  mailbox: NODES_OWN,
  renewals: NODES_OWN,
};

/** Names whose meaning is fixed by the design but which have no class in this version: writing them now would clash later. */
const RESERVED = new Set([
  'artifacts',
  'leases',
  'roles',
  'schedule-status',
  'schedules',
  'slots',
  'telemetry',
]);

const FREE: CollectionRules = {
  class: 'shared',
  lane: 'state',
  writtenBy: undefined,
  separator: undefined,
};
const COLLECTION_NAME = /^[a-z][a-z0-9-]{0,62}$/;
const DOCUMENT_ID = /^[A-Za-z0-9][A-Za-z0-9._:@/+-]{0,255}$/;
const AGENT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export function isAgentName(name: string): boolean {
  return AGENT_NAME.test(name);
}

/** Rules of a collection. In the open mode every name that is not taken is a free, shared collection. */
export function rulesOf(collection: string): CollectionRules {
  return Object.hasOwn(WELL_KNOWN, collection) ? (WELL_KNOWN[collection] as CollectionRules) : FREE;
}

/** True when no two nodes write one document of these. */
export function hasOneWriter(collection: string): boolean {
  const rules = rulesOf(collection);
  return rules.class === 'owned' || rules.class === 'node';
}

/** True when collection and id have the form of a document's key: what a receiver checks of a remote op. */
export function isDocumentKey(collection: string, id: string): boolean {
  return COLLECTION_NAME.test(collection) && DOCUMENT_ID.test(id) && !RESERVED.has(collection);
}

/** True for a name that later versions give a meaning. */
export function isReservedCollection(collection: string): boolean {
  return RESERVED.has(collection);
}

/** Why a policy cannot declare a collection; undefined when it can. */
export function doubtDeclarable(collection: string): string | undefined {
  const shown = collection.slice(0, 64);
  if (!COLLECTION_NAME.test(collection)) {
    return `"${shown}" is not a collection name (lower-case letters, digits and "-", at most 63)`;
  }
  if (RESERVED.has(collection)) return `"${shown}" is reserved and has no class in this version`;
  return Object.hasOwn(WELL_KNOWN, collection)
    ? `"${shown}" has its class and its writers by itself`
    : undefined;
}

/** The agent a document belongs to; undefined in shared collections and for an id that names none. */
export function agentOf(collection: string, id: string): string | undefined {
  const rules = rulesOf(collection);
  if (rules.class === 'shared' || rules.class === 'node') return undefined;
  const end = rules.separator === undefined ? id.length : id.indexOf(rules.separator);
  const agent = id.slice(0, end);
  return end > 0 && isAgentName(agent) ? agent : undefined;
}

/** Refuses names that a caller may not write through DocumentService's methods, with the field at fault. */
export function checkWritable(
  caller: Caller,
  collection: string,
  id: string,
  field: string,
): CollectionRules {
  if (!COLLECTION_NAME.test(collection)) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `${field}collection: "${collection.slice(0, 64)}" is not a collection name (lower-case letters, digits and "-", at most 63). Nothing was written.`,
      { field: `${field}collection` },
    );
  }
  if (RESERVED.has(collection)) {
    throw new HoldfastError(
      'UNKNOWN_COLLECTION',
      `${field}collection: "${collection}" is reserved and has no class in this version. Nothing was written; choose another name.`,
      { field: `${field}collection` },
    );
  }
  const rules = rulesOf(collection);
  const isItself = rules.class === 'node' && caller.scope === 'sidecar';
  if (rules.writtenBy !== undefined && !isItself) {
    const advice = rules.class === 'node' ? 'its options say what it writes' : 'call that service';
    throw new HoldfastError(
      'COLLECTION_RESERVED',
      `${field}collection: "${collection}" is written by ${rules.writtenBy}. Nothing was written; ${advice}.`,
      { field: `${field}collection` },
    );
  }
  checkId(collection, id, field);
  return rules;
}

function checkId(collection: string, id: string, field: string): void {
  if (!DOCUMENT_ID.test(id)) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `${field}id: an id is 1 to 256 letters, digits and "._:@/+-" and begins with a letter or digit. Nothing was written.`,
      { field: `${field}id` },
    );
  }
  const { class: writers } = rulesOf(collection);
  if (writers !== 'shared' && writers !== 'node' && agentOf(collection, id) === undefined) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `${field}id: ids of "${collection}" begin with an agent's name, like "edge-7${rulesOf(collection).separator ?? ''}nginx". Nothing was written.`,
      { field: `${field}id` },
    );
  }
}

/** Refuses values that are too large, too deep or hold a key that would poison objects. */
export function checkValue(value: JsonObject, field: string): void {
  if (jsonDepth(value, MAX_DOCUMENT_DEPTH + 1) > MAX_DOCUMENT_DEPTH) {
    throw new HoldfastError(
      'DOCUMENT_TOO_DEEP',
      `${field}: nested deeper than ${MAX_DOCUMENT_DEPTH} levels. Nothing was written; flatten it.`,
      { field },
    );
  }
  const size = utf8(JSON.stringify(value)).length;
  if (size > MAX_DOCUMENT_BYTES) {
    throw new HoldfastError(
      'DOCUMENT_TOO_LARGE',
      `${field}: ${size} bytes of JSON, at most ${MAX_DOCUMENT_BYTES} fit. Nothing was written; split it.`,
      { field },
    );
  }
  if (hasForbiddenKey(value)) {
    throw new HoldfastError(
      'INVALID_FIELD',
      `${field}: "__proto__" cannot be a key. Nothing was written; rename it.`,
      { field },
    );
  }
}

function hasForbiddenKey(value: JsonValue): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return (
    (!Array.isArray(value) && Object.hasOwn(value, '__proto__')) ||
    Object.values(value).some((item) => hasForbiddenKey(item as JsonValue))
  );
}
