// InventoryService of the fake sidecar: reports that a test puts there, with their rows.
import type { JsonObject, MessageInitShape } from '@bufbuild/protobuf';
import type { ConnectRouter } from '@connectrpc/connect';
import {
  type InventoryReportSchema,
  InventoryService,
} from '../../src/gen/holdfast/v1/inventory_pb.ts';
import type { FakeSidecar } from './fake-sidecar.ts';
import { notFound, pageOf } from './fake-values.ts';

export interface FakeReport {
  readonly report: MessageInitShape<typeof InventoryReportSchema>;
  readonly rows: readonly JsonObject[];
}

export function inventoryRoutes(router: ConnectRouter, sidecar: FakeSidecar): void {
  router.service(InventoryService, {
    get: (request, { requestHeader }) => {
      sidecar.enter('getInventory', request, requestHeader);
      const { agent, name } = request;
      const found = sidecar.inventory.find(
        ({ report }) => report.agent === agent && report.name === name,
      );
      if (found === undefined) throw notFound(`report "${name}" of agent "${agent}"`);
      const { page, nextPageToken } = pageOf(found.rows, request);
      return { report: found.report, rows: page, nextPageToken };
    },
    list: (request, { requestHeader }) => {
      sidecar.enter('listInventory', request, requestHeader);
      const reports = sidecar.inventory
        .map(({ report }) => report)
        .filter(({ agent }) => request.agent === '' || agent === request.agent);
      const { page, nextPageToken } = pageOf(reports, request);
      return { reports: page, nextPageToken };
    },
  });
}
