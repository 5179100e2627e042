// The values of the client as plain objects: JSON instead of Struct, Date and milliseconds instead of Timestamp and Duration.
import type { JsonObject } from '@bufbuild/protobuf';

export type { JsonObject, JsonValue } from '@bufbuild/protobuf';

/** How safe a write is: `memory` survives until the sidecar crashes, `local` survives a power cut. */
export type Ack = 'memory' | 'local';
/** Whether an agent is up, judged by its heartbeats: three of its intervals late is suspect, ten unreachable. */
export type Presence = 'alive' | 'suspect' | 'unreachable';

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
  /** Names this exact state of the document, for `ifRevision`. */
  readonly revision: string;
  /** Node id of the sidecar that wrote the newest change. */
  readonly origin: string;
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
