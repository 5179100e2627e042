// What an agent gives to `watchConfig`, and what it hears from it.

import type { HoldfastClientError } from '../error.ts';
import type { JsonObject } from '../types.ts';
import type { ConfigCalls } from './configs.ts';
import type { KnownGood } from './last-known-good.ts';

/** A configuration to be applied. */
export interface ConfigChange {
  /** Sealed values are opened: not for logs. */
  readonly config: JsonObject;
  /** Names its content. */
  readonly hash: string;
  /** What this agent applied last; undefined where that is not known. */
  readonly previous: KnownGood | undefined;
  /** Aborts when the loop is to end. */
  readonly signal: AbortSignal;
}

/**
 * Makes a configuration take effect. Resolving is the agent's word that it has; throwing, that it has not and that what was in effect
 * before still is. The error's message is told to the whole fleet, with the opened secrets taken out of it.
 */
export type ConfigHandler = (change: ConfigChange) => void | Promise<void>;

export type ConfigEvent =
  | { readonly type: 'applied'; readonly hash: string; readonly from: 'sidecar' | 'file' }
  /** Tried again after `retryInMs` milliseconds, or at once when another one is wanted. */
  | {
      readonly type: 'failed';
      readonly hash: string;
      readonly message: string;
      readonly retryInMs: number;
    }
  | {
      readonly type: 'retrying';
      readonly what: 'watch' | 'read' | 'report';
      readonly error: HoldfastClientError;
      readonly retryInMs: number;
    }
  /** The file of the last known good cannot be read or written. The loop goes on without it. */
  | { readonly type: 'file-failed'; readonly error: unknown };

export interface ConfigLoopOptions {
  /** File in which the last configuration that was applied is kept, with its secrets, readable by its owner alone. */
  readonly lastKnownGood?: string | undefined;
  /** Milliseconds between two looks while nothing wakes the loop, 100 to 3,600,000. Default 30,000. */
  readonly pollIntervalMs?: number | undefined;
  readonly onEvent?: ((event: ConfigEvent) => void) | undefined;
  /** Milliseconds that `stop` waits for a handler. Default 4,000. */
  readonly stopGraceMs?: number | undefined;
  /** Ends the loop, like `stop`. */
  readonly signal?: AbortSignal | undefined;
}

/** What the loop asks of the sidecar. */
export interface ConfigPort extends Pick<ConfigCalls, 'desiredConfig' | 'reportConfig'> {
  /** Yields when something else is wanted, and as a sign of life. */
  watchDesired(
    signal: AbortSignal,
  ): AsyncIterable<{ readonly hash: string; readonly blocked: string }>;
}
