// `holdfast members`: the fleet, one line an agent, as this sidecar knows it; with -w again and again.
import type { Command } from 'commander';
import type { Platform, Presence } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { formatNumber, formatPercent, formatSpan, NOTHING, orNothing, shortId } from '../format.ts';
import { watchRows } from '../live-rows.ts';
import type { Colour, Column } from '../output.ts';

interface MembersFlags extends CommonFlags {
  readonly watch?: boolean;
}

const NO_MEMBERS = 'no agent of the fleet has sent a heartbeat that reached this sidecar';

export function addMembers(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('members')
      .description('show the agents of the fleet, as this sidecar knows them')
      .option('-w, --watch', 'go on: redraw, or with ndjson write each change')
      .action((flags: MembersFlags) =>
        withSidecar(context, flags, flags.watch === true ? watchMembers : showMembers),
      ),
  );
  withExamples(command, [
    ['holdfast members', 'who is there, and how is everybody?'],
    ['holdfast members -w', 'the same, live'],
    [
      'holdfast members -o ndjson | jq -r \'select(.freshness.presence != "alive").agent\'',
      'who is silent?',
    ],
  ]);
}

async function showMembers({ client, printer, call }: Session<MembersFlags>): Promise<void> {
  printer.rows(await client.platforms(call).toArray(), MEMBER_COLUMNS, NO_MEMBERS);
}

function watchMembers(session: Session<MembersFlags>): Promise<void> {
  const { client, call } = session;
  return watchRows(session, {
    read: () => client.platforms(call).toArray(),
    looksOf: ({ agent, freshness: { revision, presence } }) => ({
      key: agent,
      state: `${revision} ${presence}`,
    }),
    columns: MEMBER_COLUMNS,
    empty: NO_MEMBERS,
  });
}

const PRESENCE_COLOURS: Readonly<Record<Presence, Colour>> = {
  alive: 'green',
  suspect: 'yellow',
  unreachable: 'red',
};

const MEMBER_COLUMNS: readonly Column<Platform>[] = [
  { heading: 'AGENT', value: ({ agent }) => agent },
  {
    heading: 'PRESENCE',
    value: ({ freshness }) => freshness.presence ?? NOTHING,
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
  { heading: 'ORIGIN', value: ({ freshness }) => shortId(freshness.origin) },
];
