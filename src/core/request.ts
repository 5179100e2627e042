// Everything the API can ask of a node, and what it answers. Plain values: protobuf stays outside.
import type { Caller } from './caller.ts';
import type { HeldFeed } from './held-feeds.ts';
import type { DocumentKey } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Presence } from './presence.ts';
import type { QuarantinedDocument } from './quarantine.ts';

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

export interface Freshness {
  /** When the writer wrote it, milliseconds since 1970 by the writer's clock. */
  readonly observedAtMs: number;
  /** When this node received it, by this node's clock. */
  readonly receivedAtMs: number;
  /** The larger of the two ages, never negative. */
  readonly ageMs: number;
  readonly presence: Presence | undefined;
  readonly revision: string;
  /** Node id of the newest change's author, in hex. */
  readonly origin: string;
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

export const COMMAND_STATES = [
  'pending',
  'accepted',
  'running',
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

export interface CommandRow {
  readonly id: string;
  readonly agent: string;
  readonly kind: string;
  readonly args: JsonObject;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly requestedBy: string;
  readonly state: CommandState;
  readonly progressPercent: number | undefined;
  readonly message: string;
  readonly result: JsonObject | undefined;
  readonly freshness: Freshness;
  /** Why it is not begun although it is pending; empty where it may be. */
  readonly withheld: string;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Token of the next page; empty on the last. */
  readonly nextPageToken: string;
}

/** Page sizes are 1 to 1000; tokens are what a page before returned, or empty. */
export interface PageRequest {
  readonly pageSize: number;
  readonly pageToken: string;
}

/** What a watch sees. `cursor` names the point behind the event. */
export type ChangeEvent =
  | { readonly type: 'put'; readonly row: DocumentRow; readonly cursor: string }
  | { readonly type: 'delete'; readonly row: DocumentRow; readonly cursor: string };

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
export interface Methods {
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
  get: { request: { collection: string; id: string }; response: DocumentRow };
  list: {
    request: PageRequest & { collection: string; idPrefix: string };
    response: Page<DocumentRow>;
  };
  /** One step of a watch: what changed behind `cursor`, oldest first, at most `limit` events. An empty cursor starts a snapshot. */
  changes: {
    request: {
      cursor: string;
      collections: readonly string[];
      idPrefix: string;
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
  listPlatforms: { request: PageRequest; response: Page<PlatformRow> };
  getPlatform: { request: { agent: string }; response: PlatformRow };
  listDeployments: { request: PageRequest & { agent: string }; response: Page<DeploymentRow> };
  findPackage: { request: { package: string }; response: { holders: readonly HolderRow[] } };
  issueCommand: {
    request: {
      agent: string;
      kind: string;
      args: JsonObject;
      ttlMs: number;
      idempotencyKey: string;
    };
    response: { command: CommandRow; created: boolean };
  };
  listCommands: {
    request: PageRequest & { agent: string; states: readonly CommandState[] };
    response: Page<CommandRow>;
  };
  acknowledgeCommand: {
    request: { id: string; accept: boolean; message: string };
    response: { command: CommandRow; claimed: boolean };
  };
  reportCommand: {
    request: {
      id: string;
      state: 'running' | 'succeeded' | 'failed' | 'unknown';
      progressPercent: number | undefined;
      message: string;
      result: JsonObject | undefined;
    };
    response: { command: CommandRow };
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
