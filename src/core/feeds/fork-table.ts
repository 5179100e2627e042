// The fork proofs a node holds, and which feeds they void. What is kept follows from the set of all proofs that were ever seen, not
// from their order, so nodes that heard the same end with the same.
import { MAX_FORK_PROOFS, MAX_FORK_PROOFS_OF_AUTHOR } from '../config.ts';
import { type FeedId, type FeedKey, feedKey, type NodeId } from '../values/ids.ts';
import { startOfIncarnation } from '../values/incarnation.ts';
import type { ForkProof } from './fork-proof.ts';

/** A proof that is kept from now on, or one that gave way to newer ones of its author. */
export interface ForkNews {
  readonly kept: readonly ForkProof[];
  readonly dropped: readonly FeedId[];
}

export class ForkTable {
  readonly #proofs = new Map<FeedKey, ForkProof>();
  /** Of each author, the newest incarnation first. */
  readonly #byAuthor = new Map<NodeId, ForkProof[]>();
  #kept: ForkProof[] = [];
  #dropped: FeedId[] = [];

  constructor(proofs: Iterable<ForkProof>) {
    for (const proof of proofs) this.add(proof);
    this.takeNews();
  }

  get size(): number {
    return this.#proofs.size;
  }

  all(): ForkProof[] {
    return [...this.#proofs.values()];
  }

  of(feed: FeedId): ForkProof | undefined {
    return this.#proofs.get(feedKey(feed));
  }

  /** True when nothing of the feed counts: it forked, or its author forked too often since. */
  isVoid(feed: FeedId): boolean {
    if (this.#proofs.size === 0) return false;
    if (this.#proofs.has(feedKey(feed))) return true;
    const proofs = this.#byAuthor.get(feed.author);
    if (proofs === undefined || proofs.length < MAX_FORK_PROOFS_OF_AUTHOR) return false;
    const oldest = proofs[proofs.length - 1] as ForkProof;
    return startOfIncarnation(feed.incarnation) < startOfIncarnation(oldest.feed.incarnation);
  }

  /** Keeps a verified proof. False when it says nothing new, or there is no room for another author's. */
  add(proof: ForkProof): boolean {
    const { feed } = proof;
    if (this.isVoid(feed)) return false;
    const known = this.#byAuthor.get(feed.author);
    if (known === undefined && this.#proofs.size >= MAX_FORK_PROOFS) return false;
    const proofs = known ?? [];
    this.#byAuthor.set(feed.author, proofs);
    const name = sortName(feed);
    const at = proofs.findIndex((other) => sortName(other.feed) < name);
    proofs.splice(at < 0 ? proofs.length : at, 0, proof);
    this.#proofs.set(feedKey(feed), proof);
    this.#kept.push(proof);
    if (proofs.length > MAX_FORK_PROOFS_OF_AUTHOR) this.#drop(proofs.pop() as ForkProof);
    return this.#proofs.has(feedKey(feed));
  }

  #drop({ feed }: ForkProof): void {
    this.#proofs.delete(feedKey(feed));
    this.#dropped.push(feed);
  }

  /** What changed since the last call. */
  takeNews(): ForkNews {
    const news = { kept: this.#kept, dropped: this.#dropped };
    this.#kept = [];
    this.#dropped = [];
    return news;
  }
}

/** By incarnation, whose beginning is its start, then by lane. */
function sortName({ incarnation, lane }: FeedId): string {
  return `${incarnation}/${lane}`;
}
