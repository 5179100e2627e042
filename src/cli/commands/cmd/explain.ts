// `holdfast cmd explain`: the story of a command, and what it waits for.
import { Argument, type Command as Verb } from 'commander';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import type { CliContext } from '../../context.ts';
import { countsOf } from '../../progress-text.ts';
import { printStory } from '../../story.ts';

interface ExplainFlags extends CommonFlags {
  readonly target?: string;
}

export function addExplain(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('explain')
      .description(
        'say where a command is, whom it reached and when, what it waits for, when it dies',
      )
      .addArgument(new Argument('<id>', 'the command'))
      .option('--target <agent>', 'how a command to many stands at this agent')
      .action((id: string, flags: ExplainFlags) =>
        withSidecar(context, flags, (session) => explain(session, id)),
      ),
  );
  withExamples(command, [['holdfast cmd explain ID', 'why has it not run yet?']]);
}

async function explain(session: Session<ExplainFlags>, id: string): Promise<void> {
  const { client, flags, call, printer, context } = session;
  const story = await client.explainCommand(id, { ...call, agent: flags.target });
  if (printer.format !== 'table') {
    printer.json(story);
    return;
  }
  const { command, explanation } = story;
  const whom = command.agent || command.selector || `role ${command.role}`;
  const sure = command.confirmed || command.rollUp !== undefined ? '' : ' as far as is known here';
  const counted = command.rollUp === undefined ? '' : ` (${countsOf(command.rollUp)})`;
  printer.line(
    `Command ${command.id}, ${command.kind} for ${whom}, is ${command.state}${sure}${counted}.`,
  );
  printStory(printer, explanation, context.environment.clock.now().wallMs);
}
