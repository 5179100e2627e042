// Configurations as callers see them.
import type { CallOptions, Freshness, JsonObject, JsonValue } from '../types.ts';

/**
 * `none`: nothing is wanted. `in_sync`: the agent said that it is in effect. `attempted` and `failed`: what the agent said of what is
 * wanted now. `behind`: it has said nothing of it. `blocked`: it is beyond a limit, and given to nobody.
 */
export type ConfigState = 'none' | 'in_sync' | 'attempted' | 'failed' | 'behind' | 'blocked';

/** A revision of an entry. Exactly one of agent, selector and role is not empty. */
export interface ConfigEntry {
  readonly name: string;
  readonly agent: string;
  readonly selector: string;
  readonly role: string;
  /** The merge patch, sealed values as `[redacted]`. */
  readonly patch: JsonObject;
  readonly priority: number;
  readonly revision: string;
  readonly version: number;
  readonly issuedAt: Date | undefined;
  readonly requestedBy: string;
  /** True when another hub set a newer one without knowing of this: then that one counts. */
  readonly superseded: boolean;
}

/** A value to be sealed for the agents that an entry means. */
export interface ConfigSecret {
  /** The keys that lead from the configuration to the value. */
  readonly path: readonly string[];
  readonly value: JsonValue;
}

export interface SetConfigRequest {
  readonly name: string;
  /** Exactly one of agent, selector and role. */
  readonly agent?: string | undefined;
  readonly selector?: string | undefined;
  readonly role?: string | undefined;
  /** Absent fields are left to other entries, null clears. */
  readonly patch?: JsonObject | undefined;
  /** 0 to 9, default 5: the larger has the last word. */
  readonly priority?: number | undefined;
  /** Set only over this revision; the empty string means "only if there is none". */
  readonly ifRevision?: string | undefined;
  readonly secrets?: readonly ConfigSecret[] | undefined;
}

export interface DesiredConfig {
  readonly agent: string;
  /** For the agent itself with its sealed values opened: not for logs. */
  readonly config: JsonObject;
  readonly hash: string;
  /** Without patches; the one that has the last word at the end. */
  readonly entries: readonly ConfigEntry[];
  readonly secretPaths: readonly (readonly string[])[];
  /** Sealed values that did not open for the agent that calls. */
  readonly closed: readonly { readonly path: readonly string[]; readonly why: string }[];
  /** What the agent said is in effect; empty where it never said so. */
  readonly effectiveHash: string;
  /** True when it is the one that the caller knows: then its content is left out. */
  readonly unchanged: boolean;
}

export interface ConfigMark {
  readonly hash: string;
  readonly at: Date | undefined;
  /** Of a failure: why. */
  readonly message: string;
}

/** How far an agent is: what was tried, what is in effect and what failed are facts of their own. */
export interface ConfigStatus {
  readonly agent: string;
  readonly state: ConfigState;
  readonly desiredHash: string;
  readonly entries: number;
  readonly attempted: ConfigMark | undefined;
  readonly effective: ConfigMark | undefined;
  readonly error: ConfigMark | undefined;
  readonly behindSince: Date | undefined;
  readonly blocked: string;
  readonly freshness: Freshness | undefined;
}

export type ConfigReport =
  | { readonly state: 'attempted' | 'applied'; readonly hash: string }
  | { readonly state: 'failed'; readonly hash: string; readonly message: string };

export interface ConfigName extends CallOptions {
  /** The agent an entry is for; left out for an entry for many. */
  readonly agent?: string | undefined;
}
