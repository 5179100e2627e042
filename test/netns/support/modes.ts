// How the sidecars of the network tests find each other. Every scenario runs in every mode that is listed in MODES.
import { type NetworkPlan, withPort } from '../../support/network-plan.ts';

/** Where every sidecar of the network tests listens. */
export const MESH_PORT = 7677;
const BOOTSTRAP_PORT = 7679;

interface Placed {
  readonly name: string;
  readonly site: string;
  readonly address: string;
}

interface Mode {
  /** Flags for a sidecar by which it finds the others. */
  flags(host: Placed, hosts: readonly Placed[], plan: NetworkPlan): string[];
}

const ALL_MODES = {
  /** Each host dials one other by its address: links make a chain of sites. */
  static: {
    flags: (host, hosts) => staticPeer(host, hosts),
  },
  /** Multicast within a site, one address between two sites. */
  multicast: {
    flags: (host, hosts) => [
      ...['--lan-discovery', 'on'],
      ...(firstOf(host.site, hosts) === host ? staticPeer(host, hosts) : []),
    ],
  },
  /** The first host of each site is a bootstrap, and everybody knows all of them. */
  bootstrap: {
    flags: (host, hosts, plan) => {
      const firsts = hosts.filter((other) => firstOf(other.site, hosts) === other);
      const own = ['--dht-bootstrap-listen', withPort(plan.wildcard, BOOTSTRAP_PORT)];
      return [
        ...firsts.flatMap((first) => ['--dht-bootstrap', withPort(first.address, BOOTSTRAP_PORT)]),
        ...(firsts.includes(host) ? own : []),
      ];
    },
  },
} as const satisfies Readonly<Record<string, Mode>>;

export type ModeName = keyof typeof ALL_MODES;

/** The modes whose options this version has. */
export const MODES: readonly ModeName[] = ['static'];

export function modeOf(name: ModeName): Mode {
  return ALL_MODES[name];
}

function staticPeer(host: Placed, hosts: readonly Placed[]): string[] {
  const dialled = dialledBy(host, hosts);
  return dialled === undefined ? [] : ['--peer', withPort(dialled.address, MESH_PORT)];
}

/** In the chain the first host of a site dials the first of the site before it, and the others of the site dial the first. */
function dialledBy(host: Placed, hosts: readonly Placed[]): Placed | undefined {
  const first = firstOf(host.site, hosts);
  if (first !== host) return first;
  const sites = [...new Set(hosts.map(({ site }) => site))];
  const before = sites[sites.indexOf(host.site) - 1];
  return before === undefined ? undefined : firstOf(before, hosts);
}

function firstOf(site: string, hosts: readonly Placed[]): Placed | undefined {
  return hosts.find((host) => host.site === site);
}
