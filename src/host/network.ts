// What /proc/net/dev says: bytes over the interfaces of this machine, each byte counted once. Pure.

/** Bytes since the interfaces came up. */
export interface NetworkBytes {
  readonly received: number;
  readonly sent: number;
}

/**
 * Interfaces that pass on what another one carries, by the names the kernel and the usual tools give them: loopback, bridges,
 * ends in containers, tunnels, bonds. A VLAN has a dot in its name.
 */
const PASSING_ON =
  /^(?:lo|veth|docker|br-?|virbr|cni|flannel|cali|cilium|lxc|kube|tun|tap|wg|bond|team|dummy|ifb|sit|gre|ipip|vxlan|nodelocaldns)\d*|[.@]/;
/** Columns of bytes behind the name: what was received comes first, eight columns of it. */
const RECEIVED = 0;
const SENT = 8;

/** The sum over all interfaces that bring traffic in or out; undefined where the text names none. */
export function parseNetDev(text: string): NetworkBytes | undefined {
  let received = 0;
  let sent = 0;
  let interfaces = 0;
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const { [RECEIVED]: in_, [SENT]: out } = columns;
    if (in_ === undefined || out === undefined || !Number.isFinite(in_ + out)) continue;
    if (PASSING_ON.test(line.slice(0, colon).trim())) continue;
    received += in_;
    sent += out;
    interfaces += 1;
  }
  return interfaces === 0 ? undefined : { received, sent };
}

/** Bytes a second between two readings; undefined where an interface was reset or went away, or no time went by. */
export function networkRates(
  before: NetworkBytes | undefined,
  after: NetworkBytes | undefined,
  spanMs: number,
): { readonly received: number; readonly sent: number } | undefined {
  if (before === undefined || after === undefined || spanMs <= 0) return undefined;
  const received = after.received - before.received;
  const sent = after.sent - before.sent;
  if (received < 0 || sent < 0) return undefined;
  const perSecond = 1_000 / spanMs;
  return { received: Math.round(received * perSecond), sent: Math.round(sent * perSecond) };
}
