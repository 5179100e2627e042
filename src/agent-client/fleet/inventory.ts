// Inventory: what an agent reports of what it has, and what others read of it.
import type { Client } from '@connectrpc/connect';
import type {
  InventoryService,
  InventoryReport as WireReport,
} from '../../gen/holdfast/v1/inventory_pb.ts';
import { call, Rows } from '../connection/call.ts';
import { fromFreshness, fromTimestamp } from '../convert.ts';
import { HoldfastClientError } from '../error.ts';
import type { CallOptions, Freshness, JsonObject } from '../types.ts';

/** How often a report is read anew that is replaced while it is read. */
const READ_ATTEMPTS = 5;
const PAGE_SIZE = 1_000;

/** A report without its rows. */
export interface InventoryReport {
  readonly agent: string;
  readonly name: string;
  readonly reportedAt: Date | undefined;
  /** Rows in all. */
  readonly count: number;
  readonly summary: JsonObject;
  /** Names this content. */
  readonly generation: string;
  /** True while some of its rows have not arrived here: then none are shown. */
  readonly incomplete: boolean;
  readonly freshness: Freshness;
}

export interface ReportInventoryOptions extends CallOptions {
  /** Figures about the whole, at most 16 KiB of JSON. */
  readonly summary?: JsonObject | undefined;
}

/** Errors are HoldfastClientError. */
export interface InventoryCalls {
  /**
   * Replaces a report of this agent: at most 512 KiB of rows, of at most 16 KiB each. Readers see the one before or this one, and
   * never a mix. Needs the agent's token.
   *
   * @example
   * const snapshots = [{ id: '5f3c', paths: ['/srv'], bytes: 7_340_032 }];
   * await client.reportInventory('snapshots', snapshots, { summary: { repository: 'b2', count: 1 } });
   */
  reportInventory(
    name: string,
    rows: readonly JsonObject[],
    options?: ReportInventoryOptions,
  ): Promise<{ report: InventoryReport; changed: boolean }>;
  /** Removes a report of this agent. Fails with NOT_FOUND. */
  removeInventory(name: string, options?: CallOptions): Promise<void>;
  /** Reads a report with all its rows, of one time. Fails with NOT_FOUND. */
  readInventory(
    agent: string,
    name: string,
    options?: CallOptions,
  ): Promise<{ report: InventoryReport; rows: readonly JsonObject[] }>;
  /** Reads which reports there are, by agent and name. */
  listInventory(
    options?: CallOptions & { agent?: string | undefined; name?: string | undefined },
  ): Rows<InventoryReport>;
}

export function inventoryCalls(rpc: Client<typeof InventoryService>): InventoryCalls {
  const readOnce = async (agent: string, name: string, options: CallOptions | undefined) => {
    const rows: JsonObject[] = [];
    let report: InventoryReport;
    let pageToken = '';
    do {
      const page = await call(options, (connect) =>
        rpc.get({ agent, name, pageSize: PAGE_SIZE, pageToken }, connect),
      );
      for (const row of page.rows) rows.push(row);
      report = fromReport(page.report);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return { report, rows };
  };
  return {
    reportInventory: (name, rows, options) =>
      call(options, async (connect) => {
        const request = { name, rows: [...rows], summary: options?.summary ?? {} };
        const { report, changed } = await rpc.report(request, connect);
        return { report: fromReport(report), changed };
      }),
    removeInventory: (name, options) =>
      call(options, async (connect) => {
        await rpc.remove({ name }, connect);
      }),
    async readInventory(agent, name, options) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await readOnce(agent, name, options);
        } catch (error) {
          const isReplaced =
            error instanceof HoldfastClientError && error.reason === 'REVISION_MISMATCH';
          if (!isReplaced || attempt === READ_ATTEMPTS) throw error;
        }
      }
    },
    listInventory: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const request = { agent: options?.agent ?? '', name: options?.name ?? '', ...query };
          const { reports, nextPageToken } = await rpc.list(request, connect);
          return { rows: reports.map(fromReport), nextPageToken };
        }),
      ),
  };
}

function fromReport(report: WireReport | undefined): InventoryReport {
  return {
    agent: report?.agent ?? '',
    name: report?.name ?? '',
    reportedAt: fromTimestamp(report?.reportedAt),
    count: report?.count ?? 0,
    summary: report?.summary ?? {},
    generation: report?.generation ?? '',
    incomplete: report?.incomplete ?? false,
    freshness: fromFreshness(report?.freshness),
  };
}
