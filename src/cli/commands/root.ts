// `holdfast root`: what only the root key of the fleet does. The key is opened in this process and never sent to the sidecar.
import type { Command } from 'commander';
import { Argument, Option } from 'commander';
import type { TrustMember } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { usageFailure } from '../errors.ts';
import { count } from '../format.ts';
import { openDesk, type RootDesk, type RootFlags, withDoor, withRootFlags } from '../root-desk.ts';

interface RootVerbFlags extends CommonFlags, RootFlags {
  readonly rootKey: string;
  readonly yes?: true;
}

interface RotateFlags extends RootVerbFlags {
  readonly newRootKey: string;
  readonly newPassphraseFile?: string;
}

interface AnnulFlags extends RootVerbFlags {
  readonly keepList?: string;
  readonly reason: string;
}

interface GrantFlags extends RootVerbFlags {
  readonly role: readonly GivenRole[];
  readonly ejectPrefix?: string;
}

const GIVEN_ROLES = ['hub', 'issuer', 'ejector', 'observer', 'relay', 'agent'] as const;
type GivenRole = (typeof GIVEN_ROLES)[number];
/** Stands for the root key before the present one. */
const OLD_ROOT = 'old-root';
/** A line of a keep list. */
const KEEP_LINE = /^(keep|void)\s+([0-9a-f]{64})(?:\s|$)/;
const MAX_KEPT = 1024;

export function addRoot(program: Command, context: CliContext): void {
  const root = program
    .command('root')
    .description('do what only the root key may: bring its medium, and take it away afterwards');
  addRotate(root, context);
  addRenew(root, context);
  addGrant(root, context);
  addAnnul(root, context);
}

/** A verb that needs the root key. */
function verb(command: Command, question: boolean): Command {
  withRootFlags(command, 'the file of the root key');
  command.options.find(({ long }) => long === '--root-key')?.makeOptionMandatory();
  if (question) command.option('--yes', 'do not ask');
  return command;
}

function addRotate(root: Command, context: CliContext): void {
  const command = withCommonFlags(
    verb(
      root
        .command('rotate')
        .description(
          'make a new root key; what the old one signed stays, and it signs nothing more',
        )
        .requiredOption(
          '--new-root-key <file>',
          'the file to make, or one that was made and not used',
        )
        .option('--new-passphrase-file <file>', 'passphrase of the new one, in the first line'),
      true,
    ).action((flags: RotateFlags) => withSidecar(context, flags, rotate)),
  );
  withExamples(command, [
    [
      'holdfast root rotate --root-key /media/a/harbour.root-key --new-root-key /media/b/harbour-2.root-key',
      '',
    ],
  ]);
}

function addRenew(root: Command, context: CliContext): void {
  withCommonFlags(
    verb(
      root
        .command('renew')
        .description(
          'sign the certificate of a member anew, good from now on: for hubs and issuers',
        )
        .argument('<member>', 'its name'),
      false,
    ).action((member: string, flags: RootVerbFlags) =>
      withSidecar(context, flags, (session) => certify(session, member, { roles: [] })),
    ),
  );
}

function addGrant(root: Command, context: CliContext): void {
  const command = withCommonFlags(
    verb(
      root
        .command('grant')
        .description(
          'give a member more roles; to take one away, put its key out and enrol it anew',
        )
        .argument('<member>', 'its name')
        .addOption(
          new Option('--role <role...>', 'one or several')
            .choices(GIVEN_ROLES)
            .makeOptionMandatory(),
        )
        .option(
          '--eject-prefix <text>',
          'of an ejector: beginning of the names that it may put out; all if left out',
        ),
      false,
    ).action((member: string, flags: GrantFlags) =>
      withSidecar(context, flags, (session) =>
        certify(session, member, { roles: flags.role, ejectsPrefix: flags.ejectPrefix }),
      ),
    ),
  );
  withExamples(command, [
    ['holdfast root grant hub-2 --role issuer --root-key /media/a/harbour.root-key', ''],
    [
      'holdfast root grant guard --role ejector --eject-prefix truck- --root-key /media/a/harbour.root-key',
      '',
    ],
  ]);
}

function addAnnul(root: Command, context: CliContext): void {
  const command = withCommonFlags(
    verb(
      root
        .command('annul')
        .description(
          'take back what a captured issuer signed. Without --keep-list it only lists that, for you to mark what was right',
        )
        .addArgument(
          new Argument('<member>', 'name of the issuer; old-root for the root key before this one'),
        )
        .option(
          '--keep-list <file>',
          'that list, with `void` in place of `keep` where it was wrong',
        )
        .option('--reason <text>', 'why', 'captured'),
      true,
    ).action((member: string, flags: AnnulFlags) =>
      withSidecar(context, flags, (session) => annul(session, member)),
    ),
  );
  withExamples(command, [
    ['holdfast root annul hub-2 --root-key /media/a/harbour.root-key > list', 'what did it sign?'],
    [
      'holdfast root annul hub-2 --keep-list list --root-key /media/a/harbour.root-key',
      'after every line was looked at',
    ],
  ]);
}

async function rotate(session: Session<RotateFlags>): Promise<void> {
  const { flags, client, call } = session;
  const desk = await openDesk(session, flags.rootKey, flags.passphraseFile);
  const file = flags.newRootKey;
  const next = await withDoor(async (door) => {
    const isNew = door.readOptionalFile(file) === undefined;
    const passphrase = await door.readPassphrase(door.systemInitIo, {
      ...{ file: flags.newPassphraseFile, what: `the new root key in ${file}`, isNew },
    });
    if (!isNew) return door.openRootKey(file, passphrase);
    return door.createRootKey(file, passphrase, door.systemEnvironment.random);
  });
  const signed = await withDoor(() => desk.changeRoot(next));
  await confirm(session, `Make the key in ${file} the root of the fleet ${desk.trust.name}?`);
  await client.trust.state([signed], call);
  tell(
    session,
    { root: Buffer.from(next.publicKey).toString('hex'), file },
    `${file} holds the root key now. Keep the old file until every sidecar has heard of the change (\`holdfast trust export\` carries it), then destroy it. If somebody may have a copy, see what it signed: \`holdfast root annul old-root\`.`,
  );
}

async function certify(
  session: Session<RootVerbFlags>,
  name: string,
  more: { readonly roles: readonly GivenRole[]; readonly ejectsPrefix?: string | undefined },
): Promise<void> {
  const { flags, client, call } = session;
  const member = await memberNamed(session, name);
  const desk = await openDesk(session, flags.rootKey, flags.passphraseFile);
  const { statement, certificate } = desk.certify(member.key, more);
  await client.trust.state([statement], call);
  const { generation, expiresMs, roles } = certificate;
  const expires = new Date(expiresMs).toISOString();
  tell(
    session,
    { name, generation, expires, roles: [...roles] },
    `${name} has certificate ${generation}, until ${expires.slice(0, 10)}, with the roles ${[...roles].join(', ')}`,
  );
}

async function annul(session: Session<AnnulFlags>, name: string): Promise<void> {
  const { flags, client, context, printer, call } = session;
  const desk = await openDesk(session, flags.rootKey, flags.passphraseFile);
  const subject = await subjectOf(session, desk, name);
  const signed = desk.signedBy(subject.key);
  if (flags.keepList === undefined) {
    printer.note(
      `${count(signed.length, 'statement')} of ${name}. Write \`void\` in place of \`keep\` where you did not order it; what is not in the list is void, too. Then: holdfast root annul ${name} --keep-list FILE`,
    );
    for (const { id, what } of signed) printer.line(`keep ${id}  ${what}`);
    return;
  }
  const text = await context.read(flags.keepList);
  const kept = keptIn(text, flags.keepList, desk, subject);
  printer.note(`kept: ${count(kept.length, 'statement')}; void: all other, known here or not`);
  await confirm(session, `Annul everything else that ${name} signed or will sign?`);
  await client.trust.state([desk.annul(subject.key, kept, flags.reason)], call);
  const out = subject.isIn ? ` It is still a member: \`holdfast eject ${name}\`.` : '';
  tell(session, { name, kept }, `What ${name} signed is void but for what was kept.${out}`);
}

/** Whose signatures are taken back. */
interface Subject {
  readonly name: string;
  readonly key: string;
  /** Whether it is a member still. */
  readonly isIn: boolean;
}

async function subjectOf(
  session: Session<RootVerbFlags>,
  desk: RootDesk,
  name: string,
): Promise<Subject> {
  if (name !== OLD_ROOT) {
    const { key, state } = await memberNamed(session, name, true);
    return { name, key, isIn: state !== 'ejected' };
  }
  const key = desk.trust.roots.at(-2);
  if (key !== undefined) return { name, key, isIn: false };
  throw usageFailure('This root key is the first of the fleet. Nothing was signed.');
}

function keptIn(text: string, file: string, desk: RootDesk, member: Subject): string[] {
  const known = new Set(desk.signedBy(member.key).map(({ id }) => id));
  const kept: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, mark, id = ''] = KEEP_LINE.exec(line) ?? [];
    const where = `${file}, line ${index + 1}`;
    if (mark === undefined) {
      throw usageFailure(
        `${where}: it is neither \`keep ID\` nor \`void ID\`. Nothing was signed; \`holdfast root annul ${member.name}\` makes such a list.`,
      );
    }
    if (!known.has(id)) {
      throw usageFailure(`${where}: ${member.name} signed no such statement. Nothing was signed.`);
    }
    if (mark === 'keep') kept.push(id);
  }
  if (kept.length <= MAX_KEPT) return kept;
  throw usageFailure(
    `${file}: ${kept.length} are to be kept, at most ${MAX_KEPT} fit. Nothing was signed; renew the newest certificates with another issuer first, then leave the older ones out.`,
  );
}

async function memberNamed(
  { client, call }: Session<RootVerbFlags>,
  name: string,
  ejectedToo = false,
): Promise<TrustMember> {
  const { members } = await client.trust.members(call);
  const named = members.filter((member) => member.name === name);
  const found = named.filter(({ state }) => ejectedToo || state !== 'ejected');
  const [first, second] =
    found.length > 1 ? found.filter(({ state }) => state !== 'ejected') : found;
  if (first !== undefined && second === undefined) return first;
  throw usageFailure(
    named.length === 0
      ? `There is no member "${name}". Nothing was signed; \`holdfast trust members\` lists all.`
      : `"${name}" is not one key that is in: \`holdfast trust members\` shows ${named.length}. Nothing was signed.`,
  );
}

function tell({ printer }: Session<CommonFlags>, result: object, words: string): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json(result);
}
