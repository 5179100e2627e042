// Notices that two processes run with the key of one peer: a process that was followed by another of the same key comes back.
//
//   A links ─ B links: A has ended, or a copy was started ─ A links again: both run
import type { NodeId } from '../core/index.ts';

/** Peers that are remembered, and processes of each; the ones that were heard longest ago give way. */
const MAX_PEERS = 1024;
const MAX_BOOTS = 8;

export class BootWatch {
  /** Boot ids of each peer, the newest last. */
  readonly #boots = new Map<NodeId, readonly string[]>();
  readonly #duplicates = new Set<NodeId>();

  /** Peers that run twice, as far as was seen since the start. */
  get duplicates(): readonly NodeId[] {
    return [...this.#duplicates];
  }

  /** A process of a peer linked. */
  linked(nodeId: NodeId, bootId: string): void {
    const known = this.#boots.get(nodeId) ?? [];
    const returns = known.includes(bootId) && known.at(-1) !== bootId;
    if (returns && this.#duplicates.size < MAX_PEERS) this.#duplicates.add(nodeId);
    const others = known.filter((one) => one !== bootId);
    this.#boots.delete(nodeId);
    this.#boots.set(nodeId, [...others, bootId].slice(-MAX_BOOTS));
    if (this.#boots.size <= MAX_PEERS) return;
    for (const oldest of this.#boots.keys()) {
      this.#boots.delete(oldest);
      return;
    }
  }
}
