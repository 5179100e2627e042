// Logs of commands as callers get them.
import type { CallOptions } from '../types.ts';

/** What a line came from: the two streams of a program, or the handler itself. */
export type LogStream = 'stdout' | 'stderr' | 'event';

export interface CommandLogLine {
  readonly type: 'line';
  readonly attempt: number;
  /** Counts the lines of an attempt from 1. */
  readonly seq: number;
  readonly stream: LogStream;
  /** By the clock of the agent. */
  readonly time: Date | undefined;
  readonly text: string;
}

/** Lines that are not there. */
export interface CommandLogGap {
  readonly type: 'gap';
  readonly attempt: number;
  /** Of the first of them. */
  readonly seq: number;
  readonly count: number;
  /** What they would have taken; 0 where nobody counted. */
  readonly bytes: number;
  readonly time: Date | undefined;
  /**
   * `limit`: the attempt had written its share. `rate`: its agent wrote too fast. `lost`: they never reached the sidecar of the agent.
   * `missing`: they are not on the sidecar that was asked, not yet or not any more.
   */
  readonly reason: 'limit' | 'rate' | 'lost' | 'missing';
}

export type CommandLogEntry = CommandLogLine | CommandLogGap;

/** Which part of a log is wanted. */
export interface CommandLogRange {
  /** At which agent. May be left out for a command for one agent. */
  readonly agent?: string | undefined;
  /** Left out: the newest. */
  readonly attempt?: number | undefined;
  /** Begins with the line of this number. */
  readonly fromSeq?: number | undefined;
  /** Only so many of the newest lines, at most 100,000. */
  readonly last?: number | undefined;
}

export interface ReadCommandLogOptions extends CallOptions, CommandLogRange {
  /** Entries, 1 to 1,000. Default 1,000. */
  readonly limit?: number | undefined;
}

export interface FollowCommandLogOptions extends CommandLogRange {
  /** Ends it: the iteration is then over, without an error. */
  readonly signal?: AbortSignal | undefined;
  /** Called at each break, before the wait for the next attempt to connect. */
  readonly onDisconnect?: ((error: Error, retryInMs: number) => void) | undefined;
}

export interface CommandLogPage {
  readonly agent: string;
  readonly attempt: number;
  readonly entries: readonly CommandLogEntry[];
  /** `fromSeq` of the next page. */
  readonly nextSeq: number;
  /** False when there is more to be read. */
  readonly caughtUp: boolean;
  /** True when all was read that the attempt wrote, and nothing follows. */
  readonly complete: boolean;
}

/** A line on its way to the sidecar. */
export interface AppendedLogLine {
  readonly seq: number;
  readonly stream: LogStream;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly text: string;
}

export interface AppendedLog {
  readonly attempt: number;
  /** With ascending numbers; numbers that are skipped are lines that were dropped. At most 1,000. */
  readonly lines: readonly AppendedLogLine[];
  /** Nothing follows in this attempt. */
  readonly final?: boolean | undefined;
}
