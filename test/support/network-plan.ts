// Addresses of a network of sites: which subnet a site has, which address a host, and how both are written in IPv4 and IPv6.

export interface NetworkPlan {
  readonly family: 4 | 6;
  /** What all sites have in common; whoever has a route to it reaches every site and nothing else. */
  readonly everything: string;
  /** Where a sidecar listens on all its addresses. */
  readonly wildcard: string;
  readonly prefixLength: number;
  subnet(site: number): string;
  gateway(site: number): string;
  address(site: number, host: number): string;
}

const IPV4: NetworkPlan = {
  family: 4,
  everything: '10.77.0.0/16',
  wildcard: '0.0.0.0',
  prefixLength: 24,
  subnet: (site) => `10.77.${site}.0/24`,
  gateway: (site) => `10.77.${site}.1`,
  address: (site, host) => `10.77.${site}.${10 + host}`,
};

const IPV6: NetworkPlan = {
  family: 6,
  everything: 'fd77::/16',
  wildcard: '::',
  prefixLength: 64,
  subnet: (site) => `fd77:${site}::/64`,
  gateway: (site) => `fd77:${site}::1`,
  address: (site, host) => `fd77:${site}::${10 + host}`,
};

export function planOf(family: 4 | 6): NetworkPlan {
  return family === 4 ? IPV4 : IPV6;
}

/** `host:port`, with IPv6 in brackets. */
export function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}
