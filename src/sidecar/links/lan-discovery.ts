// Discovery on the LAN as the options say: which interfaces, or not at all.
import type { Environment } from '../../core/index.ts';
import { createMulticastDiscovery, type NetworkInterfaces } from '../../mesh/index.ts';
import type { FleetSecret } from '../identity/fleet-secret.ts';
import type { SidecarOptions } from '../options.ts';
import { sodiumSecretBox } from '../sodium-crypto.ts';
import type { DiscoverySource } from './finder.ts';

type LanOptions = Pick<SidecarOptions, 'lanDiscovery' | 'lanInterfaces' | 'meshListen'>;

/** One source, or none: without a listener nobody could dial whoever announces itself. */
export function lanDiscoveries(
  { lanDiscovery, lanInterfaces, meshListen }: LanOptions,
  environment: Environment,
  fleet: FleetSecret,
  interfaces: NetworkInterfaces,
): DiscoverySource[] {
  if (lanDiscovery === 'off' || meshListen === undefined) return [];
  const { clock, timers, random, crypto } = environment;
  return [
    {
      source: 'multicast',
      create: (self) =>
        createMulticastDiscovery({
          ...{ clock, timers, random, hash: crypto, box: sodiumSecretBox, interfaces },
          ...{ rules: lanInterfaces, fleetSecret: fleet.key, ...self },
        }),
    },
  ];
}
