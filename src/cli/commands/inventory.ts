// `holdfast inventory`: what agents report of what they have, and what could be updated.
import type { Command } from 'commander';
import type { InventoryReport, JsonObject, UpdateRow } from '../../agent-client/index.ts';
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
import { formatSpan } from '../format.ts';
import type { Column } from '../output.ts';

interface InventoryFlags extends CommonFlags {
  readonly updates?: true;
}

/** Columns of a table made of rows that nobody knows beforehand. */
const MAX_COLUMNS = 8;

const REPORT_COLUMNS: readonly Column<InventoryReport>[] = [
  { heading: 'AGENT', value: ({ agent }) => agent },
  { heading: 'REPORT', value: ({ name }) => name },
  { heading: 'ROWS', value: ({ count }) => String(count), align: 'right' },
  { heading: 'REPORTED', value: ({ reportedAt }) => reportedAt?.toISOString() ?? '' },
  { heading: 'AGE', value: ({ freshness }) => formatSpan(freshness.ageMs), align: 'right' },
  {
    heading: 'SUMMARY',
    value: ({ summary, incomplete }) =>
      incomplete ? '(incomplete here)' : JSON.stringify(summary),
  },
];

const UPDATE_COLUMNS: readonly Column<UpdateRow>[] = [
  { heading: 'AGENT', value: ({ agent }) => agent },
  { heading: 'PACKAGE', value: (row) => row.package },
  { heading: 'VERSION', value: ({ version }) => version },
  { heading: 'AVAILABLE', value: ({ update }) => update.version },
  { heading: 'SINCE', value: ({ update }) => update.since?.toISOString() ?? '' },
  { heading: 'NOTES', value: ({ update }) => update.notes },
];

export function addInventory(program: Command, context: CliContext): void {
  const command = withCommonFlags(
    program
      .command('inventory')
      .description('show what agents report of what they have')
      .argument('[agent]', 'only of this agent')
      .argument('[name]', 'the rows of this report of it')
      .option('--updates', 'show for which deployments and packages a newer version is known')
      .action((agent: string | undefined, name: string | undefined, flags: InventoryFlags) =>
        withSidecar(context, flags, (session) => inventory(session, agent, name)),
      ),
  );
  withExamples(command, [
    ['holdfast inventory', 'which reports there are'],
    ['holdfast inventory edge-7 snapshots', 'the rows of one'],
    ['holdfast inventory --updates', 'what could be updated; nothing updates itself'],
  ]);
}

async function inventory(
  { client, flags, call, printer }: Session<InventoryFlags>,
  agent: string | undefined,
  name: string | undefined,
): Promise<void> {
  if (flags.updates === true) {
    if (name !== undefined) {
      throw usageFailure('--updates shows no report: leave its name out. Nothing was read.');
    }
    const rows = await client.listUpdates({ ...call, agent }).toArray();
    printer.rows(rows, UPDATE_COLUMNS, 'no updates are known');
    return;
  }
  if (agent === undefined || name === undefined) {
    const rows = await client.listInventory({ ...call, agent }).toArray();
    printer.rows(rows, REPORT_COLUMNS, 'no reports');
    return;
  }
  const { report, rows } = await client.readInventory(agent, name, call);
  if (report.incomplete) {
    throw new CliFailure(
      EXIT.failed,
      `The report "${name}" of ${agent} has ${report.count} rows, and not all of them have arrived here. Try again in a moment.`,
    );
  }
  if (printer.isWhole) printer.json({ report, rows });
  else printer.rows(rows, columnsOf(rows), 'the report has no rows');
}

/** A column for each key, in the order in which they come up; what is too much for a screen is in the other formats. */
function columnsOf(rows: readonly JsonObject[]): readonly Column<JsonObject>[] {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))].slice(0, MAX_COLUMNS);
  return keys.map((key) => ({
    heading: key.toUpperCase(),
    value: (row) => {
      const value = Object.hasOwn(row, key) ? row[key] : undefined;
      return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
    },
  }));
}
