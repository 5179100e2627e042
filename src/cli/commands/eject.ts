// `holdfast eject`: puts a member out for good.
import type { Command } from 'commander';
import type { Ejection } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { count } from '../format.ts';
import { openDesk, type RootDesk, type RootFlags, withRootFlags } from '../root-desk.ts';

interface EjectFlags extends CommonFlags, RootFlags {
  readonly reason: string;
  readonly dryRun?: true;
  readonly yes?: true;
}

export function addEject(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    withRootFlags(
      program
        .command('eject')
        .description(
          'put a member out for good: nobody links to it or takes what it writes from now on; what this sidecar holds of it stays',
        )
        .argument('<member>', 'its name, or 8 or more characters of its node id')
        .requiredOption('--reason <text>', 'why, for whoever asks later; everybody can read it')
        .option('--dry-run', 'only show what would happen')
        .option('--yes', 'do not ask'),
      'sign with the root key instead of this sidecar: needed for hubs and issuers',
    ).action((member: string, flags: EjectFlags) =>
      withSidecar(context, flags, (session) => eject(session, member)),
    ),
  );
  withExamples(command, [
    ['holdfast eject edge-7 --reason "stolen from the truck" --dry-run', 'what would happen?'],
    ['holdfast eject edge-7 --reason "stolen from the truck"', 'do it, after a question'],
    [
      'holdfast eject hub-2 --reason captured --root-key /media/key/harbour.root-key',
      'a hub, with the root key',
    ],
  ]);
}

async function eject(session: Session<EjectFlags>, member: string): Promise<void> {
  const { client, flags, printer, call } = session;
  const { reason, rootKey, passphraseFile } = flags;
  const desk = rootKey === undefined ? undefined : await openDesk(session, rootKey, passphraseFile);
  const signer = desk === undefined ? undefined : Buffer.from(desk.trust.roots.at(-1) ?? '', 'hex');
  const request = { member, reason, signer };
  const plan = await client.trust.eject({ ...request, dryRun: true }, call);
  if (plan.ejections.length === 0) {
    tell(session, plan.ejections, false, `${member} was put out already`);
    return;
  }
  if (printer.format === 'table') for (const one of plan.ejections) show(session, one);
  if (flags.dryRun === true) {
    tell(session, plan.ejections, false, 'Nothing was done.');
    return;
  }
  await confirm(session, `Put ${member} out for good?`);
  const done =
    desk === undefined
      ? (await client.trust.eject({ ...request, dryRun: false }, call)).ejections
      : await byRoot(session, desk, plan.ejections);
  tell(
    session,
    done,
    true,
    `${member} is put out. Every sidecar that hears of it drops the link and takes nothing more; one that is reached by courier only hears of it with the next bundle, or by \`holdfast trust export\`.`,
  );
}

/** What was shown is what is signed. */
async function byRoot(
  { client, flags, call }: Session<EjectFlags>,
  desk: RootDesk,
  ejections: readonly Ejection[],
): Promise<readonly Ejection[]> {
  const statements = ejections.map(({ member, cuts }) =>
    desk.eject(member.key, cuts, flags.reason),
  );
  await client.trust.state(statements, call);
  return ejections;
}

function show({ printer }: Session<EjectFlags>, { member, cuts }: Ejection): void {
  const { name, nodeId, fingerprint, roles, agents, issuer } = member;
  printer.line(`${printer.paint(name, 'bold')}  ${nodeId}`);
  printer.facts(
    {
      fingerprint,
      roles: roles.join(', ') || 'none',
      agents: agents.join(', ') || 'none',
      issuer,
      keeps:
        cuts.length === 0
          ? 'nothing: this sidecar holds nothing of it'
          : count(
              cuts.reduce((sum, { seq }) => sum + seq, 0),
              'commit',
            ),
    },
    '  ',
  );
  for (const { lane, incarnation, seq, lostCommits } of cuts) {
    const lost =
      lostCommits === 0
        ? ''
        : `; ${count(lostCommits, 'commit')} behind it are held by a peer only`;
    printer.line(`    ${lane} of process ${incarnation.slice(0, 12)}: up to commit ${seq}${lost}`);
  }
  if (cuts.some(({ lostCommits }) => lostCommits > 0)) {
    printer.note(
      'What a peer holds and this sidecar does not is lost; a moment later it may be here.',
    );
  }
}

function tell(
  { printer }: Session<EjectFlags>,
  ejections: readonly Ejection[],
  done: boolean,
  words: string,
): void {
  if (printer.format === 'table') printer.line(words);
  else printer.json({ done, ejections });
}
