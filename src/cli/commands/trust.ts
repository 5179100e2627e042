// `holdfast trust`: the members of a founded fleet, and statements of trust by files.
import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { TrustMember, VoidOps } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { CliFailure, usageFailure } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { count, formatSpan, NOTHING, orNothing } from '../format.ts';
import type { Colour, Column } from '../output.ts';
import { withDoor } from '../root-desk.ts';

interface ExportFlags extends CommonFlags {
  readonly out: string;
}

type TrustSession = Session<CommonFlags>;

export function addTrust(program: Command, context: CliContext): void {
  const trust = program
    .command('trust')
    .description('show who is a member of the fleet, and carry what is signed about it by files');
  withExamples(trust, [
    ['holdfast trust members', 'who is in, until when, and who was put out?'],
    ['holdfast trust export --out harbour.trust', 'all that is signed, for a site without a link'],
    ['holdfast trust import harbour.trust', 'take it in there'],
    ['holdfast trust voids', 'what came and counts for nobody?'],
  ]);
  const act = (run: (session: TrustSession) => Promise<void>) => (flags: CommonFlags) =>
    withSidecar(context, flags, run);
  withCommonFlags(
    trust
      .command('members', { isDefault: true })
      .description('list the members with their certificates, and those who were put out')
      .action(act(showMembers)),
  );
  withCommonFlags(
    trust
      .command('export')
      .description('write all statements of trust that this sidecar holds into a file')
      .requiredOption('--out <file>', 'the file to make; - for standard output')
      .action((flags: ExportFlags) => withSidecar(context, flags, exportTo)),
  );
  withCommonFlags(
    trust
      .command('import')
      .description('take statements of trust in as if they came over a link. Twice does no harm')
      .argument('<file>', 'the file; - for standard input')
      .action((file: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => importFrom(session, file)),
      ),
  );
  withCommonFlags(
    trust
      .command('voids')
      .description('list what came since the start and counts for nobody, by author and reason')
      .action(act(showVoids)),
  );
  withCommonFlags(
    trust
      .command('clear-fork')
      .description('let the agents here begin commands of a hub again that was seen to fork')
      .argument('<member>', 'its name, or 8 or more characters of its node id')
      .action((member: string, flags: CommonFlags) =>
        withSidecar(context, flags, (session) => clearFork(session, member)),
      ),
  );
}

async function showMembers({ client, printer, context, call }: TrustSession): Promise<void> {
  const { members } = await client.trust.members(call);
  printer.rows<TrustMember>(members, columns(context.environment.clock.now().wallMs), 'no members');
}

async function exportTo({ client, flags, printer, call }: Session<ExportFlags>): Promise<void> {
  const statements = await client.trust.statements(call);
  const text = await withDoor((door) => door.formatTrust(statements));
  if (flags.out === '-') {
    printer.line(text.trimEnd());
    return;
  }
  await writeFile(flags.out, text).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new CliFailure(EXIT.failed, `${flags.out} cannot be written: ${why}`, error);
  });
  const words = `${count(statements.length, 'statement')} in ${flags.out}; it holds no secret`;
  tell(printer, { statements: statements.length, file: flags.out }, words);
}

async function importFrom({ client, printer, context, call }: TrustSession, file: string) {
  const text = await context.read(file).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`${file} cannot be read: ${why}\nNothing was taken in.`);
  });
  const statements = await withDoor((door) => door.parseTrust(text));
  if (statements === undefined) {
    throw usageFailure(
      `${file} holds no statements of trust. Nothing was taken in; \`holdfast trust export\` makes such files.`,
    );
  }
  const result = await client.trust.state(statements, call);
  const early = result.early === 0 ? '' : `, ${result.early} by signers that are not known here`;
  tell(printer, result, `${result.added} new, ${result.known} known${early}`);
}

async function showVoids({ client, printer, call }: TrustSession): Promise<void> {
  const none = 'nothing came since the start that counts for nobody';
  printer.rows<VoidOps>(await client.trust.voids(call), VOID_COLUMNS, none);
}

async function clearFork({ client, printer, call }: TrustSession, member: string): Promise<void> {
  const cleared = await client.trust.clearFork(member, call);
  const words = cleared
    ? `agents here begin commands of ${member} again`
    : `nothing keeps agents here from commands of ${member}`;
  tell(printer, { member, cleared }, words);
}

function tell(printer: TrustSession['printer'], result: object, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}

const STATE_COLOURS: Readonly<Record<TrustMember['state'], Colour>> = {
  member: 'green',
  expired: 'yellow',
  ejected: 'red',
};

function columns(nowMs: number): readonly Column<TrustMember>[] {
  return [
    { heading: 'NAME', value: ({ name, self }) => (self ? `${name} *` : name) },
    {
      heading: 'STATE',
      value: ({ state }) => state,
      colour: ({ state }) => STATE_COLOURS[state],
    },
    { heading: 'ROLES', value: ({ roles }) => orNothing(roles.join(',')) },
    { heading: 'AGENTS', value: ({ agents }) => orNothing(agents.join(',')) },
    { heading: 'GEN', value: ({ generation }) => String(generation), align: 'right' },
    { heading: 'FROM', value: ({ notBefore }) => day(notBefore) },
    { heading: 'EXPIRES', value: ({ expires }) => day(expires) },
    { heading: 'ISSUER', value: ({ issuer }) => orNothing(issuer) },
    { heading: 'FINGERPRINT', value: ({ fingerprint }) => fingerprint },
    { heading: 'SEEN', value: ({ lastContact }) => seen(lastContact, nowMs), align: 'right' },
    { heading: 'NOTE', value: noteOf },
  ];
}

function noteOf({ state, ejectedAt, ejectedBy, reasons, suspended }: TrustMember): string {
  if (state === 'ejected') {
    return `put out ${day(ejectedAt)} by ${ejectedBy.join(', ')}: ${reasons.join('; ')}`;
  }
  return suspended ? 'forked: its commands are not begun here' : '';
}

function day(date: Date | undefined): string {
  return date === undefined ? NOTHING : date.toISOString().slice(0, 10);
}

function seen(date: Date | undefined, nowMs: number): string {
  return date === undefined ? NOTHING : `${formatSpan(nowMs - date.getTime())} ago`;
}

const VOID_COLUMNS: readonly Column<VoidOps>[] = [
  { heading: 'AUTHOR', value: ({ name, author }) => orNothing(name || author) },
  { heading: 'OPS', value: ({ ops }) => String(ops), align: 'right' },
  { heading: 'LAST', value: ({ lastDocument }) => orNothing(lastDocument) },
  { heading: 'REASON', value: ({ reason }) => reason },
];
