// `holdfast access` and `holdfast agent`: who may call this sidecar, changed while it runs.
import { type Command, Option } from 'commander';
import type { TokenEntry } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { orNothing } from '../format.ts';
import type { Column } from '../output.ts';

type AccessSession = Session<CommonFlags>;

interface AddFlags extends CommonFlags {
  readonly scope: 'read' | 'command';
}

const COLUMNS: readonly Column<TokenEntry>[] = [
  { heading: 'SCOPE', value: ({ scope }) => scope },
  { heading: 'NAME', value: ({ name }) => orNothing(name) },
  { heading: 'TOKEN FILE', value: ({ tokenFile }) => tokenFile },
];

export function addAccess(program: Command, context: CliContext): void {
  const access = program
    .command('access')
    .description('say who may look at this sidecar, or command through it, besides its agents')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show help for a command');
  withCommonFlags(
    access
      .command('add')
      .description('make a token; it works at once')
      .argument('<name>', 'who gets it')
      .addOption(
        new Option('--scope <scope>', 'read to look, command to issue commands too')
          .choices(['read', 'command'])
          .makeOptionMandatory(),
      )
      .action((name: string, flags: AddFlags) =>
        withSidecar(context, flags, (session) => addToken(session, name)),
      ),
  );
  withCommonFlags(
    access
      .command('list')
      .description('show who has a token, and in which file; never a token')
      .action((flags: CommonFlags) => withSidecar(context, flags, listTokens)),
  );
  withCommonFlags(
    access
      .command('rm')
      .description('withdraw a token at once, and end what it watches')
      .argument('<name>', 'who has it')
      .action((name: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => removeToken(session, name)),
      ),
  );
  withExamples(access, [
    ['holdfast access add --scope read grafana', 'a token for a dashboard'],
    ['holdfast access list', 'who may call?'],
    ['holdfast access rm grafana', 'not any more'],
  ]);
}

/** Gives the verb, for what else agents do. */
export function addAgent(program: Command, context: CliContext): Command {
  const agent = program
    .command('agent')
    .description('be an agent, or serve another one without a restart')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show help for a command');
  withCommonFlags(
    agent
      .command('add')
      .description('serve an agent from now on, and make its token')
      .argument('<name>', 'name of the agent')
      .action((name: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => serveAgent(session, name)),
      ),
  );
  withCommonFlags(
    agent
      .command('rm')
      .description('serve an agent no more that was added, and withdraw its token')
      .argument('<name>', 'name of the agent')
      .action((name: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => dismissAgent(session, name)),
      ),
  );
  withExamples(agent, [
    ['holdfast agent add edge-8', 'serve a second agent'],
    ['holdfast agent rm edge-8', 'not any more; its documents stay'],
  ]);
  return agent;
}

async function addToken({ client, flags, call, ...to }: Session<AddFlags>, name: string) {
  const { scope } = flags;
  const tokenFile = await client.addAccess(scope, name, call);
  tell(
    to,
    { scope, name, tokenFile },
    `${name} may ${MEANINGS[scope]}; its token is in ${tokenFile}`,
  );
}

const MEANINGS = { read: 'look', command: 'look and issue commands' } as const;

async function listTokens({ client, printer, call }: AccessSession): Promise<void> {
  printer.rows(await client.listAccess(call), COLUMNS, 'nobody has a token');
}

async function removeToken({ client, call, ...to }: AccessSession, name: string): Promise<void> {
  const scope = await client.removeAccess(name, call);
  tell(to, { scope, name }, `the token of ${name} does not work any more`);
}

async function serveAgent({ client, call, ...to }: AccessSession, name: string): Promise<void> {
  const { tokenFile, added } = await client.addAgent(name, call);
  const words = added ? `${name} is served` : `${name} was served already`;
  tell(to, { name, added, tokenFile }, `${words}; its token is in ${tokenFile}`);
}

async function dismissAgent({ client, call, ...to }: AccessSession, name: string): Promise<void> {
  await client.removeAgent(name, call);
  tell(to, { name }, `${name} is not served any more; its documents stay`);
}

function tell({ printer }: Pick<AccessSession, 'printer'>, result: object, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}
