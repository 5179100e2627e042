// A node reduced to its feeds: real commits, signed and checked, in arrays instead of a store.
import { FeedTable } from '../../../src/core/feed.ts';
import {
  type Commit,
  type DeliveryOutcome,
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

  read({ feed, seq }: FeedPosition): Run | undefined {
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
    return commits.length === 0 ? undefined : { feed, firstSeq: seq, commits };
  }

  /** Keeps what is new in a run. Returns why it was refused, or how far the feed got if it grew. */
  store(run: Run): { refused: string | undefined; grown: FeedPosition[] } {
    const outcome = this.#table.accept(run);
    if (outcome.type !== 'accepted') return { refused: outcome.reason, grown: [] };
    for (const commit of outcome.commits) this.#keep(commit);
    const last = outcome.commits.at(-1);
    return { refused: undefined, grown: last ? [{ feed: run.feed, seq: last.seq }] : [] };
  }

  #keep(commit: Commit): void {
    const key = feedKey(commit.feed);
    const held = this.#commits.get(key) ?? [];
    held.push(commit);
    this.#commits.set(key, held);
  }
}
