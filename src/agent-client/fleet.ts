// The fleet as this sidecar knows it, also when the hub is away. Every row says how old it is.
import type { Client } from '@connectrpc/connect';
import type { FleetService } from '../gen/holdfast/v1/fleet_pb.ts';
import { call, Rows } from './call.ts';
import { fromDeployment, fromHolder, fromPlatform } from './convert.ts';
import { HoldfastClientError } from './error.ts';
import type { CallOptions, Deployment, PackageHolder, Platform } from './types.ts';

/** Reads of the fleet. Errors are HoldfastClientError. */
export interface FleetCalls {
  /**
   * The last heartbeat of every agent, ordered by name.
   *
   * @example
   * for await (const { agent, freshness } of client.platforms()) console.log(agent, freshness.presence, freshness.ageMs);
   */
  platforms(options?: CallOptions): Rows<Platform>;
  /** The last heartbeat of one agent. Fails with NOT_FOUND. */
  platform(agent: string, options?: CallOptions): Promise<Platform>;
  /** What agents have deployed, ordered by agent and package; of one agent if named. */
  deployments(options?: CallOptions & { agent?: string | undefined }): Rows<Deployment>;
  /** Which agents hold a package, deployed or stored, freshest first. At most 1,000; none is no error. */
  findPackage(name: string, options?: CallOptions): Promise<PackageHolder[]>;
}

export function fleetCalls(rpc: Client<typeof FleetService>): FleetCalls {
  return {
    platforms: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const { platforms, nextPageToken } = await rpc.listPlatforms(query, connect);
          return { rows: platforms.map(fromPlatform), nextPageToken };
        }),
      ),
    platform: (agent, options) =>
      call(options, async (connect) => {
        const { platform } = await rpc.getPlatform({ agent }, connect);
        if (platform !== undefined) return fromPlatform(platform);
        throw new HoldfastClientError('internal', 'the sidecar answered without a platform');
      }),
    deployments: (options) =>
      new Rows((query) =>
        call(options, async (connect) => {
          const request = { agent: options?.agent ?? '', ...query };
          const { deployments, nextPageToken } = await rpc.listDeployments(request, connect);
          return { rows: deployments.map(fromDeployment), nextPageToken };
        }),
      ),
    findPackage: (name, options) =>
      call(options, async (connect) =>
        (await rpc.findPackage({ package: name }, connect)).holders.map(fromHolder),
      ),
  };
}
