// The fleet as this sidecar knows it, also when the hub is away. Every row says how old it is.
import type { Client } from '@connectrpc/connect';
import type { FleetService } from '../../gen/holdfast/v1/fleet_pb.ts';
import { call, Rows } from '../connection/call.ts';
import { fromMemberReach, fromReach, toMaxAge } from '../convert.ts';
import { HoldfastClientError } from '../error.ts';
import type {
  CallOptions,
  Deployment,
  FleetChoice,
  FleetSummary,
  MemberReach,
  PackageHolder,
  Platform,
  Reach,
  ReadOptions,
} from '../types.ts';
import {
  fromDeployment,
  fromHolder,
  fromPlatform,
  fromSummary,
  toChoice,
} from './fleet-convert.ts';

/** Reads of the fleet. Errors are HoldfastClientError. */
export interface FleetCalls {
  /**
   * The last heartbeat of every agent, ordered by name.
   *
   * @example
   * for await (const { agent, freshness } of client.platforms()) console.log(agent, freshness.presence, freshness.ageMs);
   */
  platforms(options?: ReadOptions & FleetChoice): Rows<Platform>;
  /** The last heartbeat of one agent. Fails with NOT_FOUND. */
  platform(agent: string, options?: ReadOptions): Promise<Platform>;
  /** What agents have deployed, ordered by agent and package; of one agent if named. */
  deployments(options?: ReadOptions & FleetChoice): Rows<Deployment>;
  /** Which agents hold a package, deployed or stored, freshest first. At most 1,000; none is no error. */
  findPackage(
    name: string,
    options?: ReadOptions & Omit<FleetChoice, 'order'>,
  ): Promise<PackageHolder[]>;
  /** How many agents are what. */
  fleetSummary(options?: CallOptions & Omit<FleetChoice, 'order'>): Promise<FleetSummary>;
  /** How far what this sidecar knows of every other member reaches: of whom most is missing first, at most 1,000. */
  reach(options?: CallOptions): Promise<{ reach: Reach | undefined; members: MemberReach[] }>;
}

export function fleetCalls(rpc: Client<typeof FleetService>): FleetCalls {
  return {
    platforms: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const request = { ...toMaxAge(options), ...toChoice(options), ...query };
          const { platforms, nextPageToken, reach } = await rpc.listPlatforms(request, connect);
          return { rows: platforms.map(fromPlatform), nextPageToken, reach: fromReach(reach) };
        }),
      ),
    platform: (agent, options) =>
      call(options, async (connect) => {
        const { platform } = await rpc.getPlatform({ agent, ...toMaxAge(options) }, connect);
        if (platform !== undefined) return fromPlatform(platform);
        throw new HoldfastClientError('internal', 'the sidecar answered without a platform');
      }),
    deployments: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const { agent = '', ...choice } = options ?? {};
          const request = { agent, ...toMaxAge(options), ...toChoice(choice), ...query };
          const { deployments, nextPageToken, reach } = await rpc.listDeployments(request, connect);
          return { rows: deployments.map(fromDeployment), nextPageToken, reach: fromReach(reach) };
        }),
      ),
    findPackage: (name, options) =>
      call(options, async (connect) => {
        const { filter } = toChoice(options);
        const request = { package: name, ...toMaxAge(options), filter };
        return (await rpc.findPackage(request, connect)).holders.map(fromHolder);
      }),
    fleetSummary: (options) =>
      call(options, async (connect) => {
        const { filter } = toChoice(options);
        return fromSummary(await rpc.summary({ filter }, connect));
      }),
    reach: (options) =>
      call(options, async (connect) => {
        const { reach, members } = await rpc.getReach({}, connect);
        return { reach: fromReach(reach), members: members.map(fromMemberReach) };
      }),
  };
}
