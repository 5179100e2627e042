// What the page knows: rows as the API told them, with times by the clock of this page so that ages can tick. Pure shapes.
import type { JsonObject } from '@bufbuild/protobuf';
import type { Command } from '../gen/holdfast/v1/command_pb.ts';
import type {
  MemberReach,
  Presence,
  PresenceReason,
  Reach,
  RowPath,
} from '../gen/holdfast/v1/common_pb.ts';
import type { FeedGap } from '../gen/holdfast/v1/explain_pb.ts';
import type { Peer, StatusResponse } from '../gen/holdfast/v1/mesh_pb.ts';

/** One agent by its newest heartbeat. */
export interface AgentRow {
  readonly agent: string;
  readonly status: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  /** The document as it is: workloads, telemetry, extra. */
  readonly value: JsonObject;
  readonly intervalMs: number;
  presence: Presence;
  reason: PresenceReason;
  /** When its age was zero, by this page's clock that only goes forward. */
  readonly bornMs: number;
  /** Node id of the sidecar it is beside. */
  readonly origin: string;
  readonly path: RowPath;
  /** Node id of who handed it on. */
  readonly relayedBy: string;
}

export interface DeploymentRow {
  readonly agent: string;
  readonly package: string;
  readonly version: string;
  readonly state: string;
  readonly bornMs: number;
}

/** What this sidecar and a peer lack of each other; undefined where nobody knows. */
export interface Gaps {
  readonly theyLack: FeedGap | undefined;
  readonly weLack: FeedGap | undefined;
}

/** What the sidecar says of itself and of its links, read every few seconds. */
export interface Surroundings {
  readonly status: StatusResponse;
  readonly peers: readonly Peer[];
  readonly reach: Reach | undefined;
  readonly members: readonly MemberReach[];
  /** By node id of the peer. */
  readonly gaps: ReadonlyMap<string, Gaps>;
  /** When it was read, by this page's clock that only goes forward, and by its wall clock. */
  readonly atMs: number;
  readonly wallMs: number;
}

/**
 * `starting`: nothing came yet. `live`: the watch streams. `away`: the sidecar does not answer, and is tried again.
 * `locked`: it wants a token.
 */
export type Link =
  | { readonly kind: 'starting' | 'live' }
  | { readonly kind: 'away'; readonly sinceMs: number; readonly why: string }
  | { readonly kind: 'locked'; readonly why: string };

export class Model {
  link: Link = { kind: 'starting' };
  /** When anything came last, by the wall clock. */
  lastWallMs: number | undefined;
  readonly agents = new Map<string, AgentRow>();
  /** By document id, `{agent}:{package}`. */
  readonly deployments = new Map<string, DeploymentRow>();
  surroundings: Surroundings | undefined;
  /** Newest first; one row for a command to many. */
  commands: readonly Command[] = [];
  /** When these were read. */
  commandsAtMs = 0;
  /** Whether older ones were left out. */
  hasMoreCommands = false;
}
