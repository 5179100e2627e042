// Everything the API can ask of a node, and what it answers. Plain values: protobuf stays outside.
import type { Caller } from './caller.ts';
import type {
  CommandEffect,
  CommandRow,
  CommandState,
  CommandTarget,
  Due,
  KindDeclaration,
  Report,
} from './commands/index.ts';
import type { ConfigMethods } from './config-values.ts';
import type { HeldFeed } from './held-feeds.ts';
import type { InventoryMethods } from './inventory-values.ts';
import type { JsonObject } from './json.ts';
import type { QuarantinedDocument } from './quarantine.ts';
import type { Freshness, Page, PageRequest } from './row-facts.ts';

export type { Freshness, Page, PageRequest } from './row-facts.ts';

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
export interface Methods extends ConfigMethods, InventoryMethods {
  heartbeat: {
    /** `beat` absent: still here, nothing changed. `intervalMs` absent: as before. `agent` is the caller's. */
    request: { agent: string; beat?: Beat; intervalMs?: number; ack: Ack };
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
    request: { cursor: string; collections: readonly string[]; idPrefix: string; limit: number };
    response: {
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
      target: CommandTarget;
      kind: string;
      args: JsonObject;
      /** Counted from the time before which it is not to start, where there is one. */
      ttlMs: number;
      notBeforeMs: number | undefined;
      runTimeoutMs: number | undefined;
      effect: CommandEffect;
      maxAttempts: number;
      slot: string;
      priority: number;
      idempotencyKey: string;
    };
    response: { command: CommandRow; created: boolean };
  };
  /** `agent` may be empty where it is not known. `requested` is false when it was cancelled, or over, before. */
  cancelCommand: {
    request: { id: string; agent: string; reason: string };
    response: { command: CommandRow; requested: boolean };
  };
  getCommand: {
    request: { id: string; agent: string };
    response: { command: CommandRow };
  };
  listCommands: {
    request: PageRequest & { agent: string; states: readonly CommandState[] };
    response: Page<CommandRow>;
  };
  listTargets: { request: PageRequest & { id: string }; response: Page<CommandRow> };
  listKinds: {
    request: PageRequest & { agent: string };
    response: Page<{ readonly agent: string; readonly kinds: readonly KindDeclaration[] }>;
  };
  declareKinds: {
    request: { kinds: readonly KindDeclaration[] };
    response: { changed: boolean };
  };
  /** What the agent is to begin, the most urgent first, and what it has claimed. */
  commandOffers: {
    request: { limit: number };
    response: {
      offered: readonly CommandRow[];
      /** `stop` says why it is to be stopped; empty while it may go on. */
      claimed: readonly { readonly command: CommandRow; readonly stop: string }[];
      /** Open commands that may not be begun yet. */
      waiting: number;
      /** When to ask again although nothing changed, in milliseconds; undefined for never. */
      nextInMs: number | undefined;
    };
  };
  acknowledgeCommand: {
    request: { id: string; accept: boolean; message: string; claimant: string };
    response: { command: CommandRow; claimed: boolean };
  };
  reportCommand: {
    request: { id: string } & Report;
    response: { command: CommandRow };
  };
  /** The process that held the claim is gone and cannot say what became of it. `attempt` 0: the present one. */
  interruptCommand: {
    request: { id: string; attempt: number; message: string };
    response: { command: CommandRow };
  };
  /** Commands of which the sidecar itself has to say something, and when to ask again. */
  dueCommands: {
    /** Those served here. */
    request: { agents: readonly string[] };
    response: { ids: readonly Due[]; nextInMs: number | undefined };
  };
  settleCommands: {
    request: { ids: readonly Due[] };
    /** How many it wrote about. */
    response: { written: number };
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
