// What an agent gives the command loop, what its handlers get, and what the loop tells about itself.

import type { CommandLogCalls } from './command-log.ts';
import type { LogStream } from './command-log-values.ts';
import type { Command, CommandReport } from './command-values.ts';
import type { CommandCalls } from './commands.ts';
import type { HoldfastClientError } from './error.ts';
import type { JsonObject } from './types.ts';
import type { WatchEvent, WatchOptions } from './watch.ts';

/** One command on its way through its handler. */
export interface CommandRun {
  readonly id: string;
  readonly kind: string;
  readonly args: JsonObject;
  /** Aborts when the loop is stopped. A handler that goes on is left alone, and its command ends as `unknown`. */
  readonly signal: AbortSignal;
  /** Says how far it is: percent from 0 to 100, which never goes back, and a sentence. Returns at once. */
  progress(percent: number, message?: string): void;
  /** Writes to the log of the command, which everybody can read while it runs. Several lines in one text are several lines. Returns at once. */
  log(stream: LogStream, text: string): void;
}

/**
 * Runs one command. What it returns becomes the result (at most 32 KiB of JSON), what it throws the reason of the failure.
 * It is called once per command; when the agent dies in between, the command ends as `unknown` and is not run again.
 */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler without a result is `async () => { … }`, whose type is void.
export type CommandHandler = (run: CommandRun) => Promise<JsonObject | void> | JsonObject | void;

/** Handlers by the kind of command. */
export type CommandHandlers = Readonly<Record<string, CommandHandler>>;

/** What the loop is doing. */
export type CommandEvent =
  /** The claim is on the sidecar's disk and the handler was called. */
  | { readonly type: 'started'; readonly command: Command }
  /** The final state is stored. */
  | { readonly type: 'finished'; readonly command: Command; readonly report: CommandReport }
  /** No handler knows the kind: the command became REJECTED. */
  | { readonly type: 'rejected'; readonly command: Command }
  /** Claimed by an earlier process of this agent, or with its answer lost: reported as UNKNOWN. */
  | { readonly type: 'interrupted'; readonly command: Command }
  /** The sidecar does not let it be claimed or reported any more: it expired, or is in a final state. */
  | { readonly type: 'skipped'; readonly command: Command; readonly error: HoldfastClientError }
  /** Something failed and is tried again after `retryInMs` milliseconds. */
  | {
      readonly type: 'retrying';
      readonly what: 'list' | 'claim' | 'report' | 'watch';
      readonly error: HoldfastClientError;
      readonly retryInMs: number;
    };

export interface CommandLoopOptions {
  /** How many commands may run at the same time, 1 to 1,000. Default 1: one behind the other, in the order in which they were issued. */
  readonly concurrency?: number | undefined;
  /** Milliseconds between two looks when nothing woke the loop, 100 to 3,600,000. Default 30,000. */
  readonly pollIntervalMs?: number | undefined;
  /** How long `stop` waits for handlers and their last reports, in milliseconds. Default 4,000. */
  readonly stopGraceMs?: number | undefined;
  readonly onEvent?: ((event: CommandEvent) => void) | undefined;
  /** Ends the loop, like `stop`. */
  readonly signal?: AbortSignal | undefined;
}

/** What the loop needs of the client. */
export interface CommandPort
  extends Pick<CommandCalls, 'listCommands' | 'acknowledgeCommand' | 'reportCommand'>,
    Pick<CommandLogCalls, 'appendCommandLog'> {
  watch(options: WatchOptions): AsyncIterable<WatchEvent>;
}
