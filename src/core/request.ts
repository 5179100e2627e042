// Everything the API can ask of a node, and what it answers. Plain values: protobuf stays outside.

import type { QuarantinedDocument } from './documents/quarantine.ts';
import type { HeldFeed } from './feeds/held-feeds.ts';
import type { Presence } from './presence/presence.ts';
import type { Caller } from './values/caller.ts';
import type { CommandMethods } from './values/command-values.ts';
import type { ConfigMethods } from './values/config-values.ts';
import type { DocumentKey } from './values/ids.ts';
import type { InventoryMethods } from './values/inventory-values.ts';
import type { JsonObject } from './values/json.ts';
import type { Freshness, Page, PageRequest } from './values/row-facts.ts';

export type { Freshness, Page, PageRequest, RowPath } from './values/row-facts.ts';

/** What a read asks of the age of rows; see `checkAge`. */
export interface Aged {
  /** Undefined for any age. */
  readonly maxAgeMs?: number | undefined;
}

/** Which rows a read of the fleet is about; what is left out asks for nothing. */
export interface FleetFilter {
  /** Beginning of the document's id. */
  readonly idPrefix?: string | undefined;
  readonly agent?: string | undefined;
  /** Of labels of the agent, as `parseSelector` reads it; empty for any. */
  readonly selector?: string | undefined;
  /** None for any. */
  readonly presences?: readonly Presence[] | undefined;
}

/** By name; the oldest first; or by presence, those first that need to be looked at. */
export type RowOrder = 'name' | 'age' | 'presence';

/** How many agents have a value by a name. */
export interface Tally {
  readonly name: string;
  readonly value: string;
  readonly agents: number;
}

/** How safe a write is when it is answered. */
export type Ack = 'memory' | 'local';

/** One heartbeat, as the platform document holds it. */
export interface Beat {
  status: string;
  workloads: JsonObject[];
  labels: Record<string, string>;
  versions: Record<string, string>;
  telemetry: JsonObject;
  extra: JsonObject;
}

export interface DocumentRow {
  readonly collection: string;
  readonly id: string;
  readonly value: JsonObject;
  readonly freshness: Freshness;
}

export interface PutItem {
  readonly collection: string;
  readonly id: string;
  readonly value: JsonObject;
  /** Write only at this revision; the empty string means "only if absent". */
  readonly ifRevision?: string | undefined;
}

export interface PlatformRow {
  readonly agent: string;
  readonly beat: Beat;
  readonly intervalMs: number;
  /** How often it came back since this node started, after it was unreachable. */
  readonly returns: number;
  readonly freshness: Freshness;
}

export interface DeploymentRow {
  readonly agent: string;
  readonly package: string;
  readonly value: JsonObject;
  readonly freshness: Freshness;
}

export interface HolderRow {
  readonly agent: string;
  readonly deployed: boolean;
  readonly version: string;
  readonly freshness: Freshness;
}

/** What a watch sees. `cursor` names the point behind the event. */
export type ChangeEvent =
  | { readonly type: 'put'; readonly row: DocumentRow; readonly cursor: string }
  | { readonly type: 'delete'; readonly row: DocumentRow; readonly cursor: string }
  /** It is there and does not pass the filter, or no longer. */
  | { readonly type: 'outside'; readonly row: DocumentRow; readonly cursor: string };

/** What this node holds, and what of it is not as it should be. */
export interface Summary {
  readonly documents: number;
  readonly feeds: number;
  readonly commits: number;
  readonly stateHash: string;
  /** Ops since the start that count for nobody. */
  readonly voidOps: number;
  readonly quarantined: readonly QuarantinedDocument[];
  readonly heldFeeds: readonly HeldFeed[];
  /** Why the own wall clock is not believed; undefined while it is. */
  readonly clockSuspect: string | undefined;
  /** The newest reading of the hybrid clock, milliseconds since 1970. */
  readonly hlcMs: number;
}

/** Request and response of every method, by kind. */
export interface Methods extends CommandMethods, ConfigMethods, InventoryMethods {
  heartbeat: {
    /**
     * `beat` absent: still here, nothing changed. `intervalMs` absent: as before. `agent` is the caller's. `hostFigures`: what the
     * sidecar measured of its host, for an agent that does not.
     */
    request: {
      agent: string;
      beat?: Beat;
      intervalMs?: number;
      ack: Ack;
      hostFigures?: JsonObject | undefined;
    };
    response: { receivedAtMs: number; ack: Ack; pendingCommands: number };
  };
  /** An agent says goodbye, or its sidecar does for one that is there. */
  leave: {
    request: { agent: string; by: 'agent' | 'sidecar' };
    /** False when there was nobody to say it for, or it was said before. */
    response: { left: boolean; ack: Ack };
  };
  put: {
    /** All items are written or none. `fieldPrefix(i)` of an error is `documents[i].` when `batch`. */
    request: { items: readonly PutItem[]; ack: Ack; batch: boolean };
    response: { results: readonly { revision: string; changed: boolean }[]; ack: Ack };
  };
  patch: {
    request: {
      collection: string;
      id: string;
      patch: JsonObject;
      ifRevision?: string | undefined;
      ack: Ack;
    };
    response: { row: DocumentRow; changed: boolean; ack: Ack };
  };
  delete: {
    request: { collection: string; id: string; ifRevision?: string | undefined };
    response: { ack: Ack };
  };
  get: { request: Aged & { collection: string; id: string }; response: DocumentRow };
  list: {
    request: PageRequest & Aged & { collection: string; idPrefix: string };
    response: Page<DocumentRow>;
  };
  /** One step of a watch: what changed behind `cursor`, oldest first, at most `limit` events. An empty cursor starts a snapshot. */
  changes: {
    request: {
      cursor: string;
      collections: readonly string[];
      idPrefix: string;
      /** By labels, and the agent. */
      filter?: Pick<FleetFilter, 'agent' | 'selector'> | undefined;
      limit: number;
      /**
       * Keys to bring up to date, for a reader in no hurry: all others are told as they were shown last. Absent: all that the watch
       * is for.
       */
      refresh?: readonly DocumentKey[];
    };
    response: {
      /** With `refresh`: some of the documents that are behind, those that became so first. */
      behind?: readonly DocumentKey[];
      /** True when the cursor cannot be resumed: these events start a new snapshot. */
      resync: boolean;
      events: readonly ChangeEvent[];
      /** Where the next step begins; behind the last event even if that was filtered out. */
      cursor: string;
      /** True when nothing is left behind `cursor`. */
      caughtUp: boolean;
    };
  };
  listPlatforms: {
    request: PageRequest & Aged & { filter?: FleetFilter; order?: RowOrder };
    response: Page<PlatformRow>;
  };
  getPlatform: { request: Aged & { agent: string }; response: PlatformRow };
  listDeployments: {
    request: PageRequest & Aged & { agent: string; filter?: FleetFilter; order?: RowOrder };
    response: Page<DeploymentRow>;
  };
  findPackage: {
    request: Aged & { package: string; filter?: FleetFilter };
    response: { holders: readonly HolderRow[] };
  };
  /** How many agents are what: by presence, and by version, label and status, the most frequent first. */
  fleetSummary: {
    request: { filter?: FleetFilter };
    response: {
      agents: number;
      presences: Readonly<Record<Presence, number>>;
      versions: readonly Tally[];
      labels: readonly Tally[];
      statuses: readonly Tally[];
    };
  };
  /** Also of one that was deleted. */
  explainDocument: {
    request: { collection: string; id: string };
    response: {
      document: string;
      deleted: boolean;
      freshness: Freshness;
      /** What of it, or of its author, is not as it should be; one sentence each. */
      trouble: readonly string[];
    };
  };
  summary: {
    request: Record<string, never>;
    response: Summary;
  };
}

export type Method = keyof Methods;
export type RequestOf<M extends Method> = Methods[M]['request'];
export type ResponseOf<M extends Method> = Methods[M]['response'];

/** A request on its way through the core. */
export type Request = {
  [M in Method]: { readonly method: M; readonly caller: Caller; readonly body: RequestOf<M> };
}[Method];
export type Response = ResponseOf<Method>;
