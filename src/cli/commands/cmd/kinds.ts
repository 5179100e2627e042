// `holdfast cmd kinds`: which commands agents take, as they said themselves.
import type { Command as Verb } from 'commander';
import type { AgentKinds, CommandKind } from '../../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../../client-command.ts';
import type { CliContext } from '../../context.ts';
import { orNothing } from '../../format.ts';
import type { Column } from '../../output.ts';

interface KindsFlags extends CommonFlags {
  readonly target?: string;
}

interface KindRow extends CommandKind {
  readonly agent: string;
}

const COLUMNS: readonly Column<KindRow>[] = [
  { heading: 'AGENT', value: ({ agent }) => agent },
  { heading: 'KIND', value: ({ kind }) => orNothing(kind) },
  { heading: 'ARGS', value: ({ schema }) => orNothing(argumentsOf(schema)) },
  { heading: 'DOES', value: ({ description }) => description ?? '' },
];

export function addKinds(cmd: Verb, context: CliContext): void {
  const command = withCommonFlags(
    cmd
      .command('kinds')
      .description('show which kinds of commands agents take, as they said themselves')
      .option('--target <agent>', 'only those of this agent')
      .action((flags: KindsFlags) => withSidecar(context, flags, kinds)),
  );
  withExamples(command, [
    ['holdfast cmd kinds --target edge-7', 'what can be asked of it?'],
    ['holdfast cmd kinds -o json', 'with the schema of the arguments'],
  ]);
}

async function kinds({ client, flags, call, printer }: Session<KindsFlags>): Promise<void> {
  const { target: agent } = flags;
  const asked = agent === undefined ? call : { ...call, agent };
  const declared = await client.listCommandKinds(asked).toArray();
  if (printer.format === 'table') {
    printer.rows(declared.flatMap(rowsOf), COLUMNS, 'no agent has said which commands it takes');
  } else printer.rows(declared, [], '');
}

/** An agent that takes none has a line that says so. */
function rowsOf({ agent, kinds: declared }: AgentKinds): KindRow[] {
  if (declared.length === 0) return [{ agent, kind: '', description: 'takes no commands' }];
  return declared.map((kind) => ({ ...kind, agent }));
}

/** Names of the arguments; those that may be left out have a question mark. */
function argumentsOf(schema: CommandKind['schema']): string {
  const properties = schema?.properties;
  if (typeof properties !== 'object' || properties === null) return '';
  const required = Array.isArray(schema?.required) ? schema.required : [];
  return Object.keys(properties)
    .map((name) => (required.includes(name) ? name : `${name}?`))
    .join(', ');
}
