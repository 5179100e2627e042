// What readers get of a command. Plain values, for request.ts and the layers above.
import type { JsonObject } from '../json.ts';
import type { Freshness } from '../request.ts';
import type { CommandDocument } from './command-document.ts';
import type { CommandState } from './states.ts';
import type { Progress } from './status-document.ts';
import type { Cancel } from './verdict.ts';

export interface UnreachedAgent {
  readonly agent: string;
  /** When the agent was heard of last, milliseconds since 1970; undefined for never. */
  readonly sinceMs: number | undefined;
}

/** A command to many, counted. */
export interface CommandRollUp {
  /** Agents it is for, as far as is known here. */
  readonly targets: number;
  /** Those whose sidecars have it. */
  readonly reached: number;
  readonly counts: Readonly<Partial<Record<CommandState, number>>>;
  /** Those it has not reached as far as is known here; the first hundred by name. */
  readonly unreached: readonly UnreachedAgent[];
}

export interface CommandRow extends Omit<CommandDocument, 'order'> {
  readonly id: string;
  /** Empty for the one row of a command to many. */
  readonly agent: string;
  readonly state: CommandState;
  /** Whether the target itself says so; otherwise it is what can be told from here. */
  readonly confirmed: boolean;
  /** 0 before the first claim. */
  readonly attempt: number;
  readonly claimant: string;
  readonly reachedAtMs: number | undefined;
  readonly via: string;
  readonly acceptedAtMs: number | undefined;
  readonly startedAtMs: number | undefined;
  readonly finishedAtMs: number | undefined;
  readonly progress: Progress | undefined;
  readonly message: string;
  readonly result: JsonObject | undefined;
  readonly replacedBy: string;
  readonly cancel: Cancel | undefined;
  /** Somebody asked to cancel it, and it ended otherwise. */
  readonly cancelTooLate: boolean;
  /** Why it is not begun although it is pending; empty where it may be. */
  readonly withheld: string;
  /** Of the one row of a command to many. */
  readonly rollUp: CommandRollUp | undefined;
  readonly freshness: Freshness;
}
