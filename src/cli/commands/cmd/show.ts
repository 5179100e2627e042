// `holdfast cmd show`: all that is known of one command; of one to many how it stands at each agent.
import { Argument, type Command as Verb } from 'commander';
import type { Command } from '../../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import { commandDetails } from '../../command-details.ts';
import { targetColumns } from '../../command-table.ts';
import type { CliContext } from '../../context.ts';
import { formatSpan } from '../../format.ts';

interface ShowFlags extends CommonFlags {
  readonly target?: string;
}

/** Agents of one command that are read. */
const MAX_TARGETS = 10_000;

export function addShow(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('show')
      .description('show a command with the times of its steps; one to many with all its agents')
      .addArgument(new Argument('<id>', 'the command'))
      .option('--target <agent>', 'how a command to many stands at this agent')
      .action((id: string, flags: ShowFlags) =>
        withSidecar(context, flags, (session) => show(session, id)),
      ),
  );
  withExamples(command, [
    ['holdfast cmd show ID', 'what is known of it here'],
    ['holdfast cmd show ID -o json | jq .result', 'what it gave'],
  ]);
}

async function show({ client, flags, call, printer, context }: Session<ShowFlags>, id: string) {
  const { target: agent } = flags;
  const asked = agent === undefined ? call : { ...call, agent };
  const command = await client.getCommand(id, asked);
  const targets =
    command.rollUp === undefined
      ? undefined
      : await client.listCommandTargets(id, call).toArray(MAX_TARGETS);
  if (printer.format !== 'table') {
    printer.json(targets === undefined ? command : { ...command, targets });
    return;
  }
  printer.facts(commandDetails(command));
  if (targets === undefined) return;
  printer.line();
  const since = sinceOf(command, context.environment.clock.now().wallMs);
  for (const line of printer.table(targets, targetColumns(since))) printer.line(line);
}

/** Since when an agent was not heard of, for those that it has not reached. */
function sinceOf({ rollUp }: Command, nowMs: number): (agent: string) => string {
  const away = new Map((rollUp?.unreached ?? []).map(({ agent, since }) => [agent, since]));
  return (agent) => {
    if (!away.has(agent)) return '';
    const since = away.get(agent);
    return since === undefined
      ? 'not reached, never heard of'
      : `not reached, heard of ${formatSpan(nowMs - since.getTime())} ago`;
  };
}
