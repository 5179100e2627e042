// Which addresses only this machine can reach.
import { BlockList, isIPv4, isIPv6 } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/**
 * Whether a host name or an address without brackets is loopback, in any spelling of IPv6. Only whole dotted IPv4 counts: what
 * resolvers make of `127.1` or `2130706433` differs.
 */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === 'localhost.') return true;
  if (isIPv4(host)) return LOOPBACK.check(host, 'ipv4');
  // A zone is of one machine; nothing in a Host header needs one.
  return isIPv6(host) && !host.includes('%') && LOOPBACK.check(host, 'ipv6');
}
