// Waiting for a command, for `run`, `wait` and `cancel`: shows how it goes, and says how to go on when the waiting ends before it does.
import { type Command, HoldfastClientError, isFinal } from '../../../agent-client/index.ts';
import type { CommonFlags, Session } from '../../client-command.ts';
import { CliFailure } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { formatSpan } from '../../format.ts';
import { ProgressDisplay } from '../../progress-display.ts';

/** How long `--wait` waits without `--timeout`, in milliseconds: long enough to see it happen, short enough to wonder. */
export const DEFAULT_WAIT_MS = 60_000;

export interface Wait {
  readonly id: string;
  /** Narrows the search; for a command to many, how it stands there. */
  readonly agent: string | undefined;
  readonly until: 'accepted' | 'done';
  readonly timeoutMs: number;
  /** Shows each step as a line, also at a terminal. */
  readonly everyStep: boolean;
  /** As it was known when the waiting began. */
  readonly first: Command;
  /** Shows what is known when the time is up. */
  onGivenUp(known: Command): void;
}

/** Rejects with CliFailure when the waiting ended before the command did: the command is not lost. */
export async function waitAndShow<Flags extends CommonFlags>(
  session: Session<Flags>,
  wait: Wait,
): Promise<Command> {
  const { client, context, signal } = session;
  const { id, agent, until, timeoutMs, everyStep } = wait;
  const display = new ProgressDisplay(context, everyStep);
  let known = wait.first;
  const onChange = (command: Command): void => {
    known = command;
    display.show(command);
  };
  try {
    return await client.waitForCommand(id, { agent, until, timeoutMs, signal, onChange });
  } catch (error) {
    display.end();
    const goesOn = `It goes on; only the waiting ended. Wait on with: holdfast cmd wait ${id}. What it waits for: holdfast cmd explain ${id}`;
    if (signal.aborted) {
      throw new CliFailure(EXIT.interrupted, `Command ${id} was sent. ${goesOn}`);
    }
    if (!(error instanceof HoldfastClientError) || error.code !== 'deadline_exceeded') throw error;
    wait.onGivenUp(known);
    const span = formatSpan(timeoutMs);
    throw new CliFailure(EXIT.timedOut, `Command ${id} is not ${until} after ${span}. ${goesOn}`);
  } finally {
    display.end();
  }
}

/** Throws CliFailure for a command that ended otherwise than well; `accepted` is content with one that goes on. */
export function checkEnd(command: Command, until: 'accepted' | 'done'): void {
  const { state, message, rollUp } = command;
  if (state === 'succeeded' || (until === 'accepted' && !isFinal(state))) return;
  const why = message === '' ? '' : `: ${message}`;
  const others = Object.entries(rollUp?.counts ?? {}).filter(([name]) => name !== 'succeeded');
  const counted = others.map(([name, count]) => `${count} ${name}`).join(', ');
  throw new CliFailure(
    EXIT.failed,
    rollUp === undefined
      ? `The command ended as ${state}${why}`
      : `Of ${rollUp.targets} agents not all succeeded: ${counted || state}`,
  );
}
