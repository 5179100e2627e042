// `holdfast cmd cancel`: asks for a command to be stopped, and says what really became of that.
import { Argument, type Command as Verb } from 'commander';
import { type Command, HoldfastClientError, isFinal } from '../../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import { commandFacts } from '../../command-table.ts';
import type { CliContext } from '../../context.ts';
import { CliFailure } from '../../errors.ts';
import { EXIT } from '../../exit-codes.ts';
import { countsOf } from '../../progress-text.ts';

interface CancelFlags extends CommonFlags {
  readonly target?: string;
  readonly reason?: string;
}

/** Where the target is near, what becomes of it is known within this. */
const SHORT_WAIT_MS = 2_000;

export function addCancel(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('cancel')
      .description('ask for a command to be stopped, and say what came of it')
      .addArgument(new Argument('<id>', 'the command'))
      .option('--target <agent>', 'the agent it is for, which saves looking for it')
      .option('--reason <text>', 'why; everybody who looks at the command sees it')
      .action((id: string, flags: CancelFlags) =>
        withSidecar(context, flags, (session) => cancel(session, id)),
      ),
  );
  withExamples(command, [
    [
      "holdfast cmd cancel ID --reason 'wrong unit'",
      'not begun: it never is; running: its agent is told',
    ],
    ['holdfast cmd wait ID', 'how a running one ended'],
  ]);
  command.addHelpText(
    'after',
    '\nExit codes: 0 cancelled, or asked for; 1 too late, it ended otherwise. Looks for at most --timeout (default 2s).',
  );
}

async function cancel(session: Session<CancelFlags>, id: string): Promise<void> {
  const { client, flags, signal, printer } = session;
  const { target: agent, reason = '', timeout: timeoutMs = SHORT_WAIT_MS } = flags;
  const whose = agent === undefined ? {} : { agent };
  const asked = await client.cancelCommand(id, { signal, reason, ...whose });
  const isOver =
    !asked.requested && asked.command.rollUp === undefined && isFinal(asked.command.state);
  const command = isOver ? asked.command : await afterwards(session, asked.command, timeoutMs);
  const outcome = outcomeOf(command, asked.requested);
  if (printer.format === 'table') printer.facts({ ...commandFacts(command), outcome });
  else printer.json({ ...command, requested: asked.requested, outcome });
  if (isFinal(command.state) && command.state !== 'cancelled' && command.rollUp === undefined) {
    throw new CliFailure(EXIT.failed, `The request to cancel came ${outcome}`);
  }
}

/** The command a moment later: where its target is near, it has ended by then. */
async function afterwards(
  { client, signal }: Session<CancelFlags>,
  asked: Command,
  timeoutMs: number,
): Promise<Command> {
  let known = asked;
  try {
    const onChange = (command: Command): void => {
      known = command;
    };
    return await client.waitForCommand(asked.id, { timeoutMs, signal, onChange });
  } catch (error) {
    if (!(error instanceof HoldfastClientError) || error.code !== 'deadline_exceeded') throw error;
    return known;
  }
}

function outcomeOf({ state, agent, attempt, rollUp }: Command, requested: boolean): string {
  if (rollUp !== undefined) {
    return `asked for: who has not begun it never does, and who runs it is told to stop. ${countsOf(rollUp)}`;
  }
  if (state === 'cancelled') {
    const when = requested ? 'cancelled' : 'was cancelled before';
    return attempt === 0 ? `${when}: it was never begun` : `${when}: ${agent} stopped it`;
  }
  if (isFinal(state))
    return requested
      ? `too late: it ended as ${state}`
      : `too late: it was over already, as ${state}`;
  const again = requested ? 'asked for' : 'was asked for before';
  if (state === 'pending') {
    return `${again}: it is cancelled when that reaches the sidecar of ${agent}, unless it was begun before`;
  }
  return `${again}: ${agent} is told to stop it, and says how it ended`;
}
