// `holdfast cmd wait`: until a command that was sent before has come far enough.
import { Argument, Option, type Command as Verb } from 'commander';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import { commandFacts } from '../../command-table.ts';
import type { CliContext } from '../../context.ts';
import { checkEnd, DEFAULT_WAIT_MS, waitAndShow } from './waiting.ts';

interface WaitFlags extends CommonFlags {
  readonly target?: string;
  readonly for: 'accepted' | 'done';
  readonly follow?: true;
}

export function addWait(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('wait')
      .description('wait until a command is done. The command itself is left alone')
      .addArgument(new Argument('<id>', 'the command'))
      .option('--target <agent>', 'how a command to many stands at this agent')
      .addOption(
        new Option('--for <until>', 'accepted: its target has it; done: it is over')
          .choices(['accepted', 'done'])
          .default('done'),
      )
      .option('--follow', 'show every step of it')
      .action((id: string, flags: WaitFlags) =>
        withSidecar(context, flags, (session) => wait(session, id)),
      ),
  );
  withExamples(command, [
    ['holdfast cmd wait ID --timeout 10m', 'see how it ends'],
    ['holdfast cmd wait ID --for accepted', 'its target has it on its disk'],
  ]);
  command.addHelpText(
    'after',
    '\nExit codes: 0 done and succeeded, or accepted; 1 ended otherwise; 6 --timeout (default 1m) is over.',
  );
}

async function wait(session: Session<WaitFlags>, id: string): Promise<void> {
  const { client, flags, signal, printer } = session;
  const { target: agent, for: until, timeout: timeoutMs = DEFAULT_WAIT_MS } = flags;
  const asked = { signal, ...(agent !== undefined && { agent }) };
  const first = await client.getCommand(id, asked);
  const show = (command: typeof first): void => {
    if (printer.format === 'table') printer.facts(commandFacts(command));
    else printer.json(command);
  };
  const everyStep = flags.follow === true;
  const waited = { id, agent, until, timeoutMs, everyStep, first, onGivenUp: show };
  const command = await waitAndShow(session, waited);
  show(command);
  checkEnd(command, until);
}
