// How the sidecars of the network tests find each other. Every scenario runs in every mode but those for tests of their own.
import { parseArgs } from 'node:util';
import { withPort } from '../../support/network-plan.ts';

/** Where every sidecar of the network tests listens. */
export const MESH_PORT = 7677;
/** Of bootstrap nodes and of links over the DHT; both UDP. */
const BOOTSTRAP_PORT = 7678;
const DHT_PORT = 7679;

/** The UDP streams of hyperdht send 1,200 bytes at once, and never in pieces. */
const UDX_MTU = 1_280;

interface Placed {
  readonly name: string;
  readonly site: string;
  readonly address: string;
}

interface Mode {
  /** Flags for a sidecar by which it finds the others. */
  flags(host: Placed, hosts: readonly Placed[]): string[];
  /** Everybody gets a link to everybody, and not only to whom it was told of. */
  readonly meetsAll: boolean;
  /** A site of which nobody was told is found without a word of an operator. */
  readonly needsNoIntroduction?: boolean;
  /** Works over IPv4 alone. */
  readonly isIpv4Only?: boolean;
  /** The narrowest network that is wide enough, by its largest packet in bytes: 576 unless given. */
  readonly smallestMtu?: number;
  /** For tests of its own: what it adds is played there. */
  readonly isByNameOnly?: boolean;
}

const ALL_MODES = {
  /** Each host dials one other by its address and nobody tells where anybody is: links make a chain of sites. */
  static: {
    flags: (host, hosts) => [
      ...['--lan-discovery', 'off', '--advertise', 'off'],
      ...peerFlags(dialledInChain(host, hosts)),
    ],
    meetsAll: false,
  },
  /** Everybody is given one and the same address, that of b1, and learns the others from the members it meets. */
  exchange: {
    flags: (host, hosts) => ['--lan-discovery', 'off', ...peerFlags(knownToAll(host, hosts))],
    meetsAll: true,
  },
  /**
   * Multicast within a site. Of each site one host, the first, dials the first of the site before it; nobody tells where anybody is,
   * so that sites are linked by these alone.
   */
  multicast: {
    flags: (host, hosts) => [
      ...['--advertise', 'off'],
      ...(firstOf(host.site, hosts) === host ? peerFlags(dialledInChain(host, hosts)) : []),
    ],
    meetsAll: false,
  },
  /** The first host of each site is a bootstrap node, everybody knows all of them, and nothing else is told: links run over the DHT. */
  bootstrap: {
    flags: (host, hosts) =>
      dhtFlags(
        host,
        hosts.filter((other) => firstOf(other.site, hosts) === other),
      ),
    meetsAll: true,
    needsNoIntroduction: true,
    isIpv4Only: true,
    smallestMtu: UDX_MTU,
  },
  /** The first host of site b is the only bootstrap node. */
  hub: {
    flags: (host, hosts) =>
      dhtFlags(
        host,
        hosts.filter((other) => firstOf('b', hosts) === other),
      ),
    meetsAll: true,
    needsNoIntroduction: true,
    isIpv4Only: true,
    smallestMtu: UDX_MTU,
    isByNameOnly: true,
  },
} as const satisfies Readonly<Record<string, Mode>>;

export type ModeName = keyof typeof ALL_MODES;

/** Those of every scenario, or the one of the flag `--mode=<name>`. */
export const MODES: readonly ModeName[] = chosenModes();

export function modeOf(name: ModeName): Mode {
  return ALL_MODES[name];
}

function chosenModes(): ModeName[] {
  const { mode } = parseArgs({ options: { mode: { type: 'string' } }, strict: false }).values;
  const names = Object.keys(ALL_MODES) as ModeName[];
  if (mode === undefined) return names.filter((name) => modeOf(name).isByNameOnly !== true);
  const chosen = names.filter((name) => name === mode);
  if (chosen.length === 0) throw new Error(`--mode is one of ${names.join(', ')}`);
  return chosen;
}

function peerFlags(peer: Placed | undefined): string[] {
  return peer === undefined ? [] : ['--peer', withPort(peer.address, MESH_PORT)];
}

/** A bootstrap node names the others; where there are none it names nobody. */
function dhtFlags(host: Placed, nodes: readonly Placed[]): string[] {
  const own = ['--dht-bootstrap-listen', withPort(host.address, BOOTSTRAP_PORT)];
  return [
    ...['--lan-discovery', 'off', '--advertise', 'off'],
    ...['--dht', 'on', '--dht-listen', withPort('0.0.0.0', DHT_PORT)],
    ...nodes.flatMap((node) =>
      node === host ? [] : ['--dht-bootstrap', withPort(node.address, BOOTSTRAP_PORT)],
    ),
    ...(nodes.includes(host) ? own : []),
  ];
}

/** The first host of a site dials the first of the site before it, and the others of the site dial the first. */
function dialledInChain(host: Placed, hosts: readonly Placed[]): Placed | undefined {
  const first = firstOf(host.site, hosts);
  if (first !== host) return first;
  const sites = [...new Set(hosts.map(({ site }) => site))];
  const before = sites[sites.indexOf(host.site) - 1];
  return before === undefined ? undefined : firstOf(before, hosts);
}

/** The first host of site b, and where nobody of another site is known, the first of the own site. */
function knownToAll(host: Placed, hosts: readonly Placed[]): Placed | undefined {
  const known = firstOf('b', hosts) ?? firstOf(host.site, hosts);
  return known === host ? undefined : known;
}

function firstOf(site: string, hosts: readonly Placed[]): Placed | undefined {
  return hosts.find((host) => host.site === site);
}
