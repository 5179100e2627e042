// Processes that share a key, because a data directory was copied: ours and another, which we met or were told of, and two of a peer.
import type { NodeId } from '../core/index.ts';
import { BootWatch } from './boot-watch.ts';
import type { LinkDriver } from './link-driver.ts';
import type { MeshParts } from './mesh-parts.ts';
import type { GoodbyeReason } from './protocol/index.ts';

/** Processes with our own key that are told apart, members that say there is one, and peers that run twice. */
const MAX_TOLD = 64;

const OTHER_KEPT = 'another link to this peer is kept';
const RUNS_TWICE = 'another process runs with the same key: its data directory was copied';

export class Twins {
  readonly #mesh: Pick<MeshParts, 'membership' | 'report'>;
  readonly #boots = new BootWatch();
  readonly #told = new Set<string>();
  /** Links of which the peer has not answered yet, each with the moment after which it speaks. */
  readonly #unanswered = new WeakMap<LinkDriver, number>();

  constructor(mesh: Pick<MeshParts, 'membership' | 'report'>) {
    this.#mesh = mesh;
  }

  /** A link begins: what the peer says to our hello, where we dialled, it says after this. */
  began(driver: LinkDriver): void {
    this.#unanswered.set(driver, this.#boots.mark());
  }

  /** The peer greeted. Who dialled us may have done that long ago, and hears our hello only now. */
  greeted(driver: LinkDriver): void {
    if (!driver.link.initiator) this.began(driver);
  }

  /** The peer spoke after the greeting. */
  heard(driver: LinkDriver, nodeId: NodeId): void {
    const after = this.#unanswered.get(driver);
    if (after === undefined || nodeId === '') return;
    this.#unanswered.delete(driver);
    if (!this.#boots.lived(nodeId, driver.bootId, after)) return;
    if (this.#isNews(`peer ${nodeId}`)) this.#mesh.report({ type: 'peer-duplicated', nodeId });
  }

  /** What to say to a link of a peer that gives way to another link of it. */
  farewell(old: LinkDriver, nodeId: NodeId, freshBootId: string): [GoodbyeReason, string] {
    const runsTwice = old.bootId !== freshBootId && this.#boots.isTwin(nodeId, old.bootId);
    return runsTwice ? ['twin', RUNS_TWICE] : ['duplicate', OTHER_KEPT];
  }

  /** Whoever has our key is we, or runs on a copy of our data directory. Returns what to say about it. */
  met({ bootId, link: { remoteAddress: address } }: LinkDriver): string {
    const { membership, report } = this.#mesh;
    if (bootId === membership.bootId) return 'that address is this sidecar itself';
    if (this.#isNews(`boot ${bootId}`)) report({ type: 'duplicate-identity', address, bootId });
    return 'that address runs with the key of this sidecar: its data directory was copied';
  }

  /** A member ended its link to us because it has one to another process with our key. */
  told(nodeId: NodeId, { link: { remoteAddress: address } }: LinkDriver): void {
    if (!this.#isNews(`said ${nodeId}`)) return;
    this.#mesh.report({ type: 'duplicate-identity', address, saidBy: nodeId });
  }

  #isNews(what: string): boolean {
    if (this.#told.has(what) || this.#told.size >= MAX_TOLD) return false;
    this.#told.add(what);
    return true;
  }
}
