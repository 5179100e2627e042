// InventoryService: agents report what they have, everybody reads it.
import { Ack } from '../../../gen/holdfast/v1/common_pb.ts';
import type { InventoryService } from '../../../gen/holdfast/v1/inventory_pb.ts';
import type { Backend } from '../backend.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import {
  checkedObject,
  fromInventoryReport,
  type NodeNames,
  toPageRequest,
} from '../convert/index.ts';

export function inventoryService(
  backend: Pick<Backend, 'submit'>,
  names: NodeNames,
): UnaryHandlers<typeof InventoryService> {
  return {
    async report({ name, rows, summary = {} }, caller) {
      const body = {
        name,
        rows: rows.map((row, index) => checkedObject(row, `rows[${index}]`)),
        summary: checkedObject(summary, 'summary'),
      };
      const { report, changed } = await backend.submit('reportInventory', caller, body);
      return { report: fromInventoryReport(report, names), changed, ack: Ack.LOCAL };
    },

    async remove({ name }, caller) {
      await backend.submit('removeInventory', caller, { name });
      return { ack: Ack.LOCAL };
    },

    async get(request, caller) {
      const { agent, name } = request;
      const body = { ...toPageRequest(request), agent, name };
      const { report, rows, nextPageToken } = await backend.submit('getInventory', caller, body);
      return { report: fromInventoryReport(report, names), rows: [...rows], nextPageToken };
    },

    async list(request, caller) {
      const { agent, name } = request;
      const body = { ...toPageRequest(request), agent, name };
      const { rows, nextPageToken } = await backend.submit('listInventory', caller, body);
      return { reports: rows.map((row) => fromInventoryReport(row, names)), nextPageToken };
    },
  };
}
