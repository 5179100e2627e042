// What an agent gives the command loop, what its handlers get, and what the loop tells about itself.

import type { HoldfastClientError } from '../error.ts';
import type { JsonObject } from '../types.ts';
import type { CommandLogCalls } from './command-log.ts';
import type { LogStream } from './command-log-values.ts';
import type { Command, CommandEffect, CommandProgress, CommandReport } from './command-values.ts';
import type { CommandCalls } from './commands.ts';

/** One command on its way through its handler. */
export interface CommandRun {
  readonly id: string;
  readonly kind: string;
  readonly args: JsonObject;
  /** 1, or more when an earlier process was interrupted in the middle of it. */
  readonly attempt: number;
  /**
   * Aborts when the handler is to stop; its `reason` is a CommandStopped that says why. A handler that throws then ends its command as
   * cancelled or timed out; one that returns a result after a cancel has succeeded.
   */
  readonly signal: AbortSignal;
  /**
   * Says how far it is: percent from 0 to 100, which never goes back, or counts, and a sentence. Returns at once; what is said faster
   * than twice a second is told by its newest. Rate and time left are worked out from items or bytes where they are not given.
   */
  progress(progress: number | CommandProgress, message?: string): void;
  /** Writes to the log of the command, which everybody can read while it runs. Several lines in one text are several lines. Returns at once. */
  log(stream: LogStream, text: string): void;
}

/**
 * Runs one command. What it returns becomes the result (at most 32 KiB of JSON), what it throws the reason of the failure.
 * It is called once for each attempt; when the agent dies in between, an idempotent command is offered again, any other ends as `unknown`.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a result is `async () => { … }`, whose type is void.
export type CommandHandler = (run: CommandRun) => Promise<JsonObject | void> | JsonObject | void;

/** A handler with what callers are told of it. */
export interface DescribedHandler {
  readonly handler: CommandHandler;
  /** JSON Schema of the arguments, at most 8 KiB, without references, patterns and formats. */
  readonly schema?: JsonObject | undefined;
  /** What it does, for people, at most 256 bytes. */
  readonly description?: string | undefined;
  /** `at_most_once`: this handler is never begun a second time for a command, whatever its issuer thinks of it. */
  readonly effect?: CommandEffect | undefined;
}

/** Handlers by the kind of command. The agent declares these kinds when the loop starts. */
export type CommandHandlers = Readonly<Record<string, CommandHandler | DescribedHandler>>;

/** What the loop tries again when it fails. */
export type LoopTask =
  | 'offers'
  | 'claim'
  | 'report'
  | 'interrupt'
  | 'watch'
  | 'declare'
  | 'journal';

/** What the loop is doing. */
export type CommandEvent =
  /** The claim is on the sidecar's disk and the handler was called. */
  | { readonly type: 'started'; readonly command: Command }
  /** The final state is stored. */
  | { readonly type: 'finished'; readonly command: Command; readonly report: CommandReport }
  /** No handler knows the kind: the command became REJECTED. */
  | { readonly type: 'rejected'; readonly command: Command }
  /** Nobody can say how far it came, so the sidecar decides: the next attempt, or UNKNOWN. */
  | { readonly type: 'interrupted'; readonly command: Command }
  /** The sidecar does not let it be claimed or reported any more: it expired, or is in a final state. */
  | { readonly type: 'skipped'; readonly command: Command; readonly error: HoldfastClientError }
  /** A handler that was told to stop ended after its command was reported as timed out: what it gave is dropped. */
  | { readonly type: 'late'; readonly command: Command; readonly dropped: CommandReport }
  /** The sidecar refuses what the handlers say of themselves: callers are not told which kinds this agent takes. */
  | { readonly type: 'undeclared'; readonly error: HoldfastClientError }
  /** Something failed and is tried again after `retryInMs` milliseconds. */
  | {
      readonly type: 'retrying';
      readonly what: LoopTask;
      readonly error: HoldfastClientError;
      readonly retryInMs: number;
    };

export interface CommandLoopOptions {
  /** How many commands may run at the same time, 1 to 1,000. Default 1: one behind the other, the most urgent first. */
  readonly concurrency?: number | undefined;
  /** Milliseconds between two looks when nothing woke the loop, 100 to 3,600,000. Default 30,000. */
  readonly pollIntervalMs?: number | undefined;
  /** How long `stop` waits for handlers and their last reports, in milliseconds. Default 4,000. */
  readonly stopGraceMs?: number | undefined;
  /**
   * File in which the agent remembers what it began and how it ended, so that its next process neither repeats nor forgets it. Made
   * where there is none. One process at a time may use it. Without it a command that was claimed counts as begun.
   */
  readonly journal?: string | undefined;
  readonly onEvent?: ((event: CommandEvent) => void) | undefined;
  /** Ends the loop, like `stop`. */
  readonly signal?: AbortSignal | undefined;
}

/** What the loop needs of the client. */
export type CommandPort = Pick<
  CommandCalls,
  | 'commandOffers'
  | 'watchCommands'
  | 'declareCommandKinds'
  | 'acknowledgeCommand'
  | 'reportCommand'
  | 'interruptCommand'
> &
  Pick<CommandLogCalls, 'appendCommandLog'>;
