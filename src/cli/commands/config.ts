// `holdfast config`: what hubs want of the configuration of agents, and how far agents are with it.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ConfigSecret, ConfigState, JsonObject } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import { CONFIG_STATES, ENTRY_COLUMNS, STATUS_COLUMNS, targetOf } from '../config-table.ts';
import type { CliContext } from '../context.ts';
import { usageFailure } from '../errors.ts';
import { collect, readObject } from '../values.ts';

interface TargetFlags extends CommonFlags {
  readonly target?: string;
}

interface SetFlags extends TargetFlags {
  readonly selector?: string;
  readonly role?: string;
  readonly priority?: number;
  readonly secretFile?: readonly string[];
  readonly ifRevision?: string;
}

interface StatusFlags extends CommonFlags {
  readonly state?: ConfigState[];
}

interface RemoveFlags extends TargetFlags {
  readonly ifRevision?: string;
}

const HIGHEST_PRIORITY = 9;

export function addConfig(program: Command, context: CliContext): void {
  const config = program
    .command('config')
    .description('push configuration to agents and see whether it is in effect');
  withExamples(config, [
    [`holdfast config set uplink '{"mtu": 1400}' --selector site=north`, 'for many agents'],
    ['holdfast config status', 'how far they are'],
  ]);
  addSet(config, context);
  addShow(config, context);
  addList(config, context);
  addStatus(config, context);
  addRemove(config, context);
}

function addSet(config: Command, context: CliContext): void {
  const command = withCommonFlags(
    config
      .command('set')
      .description('set an entry: fields that are left out stay as other entries say, null clears')
      .argument('<name>', 'name of the entry; the same name again replaces it')
      .argument('[patch]', 'a JSON object, a file with one, or - for standard input')
      .option('--target <agent>', 'for this agent')
      .option('--selector <selector>', 'for agents with these labels')
      .option('--role <role>', "for agents whose sidecar's member has this role")
      .option(
        '--priority <number>',
        '0 to 9, default 5: of entries that mean an agent in the same way, the larger has the last word',
        parsePriority,
      )
      .option(
        '--secret-file <keys=file>',
        'a value to be sealed for these agents, from a file; may be repeated',
        collect,
      )
      .option('--if-revision <revision>', "only over this revision; '' only if there is none")
      .action((name: string, patch: string | undefined, flags: SetFlags) =>
        withSidecar(context, flags, (session) => set(session, name, patch)),
      ),
  );
  withExamples(command, [
    [`holdfast config set base '{"level": "info"}' --target edge-7`, 'one agent'],
    [`holdfast config set proxy '{"proxy": null}' --selector site=north`, 'clear it for many'],
    ['holdfast config set wifi --target edge-7 --secret-file wifi.password=pw', 'a secret'],
  ]);
}

async function set(
  { client, flags, call, printer, context }: Session<SetFlags>,
  name: string,
  source: string | undefined,
): Promise<void> {
  const { target: agent, selector, role, priority, ifRevision } = flags;
  if ([agent, selector, role].filter((given) => given !== undefined).length !== 1) {
    throw usageFailure(
      'Say whom it is for: one of --target, --selector and --role. Nothing was set.',
    );
  }
  const secrets = await readSecrets(flags.secretFile ?? [], context);
  if (source === undefined && secrets.length === 0) {
    throw usageFailure('There is neither a patch nor a --secret-file. Nothing was set.');
  }
  const patch: JsonObject = source === undefined ? {} : await readObject(source, context);
  const request = { name, agent, selector, role, patch, priority, ifRevision, secrets };
  const { entry, changed, readers } = await client.setConfig(request, call);
  if (printer.format !== 'table') {
    printer.json({ entry, changed, readers });
    return;
  }
  const what = changed ? `set as version ${entry.version}` : 'is so already';
  printer.line(`${entry.name} for ${targetOf(entry)} ${what}, revision ${entry.revision}`);
  if (readers.length > 0) printer.line(`sealed values open at ${readers.join(' and ')}`);
}

/** The values come from files: what is in a command line is in the list of processes. */
async function readSecrets(
  given: readonly string[],
  context: CliContext,
): Promise<readonly ConfigSecret[]> {
  return await Promise.all(
    given.map(async (text) => {
      const equals = text.indexOf('=');
      const path = text.slice(0, Math.max(0, equals)).split('.');
      const file = text.slice(equals + 1);
      if (file === '' || path.includes('')) {
        throw usageFailure(
          'Write --secret-file keys=file with dots between the keys, for example wifi.password=pw.txt. Nothing was set.',
        );
      }
      try {
        return { path, value: (await context.read(file)).replace(/\r?\n$/, '') };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw usageFailure(`The secret cannot be read: ${why}\nNothing was set.`);
      }
    }),
  );
}

function addShow(config: Command, context: CliContext): void {
  const command = withCommonFlags(
    config
      .command('show')
      .description('print the configuration that is wanted for an agent, without its secrets')
      .argument('<agent>', 'the agent')
      .action((agent: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => show(session, agent)),
      ),
  );
  withExamples(command, [
    ['holdfast config show edge-7', 'all entries merged'],
    ['holdfast config show edge-7 -o json | jq .hash', 'which one it is'],
  ]);
}

async function show({ client, call, printer }: Session<CommonFlags>, agent: string): Promise<void> {
  const {
    closed: _closed,
    unchanged: _unchanged,
    ...desired
  } = await client.desiredConfig({
    ...{ ...call, agent },
  });
  if (printer.format !== 'table') {
    printer.json(desired);
    return;
  }
  printer.json(desired.config);
  const names = desired.entries.map((entry) => `${entry.name} (${targetOf(entry)})`);
  printer.note(names.length === 0 ? 'no entry means it' : `made of ${names.join(', then ')}`);
}

function addList(config: Command, context: CliContext): void {
  const command = withCommonFlags(
    config
      .command('list')
      .description(
        'list entries, or those that mean one agent in the order in which they are merged',
      )
      .option('--target <agent>', 'only those that mean this agent')
      .action((flags: TargetFlags) => withSidecar(context, flags, list)),
  );
  withExamples(command, [
    ['holdfast config list', 'every entry of the fleet'],
    ['holdfast config list --target edge-7', 'what an agent gets, the last word at the end'],
  ]);
}

async function list({ client, flags, call, printer }: Session<TargetFlags>): Promise<void> {
  const rows = await client.listConfigs({ ...call, agent: flags.target }).toArray();
  printer.rows(rows, ENTRY_COLUMNS, 'no entries');
}

function addStatus(config: Command, context: CliContext): void {
  const command = withCommonFlags(
    config
      .command('status')
      .description('show how far agents are: in sync, behind since when, failed why')
      .argument('[agent]', 'only this agent')
      .addOption(
        new Option('--state <state...>', 'only agents in these states').choices(CONFIG_STATES),
      )
      .action((agent: string | undefined, flags: StatusFlags) =>
        withSidecar(context, flags, (session) => status(session, agent)),
      ),
  );
  withExamples(command, [
    ['holdfast config status', 'all agents'],
    ['holdfast config status --state failed behind', 'those that are not there yet'],
  ]);
}

async function status(
  { client, flags, call, printer }: Session<StatusFlags>,
  agent: string | undefined,
): Promise<void> {
  const rows = await client.listConfigStatus({ ...call, agent, states: flags.state }).toArray();
  printer.rows(rows, STATUS_COLUMNS, 'no such agents');
}

function addRemove(config: Command, context: CliContext): void {
  const command = withCommonFlags(
    config
      .command('rm')
      .description('remove an entry; without --target one for many')
      .argument('<name>', 'name of the entry')
      .option('--target <agent>', 'the agent it is for')
      .option('--if-revision <revision>', 'only this revision')
      .action((name: string, flags: RemoveFlags) =>
        withSidecar(context, flags, (session) => remove(session, name)),
      ),
  );
  withExamples(command, [
    ['holdfast config rm base --target edge-7', 'of one agent'],
    ['holdfast config rm proxy', 'one for many'],
  ]);
}

async function remove(
  { client, flags, call, printer }: Session<RemoveFlags>,
  name: string,
): Promise<void> {
  const { target: agent, ifRevision } = flags;
  const removed = await client.deleteConfig(name, { ...call, agent, ifRevision });
  if (printer.format === 'table') printer.line(`removed ${name}`);
  else printer.json(removed);
}

function parsePriority(text: string): number {
  const priority = Number(text);
  if (/^\d$/.test(text) && priority <= HIGHEST_PRIORITY) return priority;
  throw new InvalidArgumentError('Write a whole number from 0 to 9.');
}
