// `holdfast cmd list`: commands as this sidecar knows them, one line each.
import { Option, type Command as Verb } from 'commander';
import type { Command, CommandState } from '../../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import { COMMAND_COLUMNS, COMMAND_STATES } from '../../command-table.ts';
import type { CliContext } from '../../context.ts';
import { watchRows } from '../../live-rows.ts';
import { parseCount } from '../../values.ts';

interface ListFlags extends CommonFlags {
  readonly target?: string;
  readonly state?: CommandState[];
  readonly limit: number;
  readonly watch?: true;
}

/** Lines of a list without `--limit`: the newest commands, about two screens. */
const DEFAULT_LIMIT = 50;

export function addList(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('list')
      .description('list commands as this sidecar knows them, newest first')
      .option('--target <agent>', "only this agent's, those to many included")
      .addOption(
        new Option('--state <state...>', 'only commands in these states').choices(COMMAND_STATES),
      )
      .option('--limit <count>', 'at most so many', parseCount, DEFAULT_LIMIT)
      .option('-w, --watch', 'go on: redraw, or with ndjson write each change')
      .action((flags: ListFlags) => withSidecar(context, flags, list)),
  );
  withExamples(command, [
    ['holdfast cmd list', 'the newest commands of the fleet'],
    ['holdfast cmd list --target edge-7 --state pending', 'what waits for one agent'],
    ['holdfast cmd list -w', 'the newest ones, live'],
    ['holdfast cmd list -o ndjson | jq -r \'select(.state == "failed").id\'', 'ids of what failed'],
  ]);
}

async function list(session: Session<ListFlags>): Promise<void> {
  const { client, flags, call, printer } = session;
  const { target: agent, state: states, limit } = flags;
  const columns = COMMAND_COLUMNS;
  const empty = 'no such commands';
  const read = async () => {
    return { rows: await client.listCommands({ ...call, agent, states }).toArray(limit), columns };
  };
  if (flags.watch === true) await watchRows(session, { read, looksOf, empty });
  else printer.rows((await read()).rows, columns, empty);
}

/** What of a command to many changes is none of its own document. */
function looksOf({ id, agent, state, freshness, cancel, rollUp }: Command) {
  const told = [freshness.revision, state, cancel?.requestedBy, rollUp];
  return { key: `${id} ${agent}`, state: JSON.stringify(told) };
}
