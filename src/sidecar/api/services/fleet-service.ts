// FleetService: the state of the whole fleet as this sidecar knows it.
import type { FleetService } from '../../../gen/holdfast/v1/fleet_pb.ts';
import type { Backend } from '../backend.ts';
import { MAX_REACH_MEMBERS } from '../calls/limits.ts';
import type { UnaryHandlers } from '../calls/method.ts';
import { fromMemberReach, fromReach, type ReachMessage } from '../controls/reach.ts';
import {
  fromDeploymentRow,
  fromFleetSummary,
  fromHolderRow,
  fromPlatformRow,
  type NodeNames,
  toAged,
  toChoice,
  toPageRequest,
} from '../convert/index.ts';

export function fleetService(
  backend: Backend,
  names: NodeNames,
  reach: () => ReachMessage | undefined,
): UnaryHandlers<typeof FleetService> {
  return {
    async listPlatforms(request, caller) {
      const asked = { ...toPageRequest(request), ...toAged(request), ...toChoice(request) };
      const page = await backend.submit('listPlatforms', caller, asked);
      return {
        platforms: page.rows.map((row) => fromPlatformRow(row, names)),
        nextPageToken: page.nextPageToken,
        reach: reach(),
      };
    },

    async getPlatform(request, caller) {
      const { agent } = request;
      const row = await backend.submit('getPlatform', caller, { agent, ...toAged(request) });
      const platform = fromPlatformRow(row, names);
      const unchanged = request.ifRevisionNot === row.freshness.revision;
      const { freshness } = platform;
      return { platform: unchanged ? { agent, freshness } : platform, unchanged, reach: reach() };
    },

    async listDeployments(request, caller) {
      const { agent } = request;
      const page = {
        ...{ ...toPageRequest(request), ...toAged(request), ...toChoice(request) },
        agent,
      };
      const { rows, nextPageToken } = await backend.submit('listDeployments', caller, page);
      return {
        deployments: rows.map((row) => fromDeploymentRow(row, names)),
        nextPageToken,
        reach: reach(),
      };
    },

    async findPackage(request, caller) {
      const { filter } = toChoice(request);
      const asked = { package: request.package, ...toAged(request), ...(filter && { filter }) };
      const { holders } = await backend.submit('findPackage', caller, asked);
      return { holders: holders.map((row) => fromHolderRow(row, names)), reach: reach() };
    },

    async summary(request, caller) {
      const { filter } = toChoice(request);
      const summary = await backend.submit('fleetSummary', caller, { ...(filter && { filter }) });
      return { ...fromFleetSummary(summary), reach: reach() };
    },

    async getReach() {
      const row = backend.reach?.();
      const members = row?.rows.slice(0, MAX_REACH_MEMBERS) ?? [];
      return {
        ...(row !== undefined && { reach: fromReach(row, names) }),
        members: members.map((one) => fromMemberReach(one, names)),
      };
    },
  };
}
