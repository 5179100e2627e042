// Waits until a command has come far enough, by asking the local sidecar again and again: that costs a local call, no link.

import type { Command, CommandState, WaitForCommandOptions } from './command-values.ts';
import { type ClientEnvironment, pause } from './environment.ts';
import { HoldfastClientError } from './error.ts';
import type { CallOptions } from './types.ts';

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

type GetCommand = (
  id: string,
  options: CallOptions & { readonly agent?: string },
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
  let state: CommandState | undefined;
  for (;;) {
    const command = await get(id, { signal, ...(agent !== undefined && { agent }) });
    if (command.freshness.revision !== seen || command.state !== state) onChange?.(command);
    seen = command.freshness.revision;
    state = command.state;
    if (isFinal(state) || (until === 'accepted' && !WAITING.has(state))) return command;
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
