// `holdfast status`: this sidecar first, then one line a peer, then what is wrong in words.
import type { Command } from 'commander';
import type { ContactSource, Peer, SidecarStatus } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { count, formatSpan, orNothing } from '../format.ts';
import { findProblems } from '../health.ts';
import { peerColumns } from '../peer-table.ts';

export function addStatus(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('status')
      .description('show this sidecar, its peers, and what is wrong')
      .action((flags: CommonFlags) => withSidecar(context, flags, showStatus)),
  );
  withExamples(command, [
    ['holdfast status', 'is everything well?'],
    ['holdfast status -o json | jq -r .problems[]', 'only what is wrong'],
    ['holdfast status --data-dir /srv/holdfast', 'another sidecar on this machine'],
  ]);
}

async function showStatus({ client, printer, context, call }: Session<CommonFlags>): Promise<void> {
  const [status, peers, platforms] = await Promise.all([
    client.status(call),
    client.peers(call),
    client.platforms(call).toArray(),
  ]);
  const problems = findProblems({ status, peers, platforms });
  if (printer.format !== 'table') {
    printer.json({ sidecar: status, peers, problems });
    return;
  }
  const nowMs = context.environment.clock.now().wallMs;
  printer.line(`${printer.paint(status.name, 'bold')}  this sidecar`);
  printer.facts(factsOf(status, nowMs), '  ');
  printer.line();
  if (peers.length === 0) printer.line('no peers');
  else for (const line of printer.table<Peer>(peers, peerColumns(nowMs, peers))) printer.line(line);
  printer.line();
  if (problems.length === 0) {
    printer.line(`health: ${printer.paint('all is well', 'green')}`);
    return;
  }
  printer.line(`health: ${printer.paint(count(problems.length, 'problem'), 'yellow')}`);
  for (const problem of problems) printer.line(`  ! ${problem}`);
}

/** Enough to compare two sidecars by eye; the JSON has all of it. */
const SHOWN_HASH_CHARACTERS = 16;

function factsOf(status: SidecarStatus, nowMs: number): Record<string, string> {
  const { startedAt, documents, feeds, commits, stateHash } = status;
  const up = startedAt === undefined ? '' : `, up ${formatSpan(nowMs - startedAt.getTime())}`;
  const open =
    status.fleetMode === 'open'
      ? 'open: everybody who holds the fleet secret may do everything'
      : `${status.fleetMode}: every member has a certificate`;
  const listening = status.meshAddress === '' ? 'not listening' : status.meshAddress;
  return {
    node: status.nodeId,
    version: `${status.version}${up}`,
    fleet: `${status.fleet}, ${open}`,
    agents: orNothing(status.agents.join(', ')),
    mesh: `${listening}, ${status.paused ? 'paused' : count(status.links, 'link')}`,
    holds: `${count(documents, 'document')}, ${count(feeds, 'feed')}, ${count(commits, 'commit')}, state ${stateHash.slice(0, SHOWN_HASH_CHARACTERS)}`,
    ...findingFacts(status),
    ...bundleFacts(status, nowMs),
    ...(status.receiveOnlySince !== undefined && {
      sends: `nothing: receive-only since ${status.receiveOnlySince.toISOString()}`,
    }),
    ...(status.voidOps > 0 && { void: `${count(status.voidOps, 'op')} that count for nobody` }),
  };
}

const SOURCE_WORDS: Readonly<Partial<Record<ContactSource, string>>> = {
  multicast: 'multicast',
  dht: 'DHT',
};

/** How members are found that nobody named. */
function findingFacts({ discoveries }: SidecarStatus): Record<string, string> {
  const words = discoveries.map(({ source, state, note }) =>
    [SOURCE_WORDS[source] ?? source, state === 'silent' ? state : note].filter(Boolean).join(' '),
  );
  return words.length === 0 ? {} : { finds: words.join('; ') };
}

/** Who was reached by courier last. */
const SHOWN_BUNDLES = 3;

function bundleFacts({ bundles }: SidecarStatus, nowMs: number): Record<string, string> {
  const words = bundles.slice(0, SHOWN_BUNDLES).map(({ name, createdAt }) => {
    const ageMs = createdAt === undefined ? 0 : nowMs - createdAt.getTime();
    return `last from ${orNothing(name)} made ${formatSpan(ageMs)} ago`;
  });
  return words.length === 0 ? {} : { bundles: words.join(', ') };
}
