// Ranges of IP addresses: those an operator writes, and those that never leave a site.
import { BlockList, isIPv4, isIPv6 } from 'node:net';
import { parsePeerAddress } from './address.ts';

interface AddressRange {
  /** `host` is an IPv4 or IPv6 address without brackets; a name is in no range. */
  contains(host: string): boolean;
}

const PREFIX_BITS = { ipv4: 32, ipv6: 128 } as const;

/** Loopback, link-local and private ranges. */
const SITE_RANGES = [
  ...['127.0.0.0/8', '169.254.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ...['::1/128', 'fe80::/10', 'fc00::/7'],
];

/** A range as `10.9.0.0/16` or `fd00::/8`, or one address; undefined for anything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const list = new BlockList();
  return addRange(list, text) ? rangeOf(list) : undefined;
}

const site = rangeOf(listOf(SITE_RANGES));

/** Whether an address is a loopback, link-local or private one. */
export function isSiteAddress(host: string): boolean {
  return site.contains(host);
}

/** The host of `host:port`, as it is dialled or as a link came from it; undefined for what is none. */
export function hostOf(address: string): string | undefined {
  return parsePeerAddress(address)?.host;
}

function rangeOf(list: BlockList): AddressRange {
  return {
    contains(host) {
      const [address = ''] = host.split('%');
      const family = familyOf(address);
      // An IPv4 address within an IPv6 one is looked up as both.
      return family !== undefined && list.check(address, family);
    },
  };
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) addRange(list, range);
  return list;
}

function addRange(list: BlockList, text: string): boolean {
  const [, address = '', bits] = /^([0-9a-f:.]+)(?:\/([0-9]{1,3}))?$/.exec(text) ?? [];
  const family = familyOf(address);
  if (family === undefined) return false;
  const prefix = bits === undefined ? PREFIX_BITS[family] : Number(bits);
  if (prefix > PREFIX_BITS[family]) return false;
  list.addSubnet(address, prefix, family);
  return true;
}

function familyOf(address: string): keyof typeof PREFIX_BITS | undefined {
  if (isIPv4(address)) return 'ipv4';
  return isIPv6(address) ? 'ipv6' : undefined;
}
