// `holdfast token`: tokens that let one device into the fleet each; `holdfast member grant`: more for one that is in.
import { chmod, readFile, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { EnrolmentToken, EnrolmentTokenState } from '../../agent-client/index.ts';
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
import { shortId } from '../format.ts';
import type { Colour, Column } from '../output.ts';
import { collect, parseDuration } from '../values.ts';

interface CreateFlags extends CommonFlags {
  readonly name: string;
  readonly role: readonly string[];
  readonly agent?: readonly string[];
  readonly collection?: readonly string[];
  readonly ttl?: number;
  readonly approve?: true;
  readonly meet?: readonly string[];
}

interface ApproveFlags extends CommonFlags {
  readonly fingerprint: string;
}

interface GrantFlags extends CommonFlags {
  readonly out: string;
}

export function addToken(program: Command, context: CliContext): void {
  const token = program
    .command('token')
    .description('let devices into the fleet: tokens that are good for one device, once');
  withExamples(token, [
    ['holdfast token create --name edge-7 --role agent', 'a token for a device, good for an hour'],
    ['holdfast token list', 'who has joined, who waits'],
    ['holdfast token approve 0a1b2c3d --fingerprint abcd-efgh-ijkl-mnop', 'let in who waits'],
    [
      'holdfast token grant edge-7.request --out edge-7.reply',
      'answer a request that came by file',
    ],
  ]);
  addCreate(token, context);
  const on =
    <Flags extends CommonFlags>(run: (session: Session<Flags>, what: string) => Promise<void>) =>
    (what: string, flags: Flags) =>
      withSidecar(context, flags, (session) => run(session, what));
  withCommonFlags(
    token
      .command('list', { isDefault: true })
      .description('list the tokens this hub gave, never their secrets')
      .action((flags: CommonFlags) => withSidecar(context, flags, list)),
  );
  withCommonFlags(
    token
      .command('revoke')
      .description('make a token void; who has joined with it stays a member')
      .argument('<id>', 'the token as the list shows it')
      .action(on(revoke)),
  );
  withCommonFlags(
    token
      .command('approve')
      .description('let the device in that waits with a token')
      .argument('<id>', 'the token as the list shows it')
      .requiredOption('--fingerprint <letters>', 'what the device shows; ask whoever stands there')
      .action(on(approve)),
  );
  withCommonFlags(
    token
      .command('grant')
      .description('answer a request that `holdfast join --request-out` wrote')
      .argument('<file>', 'the file that came from the device')
      .requiredOption('--out <file>', 'where to write the file for the device')
      .action(on(grant)),
  );
}

function addCreate(token: Command, context: CliContext): void {
  withCommonFlags(
    token
      .command('create')
      .description('make a token; it is written to standard output, and not shown again')
      .requiredOption('--name <name>', 'what the device will be called')
      .requiredOption('--role <role>', 'agent, hub, observer or relay; repeat for several', collect)
      .option('--agent <name>', 'an agent it will serve (default: its name); repeatable', collect)
      .option('--collection <name>', 'the only collections it will write; repeatable', collect)
      .option('--ttl <duration>', 'how long it is good for, up to 7d (default: 1h)', parseDuration)
      .option('--approve', 'an operator has to approve the device')
      .option(
        '--meet <host:port>',
        'where the device finds a member (default: this hub); repeat for several',
        collect,
      )
      .action((flags: CreateFlags) => withSidecar(context, flags, create)),
  );
}

async function create({ client, printer, flags, call }: Session<CreateFlags>): Promise<void> {
  const { token, info } = await client.createToken({
    ...call,
    name: flags.name,
    roles: flags.role,
    agents: flags.agent,
    collections: flags.collection,
    ttlMs: flags.ttl,
    approve: flags.approve === true,
    addresses: flags.meet,
  });
  if (printer.format !== 'table') return printer.json({ token, ...info });
  printer.line(token);
  printer.note(
    [
      `Token ${info.id} for ${info.name} (${info.roles.join(', ')}), good until ${info.expiresAt?.toISOString() ?? 'its end'}, for one device, once.`,
      'Carry it there by a way you trust; whoever has it first is let in. On the device, so that no other user sees it:',
      '  holdfast join --token-file FILE        or   holdfast join --token-file - < FILE',
      ...(flags.approve === true
        ? [`Then compare what the device shows: holdfast token approve ${info.id} --fingerprint …`]
        : []),
    ].join('\n'),
  );
}

async function list({ client, printer, call }: Session<CommonFlags>): Promise<void> {
  printer.rows(await client.tokens(call), TOKEN_COLUMNS, 'this hub gave no tokens');
}

async function revoke(session: Session<CommonFlags>, id: string): Promise<void> {
  const { client, printer, call } = session;
  const token = await client.revokeToken(id, call);
  const tail = token.state === 'spent' ? `; ${token.name} is a member and stays one` : '';
  tell(session, token, `token ${token.id} for ${token.name} is void${tail}`);
  if (printer.format === 'table' && token.state === 'spent') {
    printer.note('To put a member out, eject it.');
  }
}

async function approve(session: Session<ApproveFlags>, id: string): Promise<void> {
  const { client, flags, call } = session;
  const token = await client.approveToken(id, flags.fingerprint, call);
  tell(session, token, `${token.name} is let in; its device hears of it when it asks again`);
}

async function grant(session: Session<GrantFlags>, file: string): Promise<void> {
  const { client, flags, call } = session;
  const request = await readFile(file).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw usageFailure(`The request cannot be read: ${why}\nNothing was sent.`);
  });
  const reply = await client.grantRequest(request, call);
  if (reply === undefined) {
    throw new CliFailure(
      EXIT.notFoundOrConflict,
      'The device waits for approval: compare what it shows with `holdfast token list`, run `holdfast token approve`, then this again.',
    );
  }
  await writeFile(flags.out, reply, { mode: 0o600 });
  await chmod(flags.out, 0o600);
  const words = `Carry ${flags.out} to the device and run there: holdfast join --certificate-in ${flags.out}`;
  tell(session, { out: flags.out }, words);
}

function tell({ printer }: Session<CommonFlags>, result: object, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}

const STATE_COLOURS: Readonly<Record<EnrolmentTokenState, Colour | undefined>> = {
  open: undefined,
  waiting: 'yellow',
  spent: 'green',
  expired: 'dim',
  unknown: 'red',
};

const TOKEN_COLUMNS: readonly Column<EnrolmentToken>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'NAME', value: ({ name }) => name },
  { heading: 'ROLES', value: ({ roles }) => roles.join(',') },
  {
    heading: 'STATE',
    value: ({ state }) => state,
    colour: ({ state }) => STATE_COLOURS[state],
  },
  { heading: 'UNTIL', value: ({ expiresAt }) => expiresAt?.toISOString() ?? '' },
  { heading: 'BY', value: ({ nodeId }) => (nodeId === '' ? '' : shortId(nodeId)) },
  { heading: 'FINGERPRINT', value: ({ fingerprint }) => fingerprint },
];

interface MemberGrantFlags extends CommonFlags {
  readonly agent?: readonly string[];
  readonly role?: readonly string[];
}

export function addMember(program: Command, context: CliContext): void {
  const member = program.command('member').description('change what one member may do');
  withExamples(member, [
    ['holdfast member grant edge-7 --agent pump-2', 'let it serve one more agent'],
  ]);
  withCommonFlags(
    member
      .command('grant')
      .description('give a member a certificate with more agents or roles; on a hub that lets in')
      .argument('<name>', 'the member')
      .option('--agent <name>', 'an agent it will serve besides; repeat for several', collect)
      .option('--role <role>', 'a role it will have besides; repeat for several', collect)
      .action((name: string, flags: MemberGrantFlags) =>
        withSidecar(context, flags, (session) => regrant(session, name)),
      ),
  );
}

async function regrant(session: Session<MemberGrantFlags>, name: string): Promise<void> {
  const { client, flags, call } = session;
  const { agent: agents = [], role: roles = [] } = flags;
  if (agents.length + roles.length === 0) {
    throw usageFailure('Say what to give: --agent NAME or --role ROLE.');
  }
  const result = await client.regrant(name, { ...call, agents, roles });
  const words = `${name} has certificate ${result.generation}; it serves more agents after its next start`;
  tell(session, { name, ...result }, words);
}
