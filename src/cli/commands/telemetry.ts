// `holdfast telemetry`: what was measured of an agent's host lately, as small plots.
import type { Command } from 'commander';
import type { Telemetry, TelemetryHistory, TelemetrySample } from '../../agent-client/index.ts';
import {
  type CommonFlags,
  type Session,
  withCommonFlags,
  withExamples,
  withSidecar,
} from '../client-command.ts';
import type { CliContext } from '../context.ts';
import { count, formatPercent, formatRate, formatSpan, NOTHING } from '../format.ts';
import type { Column } from '../output.ts';
import { type Point, sparkline } from '../sparkline.ts';
import { parseDuration } from '../values.ts';

interface TelemetryFlags extends CommonFlags {
  /** Milliseconds. */
  readonly since: number;
}

const HOUR_MS = 3_600_000;
/** Characters of a plot: a line of a table fits a terminal of 100. */
const PLOT_WIDTH = 60;
/** What is read for a table: several a character, so that the mean of a part is one of many. */
const MAX_POINTS = 1_000;

interface Figure {
  readonly heading: string;
  readonly of: (telemetry: Telemetry) => number | undefined;
  readonly show: (value: number) => string;
  /** Highest value of the plot; the largest measured where this is left out. */
  readonly top?: number;
}

const FIGURES: readonly Figure[] = [
  percentOf('CPU', (telemetry) => telemetry.cpuPercent),
  percentOf('MEM', (telemetry) => telemetry.memoryPercent),
  percentOf('DISK', (telemetry) => telemetry.diskPercent),
  percentOf('SWAP', (telemetry) => telemetry.swapPercent),
  { heading: 'LOAD', of: ({ load1m }) => load1m, show: (value) => value.toFixed(2) },
  {
    heading: 'RECEIVED',
    of: (telemetry) => telemetry.networkReceivedBytesPerSecond,
    show: formatRate,
  },
  { heading: 'SENT', of: (telemetry) => telemetry.networkSentBytesPerSecond, show: formatRate },
];

interface PlotRow {
  readonly heading: string;
  readonly now: string;
  readonly least: string;
  readonly mean: string;
  readonly most: string;
  readonly plot: string;
}

const PLOT_COLUMNS: readonly Column<PlotRow>[] = [
  { heading: 'FIGURE', value: ({ heading }) => heading },
  { heading: 'NOW', value: ({ now }) => now, align: 'right' },
  { heading: 'LEAST', value: ({ least }) => least, align: 'right' },
  { heading: 'MEAN', value: ({ mean }) => mean, align: 'right' },
  { heading: 'MOST', value: ({ most }) => most, align: 'right' },
  { heading: 'OVER TIME', value: ({ plot }) => plot },
];

export function addTelemetry(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('telemetry')
      .description("show what was measured of an agent's host, as this sidecar kept it")
      .argument('<agent>', 'any agent of the fleet')
      .option('--since <duration>', 'how far back', parseDuration, HOUR_MS)
      .action((agent: string, flags: TelemetryFlags) =>
        withSidecar(context, flags, (session) => show(session, agent)),
      ),
  );
  withExamples(command, [
    ['holdfast telemetry edge-7', 'the last hour in small plots'],
    ['holdfast telemetry edge-7 --since 10m -o json', 'samples for a program'],
  ]);
}

async function show(session: Session<TelemetryFlags>, agent: string): Promise<void> {
  const { client, printer, context, call, flags } = session;
  const toMs = context.environment.clock.now().wallMs;
  const fromMs = toMs - flags.since;
  const range = { from: new Date(fromMs), to: new Date(toMs), maxPoints: MAX_POINTS };
  const history = await client.telemetryHistory(agent, { ...call, ...range });
  if (printer.isWhole) printer.json({ agent, ...history });
  else if (printer.format === 'ndjson') printer.rows<TelemetrySample>(history.samples, [], '');
  else if (history.samples.length === 0) printer.note(whyNothing(agent, history, flags.since));
  else {
    printer.line(`${agent}: ${heading(history, flags.since)}`);
    const rows = FIGURES.map((figure) => plotRow(figure, history.samples, fromMs, toMs));
    printer.rows(
      rows.filter((row) => row !== undefined),
      PLOT_COLUMNS,
      '',
    );
  }
}

function percentOf(name: string, of: Figure['of']): Figure {
  return { heading: name, of, show: formatPercent, top: 100 };
}

/** Undefined for a figure that nobody measured. */
function plotRow(
  { heading: name, of, show: text, top }: Figure,
  samples: readonly TelemetrySample[],
  fromMs: number,
  toMs: number,
): PlotRow | undefined {
  const points = samples.flatMap(({ observedAt, telemetry }): Point[] => {
    const value = of(telemetry);
    return observedAt === undefined || value === undefined
      ? []
      : [{ timeMs: observedAt.getTime(), value }];
  });
  if (points.length === 0) return undefined;
  const values = points.map(({ value }) => value);
  const most = Math.max(...values);
  const newest = samples.at(-1);
  const now = newest && of(newest.telemetry);
  return {
    heading: name,
    now: now === undefined ? NOTHING : text(now),
    least: text(Math.min(...values)),
    mean: text(values.reduce((sum, value) => sum + value, 0) / values.length),
    most: text(most),
    plot: sparkline(points, { fromMs, toMs, width: PLOT_WIDTH, top: top ?? most }),
  };
}

function heading({ samples, spacingMs }: TelemetryHistory, sinceMs: number): string {
  const kept = samples.reduce((sum, { samples: joined }) => sum + joined, 0);
  const by = samples.at(-1)?.telemetry.measuredBy;
  const who = by === undefined ? '' : `, measured by its ${by}`;
  return `${count(kept, 'sample')} of the last ${formatSpan(sinceMs)}, one in ${formatSpan(spacingMs)} at most${who}`;
}

function whyNothing(agent: string, { since }: TelemetryHistory, sinceMs: number): string {
  return since === undefined
    ? `nothing was measured of ${agent} since this sidecar started, or no such agent is known`
    : `nothing was measured of ${agent} in the last ${formatSpan(sinceMs)}; --since takes more`;
}
