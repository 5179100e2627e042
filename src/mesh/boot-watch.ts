// Notices that two processes run with the key of one peer: one of them was alive before another was, and is so after it.
//
//   A lives ─ B lives: A has ended, or a copy was started ─ A lives again: both run
import type { NodeId } from '../core/index.ts';

/** Peers that are remembered, and processes of each; the ones that were heard longest ago give way. */
const MAX_PEERS = 1024;
const MAX_BOOTS = 8;

/** One process, and when it is known to have lived: somewhere between two moments, each a count of what was observed. */
interface Boot {
  readonly bootId: string;
  /** The end of the first such time. */
  readonly firstUntil: number;
  /** The last such time. */
  readonly after: number;
  readonly until: number;
  readonly isTwin: boolean;
}

export class BootWatch {
  /** The processes of each peer, the one that lived last at the end. */
  readonly #boots = new Map<NodeId, readonly Boot[]>();
  #moment = 0;

  /** A moment, later than all before. What a process does because of something that was done after it is proof of life. */
  mark(): number {
    return ++this.#moment;
  }

  /**
   * A process of a peer lived between `after` and now. True when that shows that it runs beside another one. What a dead process
   * had said may arrive late, but never is an answer to what was said after its end: so no restart looks like that.
   */
  lived(nodeId: NodeId, bootId: string, after: number): boolean {
    const until = this.mark();
    const known = this.#boots.get(nodeId) ?? [];
    const before = known.find((boot) => boot.bootId === bootId);
    const beside = known.filter(
      (other) =>
        before !== undefined &&
        other !== before &&
        before.firstUntil <= other.after &&
        other.until <= after,
    );
    const isTwin = beside.length > 0;
    const others = known
      .filter((boot) => boot !== before)
      .map((boot) => (beside.includes(boot) ? { ...boot, isTwin: true } : boot));
    const boot: Boot = {
      ...{ bootId, after, until },
      firstUntil: before?.firstUntil ?? until,
      isTwin: isTwin || before?.isTwin === true,
    };
    this.#boots.delete(nodeId);
    this.#boots.set(nodeId, [...others, boot].slice(-MAX_BOOTS));
    if (this.#boots.size > MAX_PEERS) this.#forgetOldest();
    return isTwin;
  }

  /** Whether a process was seen to run beside another one of the same key. */
  isTwin(nodeId: NodeId, bootId: string): boolean {
    return this.#boots.get(nodeId)?.some((boot) => boot.isTwin && boot.bootId === bootId) === true;
  }

  #forgetOldest(): void {
    for (const oldest of this.#boots.keys()) {
      this.#boots.delete(oldest);
      return;
    }
  }
}
