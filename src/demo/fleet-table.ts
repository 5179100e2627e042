// The fleet as text: one line an agent, with what it last said and how old that is. Pure.
import { styleText } from 'node:util';
import type { Platform, Presence, Workload } from '../agent-client/index.ts';

export interface FleetTableOptions {
  /** Names of sidecars by node id, for the column `from`. */
  readonly nameByNode: ReadonlyMap<string, string>;
  readonly color: boolean;
}

const HEADINGS = ['agent', 'presence', 'age', 'cpu', 'mem', 'disk', 'load', 'top process', 'from'];
/** These hold figures, which read best flush right. */
const RIGHT_ALIGNED = new Set([2, 3, 4, 5, 6]);
/** Longer names of processes are cut, so that a line fits a terminal of 100 columns. */
const MAX_PROCESS_CHARACTERS = 22;
/** Enough of a node id to tell one from another where the name is not known. */
const SHORT_NODE_ID_CHARACTERS = 8;

const PRESENCE_COLORS = {
  alive: 'green',
  suspect: 'yellow',
  unreachable: 'red',
  left: 'dim',
} as const satisfies Record<Presence, Parameters<typeof styleText>[0]>;

/** The lines of the table, heading first, agents in the order given. */
export function renderFleetTable(
  platforms: readonly Platform[],
  { nameByNode, color }: FleetTableOptions,
): string[] {
  const cells = [HEADINGS, ...platforms.map((platform) => cellsOf(platform, nameByNode))];
  const widths = HEADINGS.map((_, column) =>
    Math.max(...cells.map((row) => (row[column] ?? '').length)),
  );
  return cells.map((row, index) => {
    const presence = platforms[index - 1]?.freshness.presence;
    const padded = row.map((cell, column) => {
      const width = widths[column] ?? 0;
      const text = RIGHT_ALIGNED.has(column) ? cell.padStart(width) : cell.padEnd(width);
      return color && column === 1 && presence !== undefined
        ? styleText(PRESENCE_COLORS[presence], text, { validateStream: false })
        : text;
    });
    const line = padded.join('  ').trimEnd();
    return color && index === 0 ? styleText('dim', line, { validateStream: false }) : line;
  });
}

function cellsOf(platform: Platform, nameByNode: ReadonlyMap<string, string>): string[] {
  const { agent, telemetry, workloads, freshness } = platform;
  return [
    agent,
    freshness.presence ?? '-',
    formatAge(freshness.ageMs),
    formatPercent(telemetry.cpuPercent),
    formatPercent(telemetry.memoryPercent),
    formatPercent(telemetry.diskPercent),
    telemetry.load1m?.toFixed(2) ?? '-',
    formatTopProcess(workloads),
    nameByNode.get(freshness.origin) ?? freshness.origin.slice(0, SHORT_NODE_ID_CHARACTERS),
  ];
}

function formatPercent(percent: number | undefined): string {
  return percent === undefined ? '-' : `${percent.toFixed(0)}%`;
}

/** `0.4s`, `12s`, `5m`, `3h`: never rounded down to something younger than it is. */
export function formatAge(ms: number): string {
  if (ms < 10_000) return `${(Math.ceil(ms / 100) / 10).toFixed(1)}s`;
  if (ms < 120_000) return `${Math.ceil(ms / 1000)}s`;
  if (ms < 7_200_000) return `${Math.ceil(ms / 60_000)}m`;
  return `${Math.ceil(ms / 3_600_000)}h`;
}

function formatTopProcess(workloads: readonly Workload[]): string {
  const [top] = workloads.toSorted((a, b) => (b.cpuPercent ?? 0) - (a.cpuPercent ?? 0));
  if (top === undefined) return '-';
  const name =
    top.name.length > MAX_PROCESS_CHARACTERS
      ? `${top.name.slice(0, MAX_PROCESS_CHARACTERS - 1)}…`
      : top.name;
  return top.cpuPercent === undefined ? name : `${name} ${top.cpuPercent.toFixed(0)}%`;
}
