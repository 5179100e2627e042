// The values of the client as plain objects: JSON instead of Struct, Date and milliseconds instead of Timestamp and Duration.
import type { JsonObject } from '@bufbuild/protobuf';

export type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** How safe a write is: `memory` survives until the sidecar crashes, `local` survives a power cut. */
export type Ack = 'memory' | 'local';
/** Whether an agent is up, judged by its heartbeats: three of its intervals late is suspect, ten unreachable; or it said goodbye. */
export type Presence = 'alive' | 'suspect' | 'unreachable' | 'left';
/**
 * What a presence rests on. `cut-off`: the sidecar has no link, so it does not know. `settling`: it could not hear for a while
 * and has not listened for long enough since. `returning`: the agent was unreachable and has been heard once since.
 */
export type PresenceReason = 'heartbeats' | 'cut-off' | 'settling' | 'returning' | 'goodbye';

/** What every call takes besides its arguments. */
export interface CallOptions {
  /** Ends the wait: the call rejects with the code `canceled`. Whether a write was done is then not known. */
  readonly signal?: AbortSignal | undefined;
  /** Longest wait for an answer, in milliseconds. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

/** How fresh a row is and where it came from. */
export interface Freshness {
  /** When the writer wrote it, by the writer's clock. */
  readonly observedAt: Date | undefined;
  /** When this sidecar received it, by this sidecar's clock. */
  readonly receivedAt: Date | undefined;
  /** Milliseconds: the larger of the ages by the two clocks, never negative. */
  readonly ageMs: number;
  /** Of the agent the row belongs to; absent for rows of no agent. */
  readonly presence: Presence | undefined;
  readonly presenceReason: PresenceReason | undefined;
  /** Names this exact state of the document, for `ifRevision`. */
  readonly revision: string;
  /** Node id of the sidecar that wrote the newest change. */
  readonly origin: string;
  /** How the newest change came to this sidecar; absent where that is not remembered. */
  readonly path: RowPath | undefined;
  /** Node id of the sidecar that handed it on, for `relayed`; empty otherwise. */
  readonly relayedBy: string;
  /** Milliseconds for which nothing newer of its writer is known here, of whatever that wrote; 0 for what was written here. */
  readonly heardAgeMs: number;
}

/** Written here, over a link from its writer or from another sidecar, or in a bundle. */
export type RowPath = 'own' | 'direct' | 'relayed' | 'bundle';

/** What every read takes besides its arguments. */
export interface ReadOptions extends CallOptions {
  /**
   * Fail with TOO_OLD instead of answering with anything older, in milliseconds: a platform whose last heartbeat is older, any other
   * row of whose writer nothing so young is known.
   */
  readonly maxAgeMs?: number | undefined;
}

/** Which rows a read of the fleet is about; what is left out asks for nothing. */
export interface FleetChoice {
  /** Only ids that begin with this. */
  readonly idPrefix?: string | undefined;
  readonly agent?: string | undefined;
  /** Labels of agents, as Kubernetes writes selectors: `site=north,tier in (edge,hub),!broken`. */
  readonly selector?: string | undefined;
  readonly presences?: readonly Presence[] | undefined;
  /** Default `name`. `age`: the oldest first. `presence`: unreachable, suspect, alive, left. */
  readonly order?: 'name' | 'age' | 'presence' | undefined;
}

/** How many agents have a value by a name. */
export interface Tally {
  readonly name: string;
  readonly value: string;
  readonly agents: number;
}

/** How many agents are what; the most frequent first. */
export interface FleetSummary {
  readonly agents: number;
  readonly presences: Readonly<Record<Presence, number>>;
  readonly versions: readonly Tally[];
  readonly labels: readonly Tally[];
  readonly statuses: readonly Tally[];
  readonly reach: Reach | undefined;
}

/** How far an answer reaches: what the sidecar knows of what it may not know. */
export interface Reach {
  /** True while the sidecar has no link to any other. */
  readonly cutOff: boolean;
  /** Other members that are known, and those of them who wrote more than is held, as linked sidecars say. */
  readonly members: number;
  readonly membersBehind: number;
  readonly missingCommits: number;
  /** When the newest was written of the member that was not heard for longest; absent where nothing of one was ever heard. */
  readonly completeUntil: Date | undefined;
  /** Absent in a fleet without hubs, and where none was ever linked. */
  readonly lastHubContact: Date | undefined;
  /** Of whom something is missing, then who was not heard for longest: at most 8. */
  readonly furthest: readonly MemberReach[];
}

/** How far what is known of one other member reaches. */
export interface MemberReach {
  readonly nodeId: string;
  readonly name: string;
  /** When it wrote the newest that is held; absent for nothing. */
  readonly heardAt: Date | undefined;
  readonly missingCommits: number;
  readonly linked: boolean;
  readonly hub: boolean;
}

/** One thing that runs: a container, a service, a process. */
export interface Workload {
  readonly name: string;
  /** For example `process` or `container`. */
  readonly kind?: string | undefined;
  readonly state?: string | undefined;
  readonly version?: string | undefined;
  /** Share of one processor in percent; above 100 for more than one. */
  readonly cpuPercent?: number | undefined;
  /** Resident memory in bytes. */
  readonly memoryBytes?: number | undefined;
}

/** Figures of a host. An absent one was not measured. */
export interface Telemetry {
  /** Share of all processors in use since the last sample, 0 to 100. */
  readonly cpuPercent?: number | undefined;
  readonly memoryPercent?: number | undefined;
  /** Of the file system the agent lives on. */
  readonly diskPercent?: number | undefined;
  /** 0 without swap. */
  readonly swapPercent?: number | undefined;
  readonly load1m?: number | undefined;
  readonly load5m?: number | undefined;
  readonly load15m?: number | undefined;
  readonly uptimeSeconds?: number | undefined;
  readonly memoryTotalBytes?: number | undefined;
  readonly cpuCount?: number | undefined;
  /** Since the last sample, over all interfaces that bring traffic in or out. */
  readonly networkReceivedBytesPerSecond?: number | undefined;
  readonly networkSentBytesPerSecond?: number | undefined;
  /** Who measured; absent for the agent itself. Only what is read has it. */
  readonly measuredBy?: 'sidecar' | undefined;
}

/** One heartbeat. Everything is optional: an empty one keeps what the last one said and adds "still here". */
export interface Beat {
  /** The agent's own word for how it is, for example `ok` or `degraded`. */
  readonly status?: string | undefined;
  readonly workloads?: readonly Workload[] | undefined;
  /** For example `{ site: 'north' }`. At most 64. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Versions of software by name. At most 64. */
  readonly versions?: Readonly<Record<string, string>> | undefined;
  readonly telemetry?: Telemetry | undefined;
  /** Anything else. */
  readonly extra?: JsonObject | undefined;
}

export interface HeartbeatOptions extends CallOptions {
  /** How often this agent means to send heartbeats, 100 to 3,600,000 ms. Presence is judged by it. Default 10,000. */
  readonly intervalMs?: number | undefined;
  /** Default `memory`, because the next heartbeat replaces this one. */
  readonly ack?: Ack | undefined;
}

export interface HeartbeatReceipt {
  /** By the sidecar's clock. */
  readonly receivedAt: Date | undefined;
  readonly ack: Ack | undefined;
  /** How many commands wait for this agent. */
  readonly pendingCommands: number;
}

export interface DocumentRow<Value extends JsonObject = JsonObject> {
  readonly collection: string;
  readonly id: string;
  readonly value: Value;
  readonly freshness: Freshness;
}

export interface WriteOptions extends CallOptions {
  /** Write only if the document's revision is this one; the empty string means: only if it does not exist. */
  readonly ifRevision?: string | undefined;
  /** Default `local`. */
  readonly ack?: Ack | undefined;
}

/** One document of a batch. */
export interface PutItem {
  readonly collection: string;
  readonly id: string;
  readonly value: JsonObject;
  readonly ifRevision?: string | undefined;
}

export interface PutResult {
  readonly revision: string;
  /** False when the document already had this value. */
  readonly changed: boolean;
  readonly ack: Ack | undefined;
}

export interface PatchResult {
  readonly document: DocumentRow;
  readonly changed: boolean;
  readonly ack: Ack | undefined;
}

/** The last heartbeat of one agent. */
export interface Platform {
  readonly agent: string;
  readonly status: string;
  readonly workloads: readonly Workload[];
  readonly labels: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly telemetry: Telemetry;
  readonly extra: JsonObject;
  /** The heartbeat interval the agent declared, in milliseconds. */
  readonly intervalMs: number;
  /** How often it came back after it was unreachable, as its reader's sidecar saw it since it started. */
  readonly returns: number;
  readonly freshness: Freshness;
}

/** One package deployed by one agent: the document `deployments/{agent}:{package}`. */
export interface Deployment {
  readonly agent: string;
  readonly package: string;
  readonly version: string;
  readonly state: string;
  readonly value: JsonObject;
  readonly freshness: Freshness;
}

/** One agent that holds a package: running (`deployed`) or only stored. */
export interface PackageHolder {
  readonly agent: string;
  readonly deployed: boolean;
  readonly version: string;
  readonly freshness: Freshness;
}
