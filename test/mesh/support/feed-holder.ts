// A node reduced to its feeds: real commits, signed and checked, in arrays instead of a store.
import { FeedTable } from '../../../src/core/feeds/feed.ts';
import type { ForkBranch } from '../../../src/core/feeds/fork-proof.ts';
import {
  type Commit,
  type DeliveryOutcome,
  decodeForkProof,
  type EncodedFork,
  encodeForkProof,
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  hlcOf,
  type Lane,
  type Run,
  utf8,
} from '../../../src/core/index.ts';
import type { Membership } from '../../../src/mesh/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { feedOf, membershipOf } from './names.ts';

/** What a store that takes everything, or refuses it for a reason, answers. */
export function outcomeOf(refused: string | undefined): DeliveryOutcome {
  return refused === undefined ? { type: 'stored' } : { type: 'refused', reason: refused };
}

/** What became of a run: how far its feed grew, and what else. */
export interface Stored {
  readonly refused: string | undefined;
  readonly outcome: DeliveryOutcome;
  readonly grown: FeedPosition[];
  readonly proved: EncodedFork[];
}

export class FeedHolder {
  readonly name: string;
  readonly membership: Membership;
  /** Commits in one run; a real store counts bytes. */
  readonly commitsPerRun: number;
  readonly #table: FeedTable;
  readonly #commits = new Map<FeedKey, Commit[]>();
  readonly #pruned = new Map<FeedKey, number>();
  #writes = 0;

  constructor(
    name: string,
    { commitsPerRun = 4, fleetSecret = undefined as Uint8Array | undefined } = {},
  ) {
    this.name = name;
    this.commitsPerRun = commitsPerRun;
    this.membership = membershipOf(name, fleetSecret);
    this.#table = new FeedTable({
      fleetId: new Uint8Array(32).fill(9),
      crypto: sodiumCrypto,
      signer: this.membership.signer,
      own: (lane) => feedOf(name, lane),
      heads: [],
    });
  }

  /** Appends commits to the own feed of a lane. */
  write(lane: Lane, times = 1): FeedPosition {
    let seq = 0;
    for (let i = 0; i < times; i++) {
      const payload = utf8(`${lane} ${++this.#writes} of ${this.name}`);
      const commit = this.#table.append(lane, hlcOf(this.#writes), payload);
      this.#keep(commit);
      seq = commit.seq;
    }
    return { feed: feedOf(this.name, lane), seq };
  }

  positions(): FeedPosition[] {
    return this.#table.positions();
  }

  /** Up to which commit a feed is held; 0 when it is not. */
  holds(name: string, lane: Lane): number {
    return this.#commits.get(feedKey(feedOf(name, lane)))?.length ?? 0;
  }

  /** Commits up to this one are gone; a reader is sent on to what follows. */
  prune(feed: FeedId, through: number): void {
    this.#pruned.set(feedKey(feed), through);
  }

  /** Proofs that feeds forked. */
  forks(): EncodedFork[] {
    return this.#table.forks.map((proof) => ({ feed: proof.feed, proof: encodeForkProof(proof) }));
  }

  /** Keeps what is new in proofs of a peer. */
  verify(proofs: readonly Uint8Array[]): { outcome: DeliveryOutcome; proved: EncodedFork[] } {
    const known = this.forks().length;
    for (const bytes of proofs) {
      const proof = decodeForkProof(bytes);
      const doubt = this.#table.doubt(proof);
      if (doubt !== undefined) return { outcome: outcomeOf(doubt), proved: [] };
      this.#table.void(proof);
    }
    return { outcome: { type: 'stored' }, proved: this.forks().slice(known) };
  }

  read({ feed, seq }: FeedPosition, withPrevious = false): Run | undefined {
    const held = this.#commits.get(feedKey(feed)) ?? [];
    const through = this.#pruned.get(feedKey(feed)) ?? 0;
    if (seq <= through) {
      const previous = held[through - 1]?.hash;
      const rest = this.read({ feed, seq: through + 1 });
      return rest && previous && { ...rest, previous };
    }
    const commits = held.slice(seq - 1, seq - 1 + this.commitsPerRun);
    // As a store does: a run ends in a signature.
    while (commits.length > 0 && commits.at(-1)?.signature === undefined) commits.pop();
    const previous = withPrevious && seq > 1 ? held[seq - 2]?.hash : undefined;
    if (commits.length === 0) return undefined;
    return { feed, firstSeq: seq, commits, ...(previous === undefined ? {} : { previous }) };
  }

  /** Keeps what is new in a run. Returns why it was refused, or how far the feed got if it grew. */
  store(run: Run): Stored {
    const outcome = this.#table.accept(run);
    if (outcome.type === 'forked') return this.#forked(run.feed, outcome);
    if (outcome.type !== 'accepted') {
      const { reason } = outcome;
      if (outcome.type === 'refused' || outcome.audit !== true) {
        return { refused: reason, outcome: outcomeOf(reason), grown: [], proved: [] };
      }
      return {
        refused: reason,
        outcome: this.#held(run.feed, reason, true),
        grown: [],
        proved: [],
      };
    }
    for (const commit of outcome.commits) this.#keep(commit);
    const last = outcome.commits.at(-1);
    const grown = last ? [{ feed: run.feed, seq: last.seq }] : [];
    return { refused: undefined, outcome: { type: 'stored' }, grown, proved: [] };
  }

  #forked(feed: FeedId, { seq, branch }: { seq: number; branch: ForkBranch }): Stored {
    const held = this.#commits.get(feedKey(feed))?.[seq - 1];
    const proof = held && this.#table.prove(feed, seq, branch, held);
    if (proof === undefined) throw new Error('a fork that cannot be proved');
    const known = this.forks().length;
    this.#table.void(proof);
    const reason = 'its author wrote another commit';
    const proved = this.forks().slice(known);
    return { refused: reason, outcome: this.#held(feed, reason, false), grown: [], proved };
  }

  #held(feed: FeedId, reason: string, audit: boolean): DeliveryOutcome {
    const position = { feed, seq: this.#table.head(feed)?.seq ?? 0 };
    return { type: 'held', reason, position, retryAfterMs: 30_000, ...(audit ? { audit } : {}) };
  }

  #keep(commit: Commit): void {
    const key = feedKey(commit.feed);
    const held = this.#commits.get(key) ?? [];
    held.push(commit);
    this.#commits.set(key, held);
  }
}

/** Commits as their author signed them, once: with other words they are others, at the same places. */
export function written(author: string, lane: Lane, times: number, words: string): Run {
  const table = new FeedTable({
    fleetId: new Uint8Array(32).fill(9),
    crypto: sodiumCrypto,
    signer: membershipOf(author).signer,
    own: (own) => feedOf(author, own),
    heads: [],
  });
  const commits = Array.from({ length: times }, (_, i) =>
    table.append(lane, hlcOf(i + 1), utf8(`${words} ${i + 1}`)),
  );
  return { feed: feedOf(author, lane), firstSeq: 1, commits };
}
