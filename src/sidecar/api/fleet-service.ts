// FleetService: the state of the whole fleet as this sidecar knows it.
import type { FleetService } from '../../gen/holdfast/v1/fleet_pb.ts';
import type { Backend } from './backend.ts';
import {
  fromDeploymentRow,
  fromHolderRow,
  fromPlatformRow,
  type NodeNames,
  toPageRequest,
} from './convert/index.ts';
import type { UnaryHandlers } from './method.ts';

export function fleetService(
  backend: Backend,
  names: NodeNames,
): UnaryHandlers<typeof FleetService> {
  return {
    async listPlatforms(request, caller) {
      const page = await backend.submit('listPlatforms', caller, toPageRequest(request));
      return {
        platforms: page.rows.map((row) => fromPlatformRow(row, names)),
        nextPageToken: page.nextPageToken,
      };
    },

    async getPlatform({ agent }, caller) {
      const row = await backend.submit('getPlatform', caller, { agent });
      return { platform: fromPlatformRow(row, names) };
    },

    async listDeployments(request, caller) {
      const page = { ...toPageRequest(request), agent: request.agent };
      const { rows, nextPageToken } = await backend.submit('listDeployments', caller, page);
      return { deployments: rows.map((row) => fromDeploymentRow(row, names)), nextPageToken };
    },

    async findPackage(request, caller) {
      const { holders } = await backend.submit('findPackage', caller, { package: request.package });
      return { holders: holders.map((row) => fromHolderRow(row, names)) };
    },
  };
}
