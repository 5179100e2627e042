// Configurations in plain values: entries, what is wanted, how far agents are, and what can be asked about them.
import type { JsonObject } from './json.ts';
import type { Freshness, Page, PageRequest } from './row-facts.ts';

/** Whom an entry is for, as commands have it. */
export type ConfigTarget =
  | { readonly type: 'agent'; readonly agent: string }
  | { readonly type: 'selector'; readonly selector: string }
  | { readonly type: 'role'; readonly role: string };

export interface ConfigDocument {
  readonly target: ConfigTarget;
  /** A JSON merge patch: absent fields are left alone, null clears, a sealed value counts as one value. */
  readonly patch: JsonObject;
  /** 0 to 9. Of entries that mean an agent in the same way, the larger wins. */
  readonly priority: number;
  /** Where it stands among everything that hubs ask for: text that sorts. */
  readonly order: string;
  /** Counts the revisions of an entry that its author had seen, from 1. */
  readonly version: number;
  readonly issuedAtMs: number;
  /** Credential that set it: `node name/scope`. */
  readonly requestedBy: string;
}

/** A revision of an entry, taken apart. */
export interface ConfigRevision {
  /** The agent's name, or `group@` for an entry for many. */
  readonly scope: string;
  readonly name: string;
  /** Made from the content. */
  readonly revision: string;
  readonly config: ConfigDocument;
}

/** A configuration, and when something was said of it: milliseconds since 1970 by the clock of the agent's sidecar. */
export interface ConfigMark {
  readonly hash: string;
  readonly atMs: number;
}

export interface ConfigFailure extends ConfigMark {
  readonly message: string;
}

/** Three facts, none of which changes another one: what was tried, what is in effect (the last known good), what went wrong. */
export interface ConfigStatus {
  readonly attempted: ConfigMark | undefined;
  readonly effective: ConfigMark | undefined;
  /** Of the newest failure since something took effect. */
  readonly error: ConfigFailure | undefined;
}

export type ConfigReport =
  | { readonly state: 'attempted' | 'applied'; readonly hash: string }
  | { readonly state: 'failed'; readonly hash: string; readonly message: string };

/** A sealed value of a configuration, and the entry it came with. */
export interface SealedPart {
  readonly path: readonly string[];
  readonly scope: string;
  readonly name: string;
  readonly value: JsonObject;
}

export interface ConfigEntryRow extends ConfigRevision {
  /** False for a revision that a newer one of another hub took the place of. */
  readonly counts: boolean;
  readonly freshness: Freshness;
}

export interface DesiredConfig {
  readonly agent: string;
  /** With its sealed values closed. */
  readonly value: JsonObject;
  readonly hash: string;
  /** What it is made of, the one that has the last word at the end. */
  readonly entries: readonly ConfigRevision[];
  readonly sealed: readonly SealedPart[];
  /** Why it is not given to the agent; empty where it is. */
  readonly trouble: string;
  /** What the agent said is in effect; empty where it never said so. */
  readonly effectiveHash: string;
}

/**
 * `none`: nothing is wanted and nothing was ever in effect. `blocked`: what is wanted is beyond a limit. `failed` and `attempted`
 * are about what is wanted now; `behind`: the agent has said nothing of it yet.
 */
export const CONFIG_STATES = [
  'none',
  'in_sync',
  'attempted',
  'failed',
  'behind',
  'blocked',
] as const;

export type ConfigState = (typeof CONFIG_STATES)[number];

export interface ConfigStatusRow extends ConfigStatus {
  readonly agent: string;
  readonly state: ConfigState;
  readonly desiredHash: string;
  /** How many entries it is made of. */
  readonly entries: number;
  /** Not before then it was otherwise; undefined while it is in sync, and where it cannot be told. */
  readonly behindSinceMs: number | undefined;
  readonly trouble: string;
  /** Of what the agent said; undefined where it said nothing. */
  readonly freshness: Freshness | undefined;
}

/** An entry: of an agent, or with an empty agent one for many. */
export interface ConfigName {
  readonly agent: string;
  readonly name: string;
}

export interface ConfigMethods {
  setConfig: {
    request: {
      target: ConfigTarget;
      name: string;
      patch: JsonObject;
      priority: number;
      /** Set only over this revision; the empty string means "only if there is none". */
      ifRevision?: string | undefined;
    };
    response: { entry: ConfigEntryRow; changed: boolean };
  };
  /** Whom an entry for this target would mean now, by name. */
  configTargets: { request: { target: ConfigTarget }; response: { agents: readonly string[] } };
  getConfig: { request: ConfigName; response: { entry: ConfigEntryRow } };
  /** With an agent: entries that mean it, in the order in which they are merged. Otherwise all, by id. */
  listConfigs: { request: PageRequest & { agent: string }; response: Page<ConfigEntryRow> };
  deleteConfig: {
    request: ConfigName & { ifRevision?: string | undefined };
    response: { revisions: number };
  };
  /** An agent reads its own, whatever name it gives. */
  desiredConfig: { request: { agent: string }; response: DesiredConfig };
  reportConfig: { request: ConfigReport; response: { status: ConfigStatusRow } };
  listConfigStatus: {
    request: PageRequest & { agent: string; states: readonly ConfigState[] };
    response: Page<ConfigStatusRow>;
  };
}
