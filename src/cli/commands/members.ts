// `holdfast members`: the fleet, one line an agent, as this sidecar knows it; with -w again and again.
import { type Command, Option } from 'commander';
import type { Platform, Presence, Tally } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import {
  count,
  formatNumber,
  formatPercent,
  formatSpan,
  NOTHING,
  orNothing,
  shortId,
} from '../format.ts';
import { watchRows } from '../live-rows.ts';
import type { Colour, Column } from '../output.ts';
import { describePresence } from '../presence-words.ts';
import { describePath, describeReach, namesOf } from '../reach-words.ts';
import { parseDuration } from '../values.ts';

const PRESENCES = ['alive', 'suspect', 'unreachable', 'left'] as const;
const ORDERS = ['name', 'age', 'presence'] as const;

interface MembersFlags extends CommonFlags {
  readonly watch?: boolean;
  readonly selector?: string;
  readonly presence?: readonly Presence[];
  readonly sort?: (typeof ORDERS)[number];
  readonly summary?: boolean;
  /** Milliseconds. */
  readonly maxAge?: number;
}

const NO_MEMBERS = 'no agent of the fleet has sent a heartbeat that reached this sidecar';

export function addMembers(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('members')
      .description('show the agents of the fleet, as this sidecar knows them')
      .option('-w, --watch', 'go on: redraw, or with ndjson write each change')
      .option('-l, --selector <selector>', 'only agents with these labels, for example site=north')
      .addOption(
        new Option('--presence <presence...>', 'only agents with one of these').choices(PRESENCES),
      )
      .addOption(new Option('--sort <order>', 'in this order').choices(ORDERS).default('name'))
      .option('-s, --summary', 'only how many agents are what')
      .option('--max-age <duration>', 'fail if a row is older, for example 30s', parseDuration)
      .action((flags: MembersFlags) => withSidecar(context, flags, actionOf(flags))),
  );
  withExamples(command, [
    ['holdfast members', 'who is there, and how is everybody?'],
    ['holdfast members -w', 'the same, live'],
    ['holdfast members -o wide', 'with labels and when anything of them was heard'],
    [
      'holdfast members -l site=north --presence suspect unreachable',
      'who of the north is silent?',
    ],
    ['holdfast members -s', 'how many are what?'],
    [
      'holdfast members -o ndjson | jq -r \'select(.freshness.presence != "alive").agent\'',
      'who is silent?',
    ],
  ]);
}

function actionOf({ watch, summary }: MembersFlags) {
  if (summary === true) return showSummary;
  return watch === true ? watchMembers : showMembers;
}

async function showSummary({ client, printer, flags, call }: Session<MembersFlags>): Promise<void> {
  const { selector, presence: presences } = flags;
  const summary = await client.fleetSummary({ ...call, selector, presences });
  if (printer.format !== 'table') {
    printer.json(summary);
    return;
  }
  const present = PRESENCES.filter((one) => summary.presences[one] > 0);
  const counts = present.map((one) => `${summary.presences[one]} ${one}`);
  printer.line([count(summary.agents, 'agent'), ...counts].join(', '));
  for (const [heading, tallies] of [
    ['VERSION', summary.versions],
    ['LABEL', summary.labels],
    ['STATUS', summary.statuses],
  ] as const) {
    if (tallies.length > 0) printer.rows(tallies, tallyColumns(heading), '');
  }
}

const tallyColumns = (heading: string): readonly Column<Tally>[] => [
  { heading, value: ({ name, value }) => `${name}=${value}` },
  { heading: 'AGENTS', value: ({ agents }) => String(agents), align: 'right' },
];

async function showMembers(session: Session<MembersFlags>): Promise<void> {
  const { printer, context } = session;
  const { rows, columns, reach } = await readMembers(session);
  printer.rows(rows, columns, NO_MEMBERS);
  const words = describeReach(reach, context.environment.clock.now().wallMs);
  if (words !== undefined) printer.note(words);
}

/** The rows, how far they reach, and the columns that show them. */
async function readMembers({ client, flags, call }: Session<MembersFlags>) {
  const { selector, presence: presences, sort: order, maxAge: maxAgeMs } = flags;
  const platforms = client.platforms({ ...call, selector, presences, order, maxAgeMs });
  const rows = await platforms.toArray();
  const isRelayed = rows.some(({ freshness }) => freshness.path === 'relayed');
  const names = isRelayed ? namesOf((await client.reach(call)).members) : new Map<string, string>();
  return { rows, columns: memberColumns(names), reach: platforms.reach };
}

function watchMembers(session: Session<MembersFlags>): Promise<void> {
  return watchRows(session, {
    read: () => readMembers(session),
    looksOf: ({ agent, freshness: { revision, presence, presenceReason } }) => ({
      key: agent,
      state: `${revision} ${presence} ${presenceReason}`,
    }),
    empty: NO_MEMBERS,
  });
}

const PRESENCE_COLOURS: Readonly<Record<Presence, Colour>> = {
  alive: 'green',
  suspect: 'yellow',
  unreachable: 'red',
  left: 'dim',
};

const memberColumns = (names: ReadonlyMap<string, string>): readonly Column<Platform>[] => [
  { heading: 'AGENT', value: ({ agent }) => agent },
  {
    heading: 'PRESENCE',
    value: ({ freshness }) => describePresence(freshness),
    colour: ({ freshness: { presence } }) =>
      presence === undefined ? undefined : PRESENCE_COLOURS[presence],
  },
  { heading: 'AGE', value: ({ freshness }) => formatSpan(freshness.ageMs), align: 'right' },
  { heading: 'STATUS', value: ({ status }) => orNothing(status) },
  { heading: 'CPU', value: ({ telemetry }) => formatPercent(telemetry.cpuPercent), align: 'right' },
  {
    heading: 'MEM',
    value: ({ telemetry }) => formatPercent(telemetry.memoryPercent),
    align: 'right',
  },
  {
    heading: 'DISK',
    value: ({ telemetry }) => formatPercent(telemetry.diskPercent),
    align: 'right',
  },
  { heading: 'LOAD', value: ({ telemetry }) => formatNumber(telemetry.load1m, 2), align: 'right' },
  { heading: 'VERSION', value: ({ versions }) => orNothing(versions.agent ?? versions.holdfast) },
  { heading: 'PATH', value: ({ freshness }) => describePath(freshness, names) },
  { heading: 'ORIGIN', value: ({ freshness }) => shortId(freshness.origin) },
  { heading: 'LABELS', value: ({ labels }) => orNothing(wordsOf(labels)), wide: true },
  {
    heading: 'HEARD',
    value: ({ freshness: { heardAgeMs } }) => `${formatSpan(heardAgeMs)} ago`,
    align: 'right',
    wide: true,
  },
  { heading: 'INTERVAL', value: (row) => spanOf(row.intervalMs), align: 'right', wide: true },
  { heading: 'RETURNS', value: ({ returns }) => String(returns), align: 'right', wide: true },
  { heading: 'REVISION', value: ({ freshness }) => orNothing(freshness.revision), wide: true },
];

function wordsOf(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
}

/** An agent that did not say has none. */
function spanOf(ms: number): string {
  return ms === 0 ? NOTHING : formatSpan(ms);
}
