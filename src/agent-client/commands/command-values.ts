// Commands as callers of the API see them.
import type { Ack, CallOptions, Freshness, JsonObject } from '../types.ts';

/**
 * `accepted` and `running` are on their way, `pending` and `pending_targets` have not begun; everything else is final. `unknown`: it
 * was started, and nobody can say how it ended. `pending_targets`: it is for many, and nobody it means is known yet.
 */
export type CommandState =
  | 'pending'
  | 'accepted'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'rejected'
  | 'cancelled'
  | 'superseded'
  | 'expired'
  | 'timed_out'
  | 'unknown'
  | 'pending_targets';

/** What a crash after the claim means: run it again, or leave it to a person. */
export type CommandEffect = 'idempotent' | 'at_most_once';

/** How far an attempt is. */
export interface CommandProgress {
  /** 0 to 100; never goes back. */
  readonly percent?: number | undefined;
  readonly itemsDone?: number | undefined;
  readonly itemsTotal?: number | undefined;
  readonly bytesDone?: number | undefined;
  readonly bytesTotal?: number | undefined;
  /** Bytes a second, or items where no bytes are counted. */
  readonly ratePerSecond?: number | undefined;
  /** What is left, as the agent expects, in milliseconds. */
  readonly etaMs?: number | undefined;
}

export interface CommandCancel {
  readonly reason: string;
  /** `node name/scope` of who asked. */
  readonly requestedBy: string;
  readonly requestedAt: Date | undefined;
}

/** A command to many, counted. */
export interface CommandRollUp {
  /** Agents it is for, as far as is known here. */
  readonly targets: number;
  /** Those whose sidecars are known to have it. */
  readonly reached: number;
  readonly counts: Readonly<Partial<Record<CommandState, number>>>;
  /** Those it has not reached, with when they were heard of last; the first hundred by name. */
  readonly unreached: readonly { readonly agent: string; readonly since: Date | undefined }[];
}

export interface Command {
  /** Made from the content. */
  readonly id: string;
  /** The agent that is to run it; empty for the one row of a command to many. */
  readonly agent: string;
  /** Of a command to many: the labels its agents have. */
  readonly selector: string;
  /** Of a command to many: the role of the members that serve its agents. */
  readonly role: string;
  readonly kind: string;
  readonly args: JsonObject;
  /** By the issuer's clock. */
  readonly issuedAt: Date | undefined;
  /** Not to be started before this time. */
  readonly notBefore: Date | undefined;
  /** Not to be started after this time. */
  readonly expiresAt: Date | undefined;
  /** How long one attempt may take from its claim, in milliseconds. */
  readonly runTimeoutMs: number | undefined;
  readonly effect: CommandEffect;
  readonly maxAttempts: number;
  /** Commands of one slot replace each other; empty for one that stands for itself. */
  readonly slot: string;
  /** 0 to 9, the larger the sooner. */
  readonly priority: number;
  /** `node name/scope` of who issued it. */
  readonly requestedBy: string;
  readonly state: CommandState;
  /** Whether the target itself says so; otherwise it is what can be told from here. */
  readonly confirmed: boolean;
  /** 0 before the first claim. */
  readonly attempt: number;
  readonly claimant: string;
  /** When it reached the sidecar of its agent; undefined while that is not known here. */
  readonly reachedAt: Date | undefined;
  /** By whom it reached it: a node id, `bundle`, or empty. */
  readonly via: string;
  readonly acceptedAt: Date | undefined;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  /** Why a pending command is not begun for now; empty where it may be. */
  readonly withheld: string;
  readonly progress: CommandProgress | undefined;
  /** Last sentence of the target about it. */
  readonly message: string;
  /** Given with the final state. */
  readonly result: JsonObject | undefined;
  /** Id of the command that took its place: instead of it when superseded, after it when it had run. */
  readonly replacedBy: string;
  readonly cancel: CommandCancel | undefined;
  /** Somebody asked to cancel it, and it ended otherwise. */
  readonly cancelTooLate: boolean;
  readonly rollUp: CommandRollUp | undefined;
  readonly freshness: Freshness;
}

/** Exactly one of `agent`, `selector` and `role` says who is to run it. */
export interface IssueRequest {
  readonly agent?: string | undefined;
  /** Agents with these labels, in the syntax of Kubernetes: `site=north,tier!=test`. Late joiners are meant too. */
  readonly selector?: string | undefined;
  /** Agents served by members with this role. */
  readonly role?: string | undefined;
  /** A word the agent's handlers know, for example `restart`. */
  readonly kind: string;
  /** At most 32 KiB of JSON. */
  readonly args?: JsonObject | undefined;
  /** How long it may wait to be started, 1 s to 30 days in milliseconds. Default 3,600,000. Counts from `notBefore`. */
  readonly ttlMs?: number | undefined;
  readonly notBefore?: Date | undefined;
  /** How long one attempt may take from its claim, 1 s to 30 days in milliseconds. Default: as long as it takes. */
  readonly runTimeoutMs?: number | undefined;
  /** Default `at_most_once`. */
  readonly effect?: CommandEffect | undefined;
  /** How often an idempotent command may be begun, 1 to 100. Default 3. */
  readonly maxAttempts?: number | undefined;
  /** Commands of one slot replace each other: at most 127 letters, digits and `._:/-`. */
  readonly slot?: string | undefined;
  /** 0 to 9, the larger the sooner. Default 5. */
  readonly priority?: number | undefined;
  /** The same key and content again returns the first command instead of a second one. */
  readonly idempotencyKey?: string | undefined;
}

export interface IssueResult {
  readonly command: Command;
  readonly ack: Ack | undefined;
  /** False when the idempotency key named a command that was already there. */
  readonly created: boolean;
}

/** What the target says about a command it claimed. */
export interface CommandReport {
  readonly state: 'running' | 'succeeded' | 'failed' | 'cancelled' | 'timed_out' | 'unknown';
  /** The attempt it is about; the present one where it is left out. */
  readonly attempt?: number | undefined;
  readonly progress?: CommandProgress | undefined;
  /** A sentence of at most 1,024 bytes. */
  readonly message?: string | undefined;
  /** With a final state; at most 32 KiB of JSON. */
  readonly result?: JsonObject | undefined;
}

/** A kind of command that an agent takes. */
export interface CommandKind {
  readonly kind: string;
  /** JSON Schema of the arguments, at most 8 KiB, without references, patterns and formats. Absent: anything goes. */
  readonly schema?: JsonObject | undefined;
  readonly description?: string | undefined;
}

export interface AgentKinds {
  readonly agent: string;
  readonly kinds: readonly CommandKind[];
}

/** What an agent is to begin and to stop. */
export interface CommandOffers {
  /** To be claimed, the most urgent first; at most a hundred. */
  readonly offered: readonly Command[];
  /** Claimed and not over. `stop` says why it is to be stopped; empty while it may go on. */
  readonly claimed: readonly { readonly command: Command; readonly stop: string }[];
  /** When to ask again although nothing changed, in milliseconds; undefined for never. */
  readonly nextInMs: number | undefined;
}

export interface WaitForCommandOptions extends CallOptions {
  /** The agent it is for. Narrows the search; for a command to many, how it stands at that agent. */
  readonly agent?: string | undefined;
  /** `accepted`: the target has it on its disk. `done`: it is in a final state. Default `done`. */
  readonly until?: 'accepted' | 'done' | undefined;
  /** Called with each state of it that is seen, progress included. */
  readonly onChange?: ((command: Command) => void) | undefined;
}
