// The interfaces of this machine as discovery sees them: which of them it uses, and which addresses are next to it there.
import { BlockList, isIPv4, isIPv6 } from 'node:net';

export interface InterfaceAddress {
  readonly family: 4 | 6;
  /** Without a scope. */
  readonly address: string;
  /** Bits of the address that all neighbours share. */
  readonly prefixBits: number;
}

export interface NetworkInterface {
  readonly name: string;
  /** Loopback. */
  readonly internal: boolean;
  /** Number that the system gave it; 0 where it is not known. */
  readonly index: number;
  readonly addresses: readonly InterfaceAddress[];
}

/** The port: what is there and when it changes. */
export interface NetworkInterfaces {
  /** Those that are up. */
  list(): readonly NetworkInterface[];
  /** Calls back after each change. Returns how to stop. */
  onChange(listener: () => void): () => void;
}

/** One interface in one family of addresses: it gets a socket of its own. */
export interface LanLine {
  readonly name: string;
  readonly family: 4 | 6;
  readonly index: number;
  readonly own: readonly InterfaceAddress[];
  /** Addresses to announce; with none it only looks. */
  readonly announced: readonly string[];
}

/** More than a machine has that is not a switch. Those with IPv4 come first: a host of containers has many without. */
const MAX_LINES = 32;
/** Addresses of one line that are announced. */
const MAX_ANNOUNCED = 2;
const WILDCARD_4 = '0.0.0.0';
const WILDCARD_6 = '::';

/**
 * The lines to use. `rules` are names that are allowed and, with a `!` in front, names that are not; with no name allowed all are
 * but loopback. `listenHost` is the address that the mesh listens at: another line than its own is of no use.
 */
export function chooseLines(
  interfaces: readonly NetworkInterface[],
  rules: readonly string[],
  listenHost: string,
): LanLine[] {
  const denied = new Set(rules.filter((rule) => rule.startsWith('!')).map((rule) => rule.slice(1)));
  const allowed = new Set(rules.filter((rule) => !rule.startsWith('!')));
  const host = listenHost.split('%')[0];
  const isWild = host === WILDCARD_4 || host === WILDCARD_6;
  return interfaces
    .filter(({ name, internal }) => {
      if (denied.has(name)) return false;
      return allowed.size === 0 ? !internal : allowed.has(name);
    })
    .flatMap(({ name, index, addresses }) =>
      ([4, 6] as const).flatMap((family) => {
        const own = addresses.filter((entry) => entry.family === family);
        if (own.length === 0) return [];
        if (!isWild && !own.some(({ address }) => address === host)) return [];
        const announced = announcedOf(own, family, host ?? '');
        return { name, family, index, own, announced };
      }),
    )
    .toSorted((a, b) => a.family - b.family)
    .slice(0, MAX_LINES);
}

function announcedOf(own: readonly InterfaceAddress[], family: 4 | 6, host: string): string[] {
  // A socket that listens at 0.0.0.0 takes no IPv6; one at :: takes both.
  if (host === WILDCARD_4 && family === 6) return [];
  if (host !== WILDCARD_4 && host !== WILDCARD_6) return [host];
  // A link-local address is next to everybody who hears it.
  const [linkLocal] = own.filter(({ address }) => isLinkLocal6(address));
  const several = linkLocal === undefined || family === 4 ? own : [linkLocal];
  return several.slice(0, MAX_ANNOUNCED).map(({ address }) => address);
}

/** What makes a line another one: then its socket must be made anew. */
export function lineKey({ name, family, index, own, announced }: LanLine): string {
  return JSON.stringify([name, family, index, own, announced]);
}

/** Whether an address belongs to the network that the line is connected to. */
export function createNeighbourhood({ family, own }: LanLine): (address: string) => boolean {
  const nets = new BlockList();
  const name = family === 4 ? 'ipv4' : 'ipv6';
  for (const { address, prefixBits } of own) nets.addSubnet(address, prefixBits, name);
  if (family === 6) nets.addSubnet('fe80::', 10, name);
  const isOfFamily = family === 4 ? isIPv4 : isIPv6;
  return (address) => isOfFamily(address) && !address.includes('%') && nets.check(address, name);
}

/** The address as a socket of this line dials it: link-local ones need the interface. */
export function dialledHost(line: LanLine, address: string): string {
  return isLinkLocal6(address) ? `${address}%${line.name}` : address;
}

function isLinkLocal6(address: string): boolean {
  return /^fe[89ab]/i.test(address);
}
