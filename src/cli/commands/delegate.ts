// `holdfast delegate`: a hub lets a member issue commands where no hub is in reach, and takes that back.
import { type Command, InvalidArgumentError } from 'commander';
import type { Delegation } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { NOTHING, orNothing } from '../format.ts';
import type { Colour, Column } from '../output.ts';
import { parseDuration } from '../values.ts';

interface CreateFlags extends CommonFlags {
  readonly to: string;
  readonly kinds: readonly string[];
  readonly agents?: readonly string[];
  readonly selector?: string;
  readonly until: End;
  readonly notBefore?: Date;
}

interface ListFlags extends CommonFlags {
  readonly all?: true;
}

interface RevokeFlags extends CommonFlags {
  readonly reason: string;
}

type End = { readonly until: Date } | { readonly lastsMs: number };

/** Hex digits of an id in a table: as many as are needed to name it, and some more. */
const SHOWN_ID = 12;

export function addDelegate(program: Command, context: CliContext): void {
  const delegate = program
    .command('delegate')
    .description(
      'let a member issue commands of some kinds for some agents for a while, with no hub in reach',
    );
  withExamples(delegate, [
    [
      'holdfast delegate create --to edge-7 --kinds restart,exec --selector site=north --until 12h',
      'on a hub',
    ],
    [
      'holdfast delegate create --to van-3 --kinds "backup.*" --agents pump-1,pump-2 --until 5d',
      '',
    ],
    ['holdfast delegate list', 'who may what, and until when?'],
    ['holdfast delegate revoke 4f0c21d8 --reason "lost the van"', 'takes it back for ever'],
  ]);
  addCreate(delegate, context);
  withCommonFlags(
    delegate
      .command('list', { isDefault: true })
      .description('list the delegations that this sidecar knows, those that end last first')
      .option('--all', 'also those that are over')
      .action((flags: ListFlags) => withSidecar(context, flags, list)),
  );
  withCommonFlags(
    delegate
      .command('revoke')
      .description(
        'take a delegation back for ever, on any hub or issuer. What is not begun yet is not begun any more by whoever hears of it',
      )
      .argument('<id>', '8 or more digits of its id')
      .requiredOption('--reason <text>', 'why, for whoever asks later; everybody can read it')
      .action((id: string, flags: RevokeFlags) =>
        withSidecar(context, flags, (session) => revoke(session, id)),
      ),
  );
}

function addCreate(delegate: Command, context: CliContext): void {
  const command = withCommonFlags(
    delegate
      .command('create')
      .description(
        'sign a delegation with the key of this sidecar, which has to be a hub. It reaches the member over the mesh, in a bundle, or by `holdfast trust export`',
      )
      .requiredOption('--to <member>', 'who may: its name, or 8 or more characters of its node id')
      .requiredOption(
        '--kinds <kinds>',
        'kinds of commands: restart,exec; "backup.*" for all that begin so, behind a ".", "-" or "_"',
        parseList,
      )
      .option('--agents <names>', 'for which agents, by name: pump-1,pump-2', parseList)
      .option('--selector <labels>', 'for which agents, by label: site=north,tier in (edge,pump)')
      .requiredOption(
        '--until <time>',
        'how long, for example 12h or 5d, or until when: 2026-03-01T18:00:00Z. At most 30 days',
        parseEnd,
      )
      .option('--not-before <time>', 'when it begins, for example 2026-02-27T06:00:00Z', parseTime)
      .action((flags: CreateFlags) => withSidecar(context, flags, create)),
  );
  withExamples(command, [
    ['holdfast delegate create --to edge-7 --kinds restart --agents edge-8 --until 12h', ''],
    ['holdfast delegate create --to van-3 --kinds exec --selector site=north --until 2d', ''],
  ]);
}

async function create({ client, flags, printer, call }: Session<CreateFlags>): Promise<void> {
  const { to, kinds, agents, selector, until, notBefore } = flags;
  const made = await client.delegations.create(
    { member: to, kinds, agents, selector, notBefore, ...until },
    call,
  );
  tell(
    printer,
    made,
    `${made.delegate} may issue ${made.kinds.join(', ')} for ${targetsOf(made)} until ${time(made.until)}: delegation ${made.id.slice(0, SHOWN_ID)}`,
  );
}

async function list({ client, flags, printer, call }: Session<ListFlags>): Promise<void> {
  const all = await client.delegations.list({ ...call, all: flags.all });
  printer.rows<Delegation>(all, COLUMNS, 'nobody has authority that a hub lent');
}

async function revoke({ client, flags, printer, call }: Session<RevokeFlags>, id: string) {
  const revoked = await client.delegations.revoke(id, flags.reason, call);
  const words = `delegation ${revoked.id.slice(0, SHOWN_ID)} of ${revoked.delegate} is revoked. A sidecar that does not hear of it begins commands under it until ${time(revoked.until)}`;
  tell(printer, revoked, words);
}

function tell(printer: Session<CommonFlags>['printer'], result: Delegation, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}

const STATE_COLOURS: Readonly<Record<Delegation['state'], Colour>> = {
  active: 'green',
  early: 'yellow',
  over: 'dim',
  revoked: 'red',
  ejected: 'red',
};

const COLUMNS: readonly Column<Delegation>[] = [
  { heading: 'ID', value: ({ id }) => id.slice(0, SHOWN_ID) },
  { heading: 'TO', value: ({ delegate, delegateNodeId }) => delegate || delegateNodeId },
  { heading: 'KINDS', value: ({ kinds }) => kinds.join(',') },
  { heading: 'FOR', value: targetsOf },
  {
    heading: 'STATE',
    value: ({ state }) => state,
    colour: ({ state }) => STATE_COLOURS[state],
  },
  { heading: 'FROM', value: ({ notBefore }) => time(notBefore) },
  { heading: 'UNTIL', value: ({ until }) => time(until) },
  { heading: 'BY', value: ({ by }) => orNothing(by) },
  { heading: 'NOTE', value: noteOf },
];

function targetsOf({ agents, selector }: Delegation): string {
  return [...agents, ...(selector === '' ? [] : [`[${selector}]`])].join(',');
}

function noteOf({ revokedBy, reasons }: Delegation): string {
  return revokedBy.length === 0 ? '' : `by ${revokedBy.join(', ')}: ${reasons.join('; ')}`;
}

function time(date: Date | undefined): string {
  return date === undefined ? NOTHING : date.toISOString().replace(/(:\d\d)?\.\d+Z$/, 'Z');
}

function parseList(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function parseEnd(text: string): End {
  return /^\d{4}-/.test(text) ? { until: parseTime(text) } : { lastsMs: parseDuration(text) };
}

function parseTime(text: string): Date {
  const date = new Date(text);
  const isWhole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  if (isWhole && !Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('Write a time with its zone, for example 2026-03-01T18:00:00Z.');
}
