// Waits until a command has come far enough, by asking the local sidecar again and again: that costs a local call, no link.
import { type ClientEnvironment, pause } from './environment.ts';
import { HoldfastClientError } from './error.ts';
import type { Command, CommandState, WaitForCommandOptions } from './operator-types.ts';

const DEFAULT_WAIT_MS = 30_000;
/** The first questions come fast, for commands that take no time; a person does not notice the last ones. */
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;
const PAUSE_GROWTH = 1.5;
/** The list is newest first and a command one waits for is new: it is on a small first page. */
const PAGE_SIZE = 20;

const FINAL: ReadonlySet<CommandState> = new Set([
  'succeeded',
  'failed',
  'rejected',
  'expired',
  'unknown',
]);

/** True when the state will not change any more. */
export function isFinal(state: CommandState): boolean {
  return FINAL.has(state);
}

type ListCommands = (options: {
  agent: string | undefined;
  signal: AbortSignal;
  pageSize: number;
}) => AsyncIterable<Command>;

/** See CommandCalls.waitForCommand. */
export async function waitForCommand(
  list: ListCommands,
  id: string,
  { clock, timers }: ClientEnvironment,
  options: WaitForCommandOptions = {},
): Promise<Command> {
  const { agent, until = 'done', timeoutMs = DEFAULT_WAIT_MS } = options;
  const signal = options.signal ?? new AbortController().signal;
  const deadlineMs = clock.now().monotonicMs + timeoutMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const command = await find(list({ agent, signal, pageSize: PAGE_SIZE }), id);
    if (command === undefined) {
      throw new HoldfastClientError('not_found', `there is no command ${id} here`);
    }
    if (isFinal(command.state) || (until === 'accepted' && command.state !== 'pending')) {
      return command;
    }
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

async function find(commands: AsyncIterable<Command>, id: string): Promise<Command | undefined> {
  for await (const command of commands) {
    if (command.id === id) return command;
  }
  return undefined;
}
