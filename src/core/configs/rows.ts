// Configurations as readers get them.
import type { JsonObject } from '../json.ts';
import type { Freshness } from '../request.ts';
import type { ConfigRevision } from './config-document.ts';
import type { ConfigStatus } from './config-status.ts';
import type { SealedPart } from './merge.ts';

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
