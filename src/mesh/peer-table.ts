// The members that are linked, or were.
import type { NodeId } from '../core/index.ts';
import { Peer } from './peer.ts';

/** Peers that are away and that we have no address of. The oldest is forgotten first. */
const MAX_REMEMBERED_PEERS = 256;

export class PeerTable {
  readonly #peers = new Map<NodeId, Peer>();
  readonly #hasContacts: (nodeId: NodeId) => boolean;

  constructor(hasContacts: (nodeId: NodeId) => boolean) {
    this.#hasContacts = hasContacts;
  }

  /** In the order in which they were met first. */
  all(): Iterable<Peer> {
    return this.#peers.values();
  }

  get(nodeId: NodeId): Peer | undefined {
    return this.#peers.get(nodeId);
  }

  isLinked(nodeId: NodeId): boolean {
    return this.#peers.get(nodeId)?.link !== undefined;
  }

  /** Makes room for it where it is new. */
  meet(nodeId: NodeId): Peer {
    let peer = this.#peers.get(nodeId);
    if (peer !== undefined) return peer;
    const away = [...this.#peers.values()].filter((one) => this.#isOnlyRemembered(one));
    const oldest = away[0];
    if (away.length >= MAX_REMEMBERED_PEERS && oldest !== undefined) {
      this.#peers.delete(oldest.nodeId);
    }
    peer = new Peer(nodeId);
    this.#peers.set(nodeId, peer);
    return peer;
  }

  forget(nodeId: NodeId): void {
    this.#peers.delete(nodeId);
  }

  #isOnlyRemembered(peer: Peer): boolean {
    return peer.link === undefined && !this.#hasContacts(peer.nodeId);
  }
}
