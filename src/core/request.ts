// Everything the API can ask of a node, and what it answers. Plain values: protobuf stays outside.
import type { Caller } from './caller.ts';
import type {
  CommandEffect,
  CommandRow,
  CommandState,
  CommandTarget,
  Due,
  KindDeclaration,
  LogEntry,
  LogLine,
  Report,
} from './commands/index.ts';
import type { HeldFeed } from './held-feeds.ts';
import type { NodeId } from './ids.ts';
import type { JsonObject } from './json.ts';
import type { Presence, PresenceReason } from './presence.ts';
import type { QuarantinedDocument } from './quarantine.ts';
import type { StoryStep } from './story.ts';

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

/** How a row came here: written here, over a link from its writer or from another member, in a bundle; or nobody remembers. */
export type RowPath =
  | { readonly kind: 'own' | 'direct' | 'bundle' | 'unknown' }
  | { readonly kind: 'relayed'; readonly by: NodeId };

export interface Freshness {
  /** When the writer wrote it, milliseconds since 1970 by the writer's clock. */
  readonly observedAtMs: number;
  /** When this node received it, by this node's clock. */
  readonly receivedAtMs: number;
  /** The larger of the two ages, never negative. */
  readonly ageMs: number;
  /** For how long nothing newer of its writer is known, of whatever that wrote; 0 for what was written here. */
  readonly heardAgeMs: number;
  readonly presence: Presence | undefined;
  /** What the presence rests on; undefined where there is none. */
  readonly presenceReason: PresenceReason | undefined;
  readonly revision: string;
  /** Node id of the newest change's author, in hex. */
  readonly origin: string;
  /** Of the newest change. */
  readonly path: RowPath;
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
export interface Methods {
  heartbeat: {
    /** `beat` absent: still here, nothing changed. `intervalMs` absent: as before. `agent` is the caller's. */
    request: { agent: string; beat?: Beat; intervalMs?: number; ack: Ack };
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
    };
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
  /** `agent` as in `getCommand`. Sentences are for people. */
  explainCommand: {
    request: { id: string; agent: string };
    response: {
      command: CommandRow;
      /** Key of its document. */
      document: string;
      steps: readonly StoryStep[];
      waitsFor: readonly string[];
      /** When it ends by itself, milliseconds since 1970; undefined where it does not. */
      diesAtMs: number | undefined;
      advice: readonly string[];
      /** The node that serves its agent, in hex; undefined where that is not known, and for a command to many. */
      server: string | undefined;
      /** Whether it is not known to have reached that node. */
      isOnItsWay: boolean;
      /** When its agent was heard of last, as a sentence; empty for a command to many. */
      heard: string;
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
  /** Lines of an attempt that the caller has claimed. Those that were appended before are left out. */
  appendLog: {
    request: {
      id: string;
      attempt: number;
      /** Numbered from 1 within the attempt; numbers that are left out are lines that the agent dropped. */
      lines: readonly Omit<LogLine, 'type'>[];
      /** Nothing follows. */
      isFinal: boolean;
    };
    response: {
      /** Of the next line that is new here. */
      nextSeq: number;
      /** True when nothing more is taken: the log, or the attempt, is over. */
      closed: boolean;
    };
  };
  readLog: {
    request: {
      id: string;
      /** May be empty where the command is for one agent. */
      agent: string;
      /** 0 for the newest. */
      attempt: number;
      /** The first line that is wanted. */
      from: number;
      /** Only so many lines of the newest; 0 for all. */
      last: number;
      /** Entries, at most. */
      limit: number;
      /** Reads nothing beyond lines that have not arrived; without it they are a gap. */
      stopAtHole: boolean;
    };
    response: {
      readonly agent: string;
      readonly attempt: number;
      /** Of all attempts known here. */
      readonly newestAttempt: number;
      readonly entries: readonly LogEntry[];
      /** Where to go on. */
      readonly nextSeq: number;
      /** True when all that is here was read. */
      readonly caughtUp: boolean;
      /** True when it stopped at a hole. */
      readonly atHole: boolean;
      /** True when all was read that the attempt wrote. */
      readonly complete: boolean;
      /** True when the command is over and this was its last attempt. */
      readonly over: boolean;
    };
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
