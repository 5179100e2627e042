// What an address is good for: whether another machine could dial it.
import { BlockList, isIP, isIPv4 } from 'node:net';

/** `link-local` is IPv6's alone: it means nothing without the name of an interface of the machine that uses it. */
export type AddressKind = 'loopback' | 'link-local' | 'no-host' | 'usable';

const LOOPBACK = blockListOf(['127.0.0.0', 8], ['::1', 128]);
const LINK_LOCAL = blockListOf(['fe80::', 10]);
/** The wildcard, multicast and broadcast. */
const NO_HOST = blockListOf(['0.0.0.0', 8], ['224.0.0.0', 3], ['::', 128], ['ff00::', 8]);

/** Kind of a host name or an IP address without brackets, in lower case. What a name leads to is not known here. */
export function addressKind(host: string): AddressKind {
  const [address = ''] = host.split('%');
  if (isIP(address) === 0) {
    return address === 'localhost' || address.endsWith('.localhost') ? 'loopback' : 'usable';
  }
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (LOOPBACK.check(address, family)) return 'loopback';
  if (LINK_LOCAL.check(address, family)) return 'link-local';
  return NO_HOST.check(address, family) ? 'no-host' : 'usable';
}

function blockListOf(...subnets: readonly (readonly [net: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of subnets) list.addSubnet(net, prefix, isIPv4(net) ? 'ipv4' : 'ipv6');
  return list;
}
