// Discovery on the LAN as the options say: which interfaces, or not at all.
import type { Environment } from '../../core/index.ts';
import {
  createMulticastDiscovery,
  type LineReport,
  type MulticastDiscovery,
  type NetworkInterfaces,
} from '../../mesh/index.ts';
import type { FleetSecret } from '../identity/fleet-secret.ts';
import type { SidecarOptions } from '../options/index.ts';
import { sodiumSecretBox } from '../sodium-crypto.ts';
import type { DiscoveryCondition, DiscoverySource } from './finder.ts';

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
  let newest: MulticastDiscovery | undefined;
  return [
    {
      source: 'multicast',
      create: (self) => {
        newest = createMulticastDiscovery({
          ...{ clock, timers, random, hash: crypto, box: sodiumSecretBox, interfaces },
          ...{ rules: lanInterfaces, fleetSecret: fleet.key, ...self },
        });
        return newest;
      },
      condition: () => lanCondition(newest?.report() ?? []),
    },
  ];
}

/** In words, of the lines there are: an interface with two families has two. */
export function lanCondition(
  lines: readonly Pick<LineReport, 'interface' | 'state'>[],
): DiscoveryCondition {
  if (lines.length === 0) {
    return { isTroubled: true, note: 'there is no network interface that may be used' };
  }
  const failed = namesIn('failed', lines);
  const used = [...namesIn('open', lines), ...namesIn('opening', lines)].filter(
    (name, index, names) => names.indexOf(name) === index,
  );
  const idle = failed.filter((name) => !used.includes(name));
  const notes = [
    ...(used.length === 0 ? [] : [`on ${used.join(', ')}`]),
    ...(idle.length === 0 ? [] : [`not on ${idle.join(', ')} (the log says why)`]),
  ];
  return { isTroubled: used.length === 0, note: notes.join(', ') };
}

function namesIn(
  wanted: LineReport['state'],
  lines: readonly Pick<LineReport, 'interface' | 'state'>[],
): string[] {
  return [...new Set(lines.flatMap((line) => (line.state === wanted ? [line.interface] : [])))];
}
