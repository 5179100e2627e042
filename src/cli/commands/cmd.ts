// `holdfast cmd`: commands for agents.
import { Option, type Command as Verb } from 'commander';
import {
  type Command,
  type CommandState,
  HoldfastClientError,
  type JsonObject,
} from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import { COMMAND_COLUMNS, COMMAND_STATES, commandFacts } from '../command-table.ts';
import type { CliContext } from '../context.ts';
import { CliFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { formatSpan } from '../format.ts';
import { parseCount, parseDuration, parseObject } from '../values.ts';
import { addCmdLogs } from './cmd-logs.ts';

interface RunFlags extends CommonFlags {
  readonly target: string;
  readonly ttl?: number;
  readonly idempotencyKey?: string;
  readonly wait: 'local' | 'accepted' | 'done';
}

interface ListFlags extends CommonFlags {
  readonly target?: string;
  readonly state?: CommandState[];
  readonly limit: number;
}

/** How long `--wait` waits without `--timeout`, in milliseconds: long enough to see it happen, short enough to wonder. */
const DEFAULT_WAIT_MS = 60_000;
/** Lines of a list without `--limit`: the newest commands, about two screens. */
const DEFAULT_LIMIT = 50;

export function addCmd(program: Verb, context: CliContext): void {
  const cmd = program
    .command('cmd')
    .description('send commands to agents and see what became of them');
  withExamples(cmd, [
    ['holdfast cmd run --target edge-7 restart', 'send a command'],
    ['holdfast cmd list --target edge-7', 'what became of it'],
  ]);
  addRun(cmd, context);
  addList(cmd, context);
  addCmdLogs(cmd, context);
}

function addRun(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('run')
      .description(
        'send a command to an agent. Once sent it goes its way, also when this program ends',
      )
      .argument('<kind>', 'what to do, a word that the agent knows')
      .argument('[args]', 'arguments, a JSON object')
      .requiredOption('--target <agent>', 'the agent that is to run it')
      .option(
        '--ttl <duration>',
        'not to be started later than in this time (default: 1h)',
        parseDuration,
      )
      .option('--idempotency-key <key>', 'the same key and content again is the same command')
      .addOption(
        new Option(
          '--wait <until>',
          'return when it is stored here, accepted by its target, or done',
        )
          .choices(['local', 'accepted', 'done'])
          .default('local'),
      )
      .action((kind: string, args: string | undefined, flags: RunFlags) =>
        withSidecar(context, flags, (session) => run(session, kind, args)),
      ),
  );
  withExamples(command, [
    [`holdfast cmd run --target edge-7 restart '{"unit": "nginx"}'`, 'send it and go on'],
    ['holdfast cmd run --target edge-7 backup --wait done --timeout 10m', 'see how it ends'],
    [
      'holdfast cmd run --target edge-7 update --ttl 7d --idempotency-key v1.4',
      'once, whenever it is back',
    ],
  ]);
  command.addHelpText(
    'after',
    '\nExit codes: 0 sent, or done and succeeded; 1 failed, rejected, expired or unknown; 6 --timeout (default 1m with\n--wait) is over while the command goes on.',
  );
}

async function run(
  session: Session<RunFlags>,
  kind: string,
  argsText: string | undefined,
): Promise<void> {
  const { client, flags, call, printer, signal } = session;
  const args: JsonObject = argsText === undefined ? {} : parseObject(argsText, 'The arguments');
  const { target: agent, ttl: ttlMs, idempotencyKey, wait } = flags;
  const issued = await client.issueCommand({ agent, kind, args, ttlMs, idempotencyKey }, call);
  if (!issued.created) printer.note('the idempotency key named a command that was there already');
  if (wait === 'local') {
    show(session, issued.command);
    return;
  }
  const timeoutMs = flags.timeout ?? DEFAULT_WAIT_MS;
  let command: Command;
  try {
    const options = { agent, until: wait, timeoutMs, signal };
    command = await client.waitForCommand(issued.command.id, options);
  } catch (error) {
    throw await endOfWaiting(session, issued.command, error, timeoutMs);
  }
  show(session, command);
  if (['failed', 'rejected', 'expired', 'unknown'].includes(command.state)) {
    const why = command.message === '' ? '' : `: ${command.message}`;
    throw new CliFailure(EXIT.failed, `The command ended as ${command.state}${why}`);
  }
}

/** What to say when the waiting ended before the command did: the command is not lost. */
async function endOfWaiting(
  session: Session<RunFlags>,
  issued: Command,
  error: unknown,
  timeoutMs: number,
): Promise<unknown> {
  const goesOn = `It goes on; only the waiting ended. See: holdfast cmd list --target ${issued.agent}`;
  if (session.signal.aborted) {
    return new CliFailure(EXIT.interrupted, `Command ${issued.id} was sent. ${goesOn}`);
  }
  if (!(error instanceof HoldfastClientError) || error.code !== 'deadline_exceeded') return error;
  show(session, issued);
  const span = formatSpan(timeoutMs);
  return new CliFailure(
    EXIT.timedOut,
    `Command ${issued.id} is not ${session.flags.wait} after ${span}. ${goesOn}`,
  );
}

function show({ printer }: Session<RunFlags>, command: Command): void {
  if (printer.format === 'table') printer.facts(commandFacts(command));
  else printer.json(command);
}

function addList(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('list')
      .description('list commands as this sidecar knows them, newest first')
      .option('--target <agent>', "only this agent's")
      .addOption(
        new Option('--state <state...>', 'only commands in these states').choices(COMMAND_STATES),
      )
      .option('--limit <count>', 'at most so many', parseCount, DEFAULT_LIMIT)
      .action((flags: ListFlags) => withSidecar(context, flags, list)),
  );
  withExamples(command, [
    ['holdfast cmd list', 'the newest commands of the fleet'],
    ['holdfast cmd list --target edge-7 --state pending', 'what waits for one agent'],
    ['holdfast cmd list -o ndjson | jq -r \'select(.state == "failed").id\'', 'ids of what failed'],
  ]);
}

async function list({ client, flags, call, printer }: Session<ListFlags>): Promise<void> {
  const { target: agent, state: states, limit } = flags;
  const rows = await client.listCommands({ ...call, agent, states }).toArray(limit);
  printer.rows(rows, COMMAND_COLUMNS, 'no such commands');
}
