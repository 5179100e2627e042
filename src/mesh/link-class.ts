// What kind of link a link is, as its operator sees it: what it costs and when it may speak follows from that.
import { formatPeerAddress, parsePeerAddress } from './transport/address.ts';
import { hostOf, isSiteAddress, parseAddressRange } from './transport/address-range.ts';
import { LINK_PATHS, type LinkPath } from './transport/transport.ts';

export const LINK_CLASSES = ['lan', 'wan', 'satellite'] as const;
export type LinkClass = (typeof LINK_CLASSES)[number];

/** What is known of a link, or of one that is about to be dialled. */
interface LinkFacts {
  readonly path: LinkPath;
  /** As it is dialled, and as the other end is seen: `host:port`, `dht:…`. Empty ones count for nothing. */
  readonly addresses: readonly string[];
}

/** Puts links that match into a class. */
export interface LinkClassRule {
  readonly linkClass: LinkClass;
  /** In its one spelling, such as `satellite=10.9.0.0/16`. */
  readonly text: string;
  matches(facts: LinkFacts): boolean;
}

const DHT_ADDRESS = /^dht:[0-9a-f]{64}$/;
/** A star, then labels of a DNS name. */
const NAME_PATTERN = /^\*(\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)+$/;
const MAX_NAME_LENGTH = 253;

/** A rule, or why the text is none: words that follow the quoted text. */
export function parseLinkClassRule(text: string): LinkClassRule | string {
  const equals = text.indexOf('=');
  const linkClass = toLinkClass(text.slice(0, Math.max(0, equals)));
  if (linkClass === undefined) {
    return 'does not begin with a class; write lan=, wan= or satellite= and a pattern';
  }
  const pattern = text.slice(equals + 1).toLowerCase();
  const matcher = matcherOf(pattern);
  if (matcher === undefined) {
    return 'has no pattern behind its class; write a range such as 10.9.0.0/16 or fd00::/8, an address as it is dialled such as hub.example:7677, a name such as *.example.net, or one of lan, dht and relay';
  }
  const { spelled, matches } = matcher;
  return { linkClass, text: `${linkClass}=${spelled}`, matches };
}

export function toLinkClass(text: string): LinkClass | undefined {
  return LINK_CLASSES.find((linkClass) => linkClass === text);
}

/** The class of the first rule that matches; else `lan` where a LAN link stays within the site, and `wan`. */
export function classOfLink(rules: readonly LinkClassRule[], facts: LinkFacts): LinkClass {
  const rule = rules.find(({ matches }) => matches(facts));
  if (rule !== undefined) return rule.linkClass;
  const isNear = facts.path === 'lan' && hostsOf(facts).some(isSiteAddress);
  return isNear ? 'lan' : 'wan';
}

interface Matcher {
  readonly spelled: string;
  matches(facts: LinkFacts): boolean;
}

function matcherOf(pattern: string): Matcher | undefined {
  const path = LINK_PATHS.find((candidate) => candidate === pattern);
  if (path !== undefined) return { spelled: path, matches: (facts) => facts.path === path };
  const range = parseAddressRange(pattern);
  if (range !== undefined) {
    const matches = (facts: LinkFacts) => hostsOf(facts).some((host) => range.contains(host));
    return { spelled: pattern, matches };
  }
  if (NAME_PATTERN.test(pattern) && pattern.length <= MAX_NAME_LENGTH) {
    const suffix = pattern.slice(1);
    const matches = (facts: LinkFacts) => hostsOf(facts).some((host) => host.endsWith(suffix));
    return { spelled: pattern, matches };
  }
  const dialled = parsePeerAddress(pattern);
  const address = dialled === undefined ? pattern : formatPeerAddress(dialled);
  if (dialled === undefined && !DHT_ADDRESS.test(pattern)) return undefined;
  return { spelled: address, matches: ({ addresses }) => addresses.includes(address) };
}

function hostsOf({ addresses }: LinkFacts): string[] {
  return addresses.flatMap((address) => hostOf(address) ?? []);
}
