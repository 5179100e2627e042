// `holdfast status`: this sidecar first, then a line for each other member, then what is wrong in words; with -w again and again.
import type { Command } from 'commander';
import {
  type AgentClient,
  type ContactSource,
  HoldfastClientError,
  type SidecarStatus,
  type TrustMember,
} from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { count, formatSpan, orNothing, printable, wrapTo } from '../format.ts';
import { findProblems } from '../health.ts';
import { watchView } from '../live-rows.ts';
import { type MemberRow, memberRows } from '../member-rows.ts';
import { memberColumns } from '../member-table.ts';
import type { ViewInputs } from '../view-problems.ts';

interface StatusFlags extends CommonFlags {
  readonly watch?: true;
}

export function addStatus(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('status')
      .description('show this sidecar, the other members and the links to them, and what is wrong')
      .option('-w, --watch', 'go on: redraw, or write again what changed')
      .action((flags: StatusFlags) =>
        withSidecar(context, flags, flags.watch === true ? watchStatus : showStatus),
      ),
  );
  withExamples(command, [
    ['holdfast status', 'is everything well?'],
    ['holdfast status -w', 'the same, live'],
    ['holdfast status -o wide', 'with addresses, traffic and budgets'],
    ['holdfast status -o json | jq -r .problems[]', 'only what is wrong'],
    ['holdfast status --data-dir /srv/holdfast', 'another sidecar on this machine'],
  ]);
}

async function showStatus(session: Session<StatusFlags>): Promise<void> {
  print(session, await readReport(session));
}

function watchStatus(session: Session<StatusFlags>): Promise<void> {
  const { printer } = session;
  let told = '';
  return watchView(session, async () => {
    const report = await readReport(session);
    const news = newsOf(report);
    if (printer.live) printer.clear();
    else if (news === told) return;
    told = news;
    print(session, report);
  });
}

interface StatusReport extends ViewInputs {
  readonly rows: readonly MemberRow[];
  readonly problems: readonly string[];
}

async function readReport({ client, context, call }: Session<StatusFlags>): Promise<StatusReport> {
  const [status, peers, platforms, reached] = await Promise.all([
    client.status(call),
    client.peers(call),
    client.platforms(call).toArray(),
    client.reach(call),
  ]);
  const members = status.fleetMode === 'founded' ? await certified(client, call) : [];
  const nowMs = context.environment.clock.now().wallMs;
  const { reach: summary, members: reach } = reached;
  const view = { status, peers, platforms, reach, members, summary, nowMs };
  return { ...view, rows: memberRows(view), problems: findProblems(view) };
}

/** Certificates are for administrators; who may only look sees the rest. */
async function certified(
  client: AgentClient,
  call: Session<StatusFlags>['call'],
): Promise<readonly TrustMember[]> {
  try {
    return (await client.trust.members(call)).members;
  } catch (error) {
    if (error instanceof HoldfastClientError && error.code === 'permission_denied') return [];
    throw error;
  }
}

/** What is worth another line where nobody looks: ages grow all the time. */
function newsOf({ status: { paused, links, agents }, rows, problems }: StatusReport): string {
  const shown = rows.map(({ name, nodeId, roles, link, path, over }) => {
    return { name, nodeId, roles, link, path, over };
  });
  const words = problems.map((problem) => problem.replaceAll(/\d+/g, ''));
  return JSON.stringify({ paused, links, agents, shown, words });
}

/** More members than these are for `-o wide`, or for programs. */
const SHOWN_MEMBERS = 40;
const PROBLEM_MARK = '  ! ';

function print({ printer }: Session<StatusFlags>, report: StatusReport): void {
  const { status, peers, summary, rows, problems, nowMs } = report;
  if (printer.format !== 'table') {
    const members = rows.map((row) => {
      const { peer: _, ...facts } = row;
      return facts;
    });
    printer.json({ sidecar: status, peers, members, reach: summary, problems });
    return;
  }
  printer.line(`${printer.paint(status.name, 'bold')}  this sidecar`);
  printer.facts(factsOf(report), '  ');
  printer.line();
  const shown = printer.wide ? rows : rows.slice(0, SHOWN_MEMBERS);
  if (rows.length === 0) printer.line('no peers');
  else for (const line of printer.table(shown, memberColumns(nowMs))) printer.line(line);
  if (shown.length < rows.length) {
    printer.line(
      `… and ${count(rows.length - shown.length, 'more member')}; \`-o wide\` shows all`,
    );
  }
  printer.line();
  if (problems.length === 0) {
    printer.line(`health: ${printer.paint('all is well', 'green')}`);
    return;
  }
  printer.line(`health: ${printer.paint(count(problems.length, 'problem'), 'yellow')}`);
  for (const problem of problems) {
    for (const line of wrapTo(printable(problem), printer.lineWidth, PROBLEM_MARK)) {
      printer.line(line);
    }
  }
}

/** Enough to compare two sidecars by eye; the JSON has all of it. */
const SHOWN_HASH_CHARACTERS = 16;

function factsOf({ status, members, nowMs }: StatusReport): Record<string, string> {
  const { startedAt, documents, feeds, commits, stateHash } = status;
  const up = startedAt === undefined ? '' : `, up ${formatSpan(nowMs - startedAt.getTime())}`;
  const open =
    status.fleetMode === 'open'
      ? 'open: everybody who holds the fleet secret may do everything'
      : `${status.fleetMode}: every member has a certificate`;
  const listening = status.meshAddress === '' ? 'not listening' : status.meshAddress;
  const own = members.find(({ self }) => self);
  return {
    node: status.nodeId,
    ...(own !== undefined && { role: orNothing(own.roles.join(', ')) }),
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
    ...(status.voidOps > 0 && {
      void: `${count(status.voidOps, 'op')} that count for nobody; \`holdfast trust voids\` names them`,
    }),
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
