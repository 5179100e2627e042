// Waits until a command has come far enough, by asking the local sidecar again and again: that costs a local call, no link.

import { type ClientEnvironment, pause } from '../environment.ts';
import { HoldfastClientError } from '../error.ts';
import type { CallOptions } from '../types.ts';
import type { Command, CommandState, WaitForCommandOptions } from './command-values.ts';

const DEFAULT_WAIT_MS = 30_000;
/** The first questions come fast, for commands that take no time; a person does not notice the last ones. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const PAUSE_GROWTH = 1.5;

const FINAL: ReadonlySet<CommandState> = new Set([
  'succeeded',
  'failed',
  'rejected',
  'cancelled',
  'superseded',
  'expired',
  'timed_out',
  'unknown',
]);

const WAITING: ReadonlySet<CommandState> = new Set(['pending', 'pending_targets']);

/** True when the state will not change any more. */
export function isFinal(state: CommandState): boolean {
  return FINAL.has(state);
}

/** What of a command a change shows in: that of a command to many is none of its own document. */
function looksOf({ freshness, state, cancel, reachedAt, rollUp }: Command): string {
  const told = [freshness.revision, state, cancel?.requestedBy, reachedAt, rollUp];
  return JSON.stringify(told);
}

/** Of a command to many: by all agents that are known. */
function isAccepted({ state, rollUp }: Command): boolean {
  if (rollUp === undefined) return !WAITING.has(state);
  return rollUp.targets > 0 && (rollUp.counts.pending ?? 0) === 0;
}

type GetCommand = (
  id: string,
  options?: CallOptions & { readonly agent?: string },
) => Promise<Command>;

/** See CommandCalls.waitForCommand. */
export async function waitForCommand(
  get: GetCommand,
  id: string,
  { clock, timers }: ClientEnvironment,
  options: WaitForCommandOptions = {},
): Promise<Command> {
  const { agent, until = 'done', timeoutMs = DEFAULT_WAIT_MS, onChange } = options;
  const signal = options.signal ?? new AbortController().signal;
  const deadlineMs = clock.now().monotonicMs + timeoutMs;
  let pauseMs = FIRST_PAUSE_MS;
  let seen: string | undefined;
  for (;;) {
    const command = await get(id, { signal, ...(agent !== undefined && { agent }) });
    const looks = looksOf(command);
    if (looks !== seen) onChange?.(command);
    seen = looks;
    if (isFinal(command.state) || (until === 'accepted' && isAccepted(command))) return command;
    const leftMs = deadlineMs - clock.now().monotonicMs;
    if (leftMs <= 0) {
      throw new HoldfastClientError(
        'deadline_exceeded',
        `command ${id} is still ${command.state} after ${timeoutMs} ms; it goes on, only the waiting ended`,
      );
    }
    await pause(timers, Math.min(pauseMs, leftMs), signal);
    if (signal.aborted) {
      throw new HoldfastClientError('canceled', `waiting for command ${id} was ended; it goes on`);
    }
    pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * PAUSE_GROWTH);
  }
}
