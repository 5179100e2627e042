// The other members, and addresses at which nobody was met yet: one row each, put together from what a sidecar says of links,
// of how far its view reaches, of certificates and of agents.
import type {
  MemberReach,
  Peer,
  PeerState,
  Platform,
  SidecarStatus,
  TrustMember,
} from '../agent-client/index.ts';

export interface MeshView {
  readonly status: SidecarStatus;
  readonly peers: readonly Peer[];
  readonly platforms: readonly Platform[];
  /** How far what is known of each other member reaches. */
  readonly reach: readonly MemberReach[];
  /** None in an open fleet. */
  readonly members: readonly TrustMember[];
}

export interface MemberRow {
  /** Empty for an address at which nobody was met yet. */
  readonly nodeId: string;
  readonly name: string;
  readonly address: string;
  readonly roles: readonly string[];
  readonly link: PeerState | 'none';
  /** How what it writes comes here now. */
  readonly path: 'direct' | 'relayed' | 'bundle' | 'none';
  /** For `direct`: what the link runs over. For `relayed`: who hands it on, name or node id. */
  readonly over: string;
  readonly roundTripMs: number | undefined;
  /** Commits of it that others hold and this sidecar does not; undefined where that is not known. */
  readonly behind: number | undefined;
  /** When it wrote the newest that is held here. */
  readonly heardAt: Date | undefined;
  /** When anything came over a link to it. */
  readonly lastSeen: Date | undefined;
  readonly peer: Peer | undefined;
}

/** Linked ones first, then those of whom most is missing, then by name; addresses without a member last. */
export function memberRows(view: MeshView): MemberRow[] {
  const reachByNode = new Map(view.reach.map((one) => [one.nodeId, one]));
  const peerByNode = new Map(view.peers.map((one) => [one.nodeId, one]));
  const trusted = view.members.filter(({ self, state }) => !self && state !== 'ejected');
  const trustByNode = new Map(trusted.map((one) => [one.nodeId, one]));
  const nodes = new Set([...peerByNode.keys(), ...reachByNode.keys(), ...trustByNode.keys()]);
  nodes.delete('');
  nodes.delete(view.status.nodeId);
  const paths = new Paths(view);
  const rows = [...nodes].map((nodeId) => {
    const [peer, reach, trust] = [
      peerByNode.get(nodeId),
      reachByNode.get(nodeId),
      trustByNode.get(nodeId),
    ];
    return {
      ...linkOf(peer),
      ...paths.of(nodeId, peer),
      nodeId,
      name: peer?.name || reach?.name || trust?.name || '',
      roles: trust?.roles ?? (reach?.hub === true ? ['hub'] : []),
      behind: reach?.missingCommits,
      heardAt: reach?.heardAt,
      lastSeen: peer?.lastSeen ?? trust?.lastContact,
    };
  });
  const addresses = view.peers
    .filter(({ nodeId }) => nodeId === '')
    .map((peer) => ({
      ...linkOf(peer),
      ...paths.of('', peer),
      ...NOBODY,
      name: peer.name,
      lastSeen: peer.lastSeen,
    }));
  return [...rows, ...addresses].sort(compare);
}

const NOBODY = {
  nodeId: '',
  roles: [],
  behind: undefined,
  heardAt: undefined,
} as const;

function linkOf(peer: Peer | undefined) {
  return {
    peer,
    address: peer?.address ?? '',
    link: peer?.state ?? ('none' as const),
    roundTripMs: peer?.roundTripMs,
  };
}

/** Ways by which commits come. What came by way of somebody who is not linked any more does not come so now. */
class Paths {
  readonly #lastByOrigin = new Map<string, Platform['freshness']>();
  readonly #couriers: ReadonlySet<string>;
  readonly #nameByLinked: ReadonlyMap<string, string>;

  constructor({ platforms, status, peers }: MeshView) {
    for (const { freshness } of platforms) {
      const before = this.#lastByOrigin.get(freshness.origin);
      if (before === undefined || freshness.ageMs < before.ageMs) {
        this.#lastByOrigin.set(freshness.origin, freshness);
      }
    }
    this.#couriers = new Set(status.bundles.map(({ nodeId }) => nodeId));
    const linked = peers.filter(({ state }) => state === 'connected');
    this.#nameByLinked = new Map(linked.map(({ nodeId, name }) => [nodeId, name]));
  }

  of(nodeId: string, peer: Peer | undefined): Pick<MemberRow, 'path' | 'over'> {
    if (peer?.state === 'connected') return { path: 'direct', over: peer.path ?? '' };
    const last = this.#lastByOrigin.get(nodeId);
    const relay = last?.path === 'relayed' ? this.#nameByLinked.get(last.relayedBy) : undefined;
    if (last !== undefined && relay !== undefined) {
      return { path: 'relayed', over: relay || last.relayedBy };
    }
    const isCarried = last?.path === 'bundle' || this.#couriers.has(nodeId);
    return { path: isCarried ? 'bundle' : 'none', over: '' };
  }
}

function compare(a: MemberRow, b: MemberRow): number {
  return (
    Number(b.link === 'connected') - Number(a.link === 'connected') ||
    Number(a.nodeId === '') - Number(b.nodeId === '') ||
    (b.behind ?? 0) - (a.behind ?? 0) ||
    (a.name < b.name ? -1 : Number(a.name > b.name)) ||
    (a.address < b.address ? -1 : Number(a.address > b.address))
  );
}
