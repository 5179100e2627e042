// Reports of agents on what they have.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { InventoryRow } from '../../../core/index.ts';
import type { InventoryReportSchema } from '../../../gen/holdfast/v1/inventory_pb.ts';
import { fromFreshness, fromTime, type NodeNames } from './common.ts';

export function fromInventoryReport(
  row: InventoryRow,
  names: NodeNames,
): MessageInitShape<typeof InventoryReportSchema> {
  const { agent, name, reportedAtMs, generation, count, summary, isWhole, freshness } = row;
  return {
    ...{ agent, name, generation, summary },
    reportedAt: fromTime(reportedAtMs),
    count: Math.min(count, 2 ** 32 - 1),
    incomplete: !isWhole,
    freshness: fromFreshness(freshness, names),
  };
}
