// The feeds a node holds: its own, which it appends to, and copies of everybody else's, which it extends by verified runs.
import { type Commit, CommitSeal, NO_HASH, SIGNATURE_BYTES } from './commit.ts';
import { MAX_COMMIT_BYTES } from './config.ts';
import type { Hash, Signer, Verifier } from './environment.ts';
import { type FeedId, type FeedKey, type FeedPosition, feedKey, type Lane } from './ids.ts';
import type { Hlc } from './time.ts';

/** The end of a feed as it is held. */
export interface FeedHead {
  readonly feed: FeedId;
  readonly seq: number;
  /** Hash of the last commit. */
  readonly hash: Uint8Array;
}

/** Consecutive commits of one feed, as a peer sends them. */
export interface Run {
  readonly feed: FeedId;
  readonly firstSeq: number;
  /** Hash of the commit before the first. Only where the receiver cannot know it, because the run jumps to a checkpoint. */
  readonly previous?: Uint8Array;
  readonly commits: readonly {
    readonly clock: Hlc;
    readonly payload: Uint8Array;
    readonly signature: Uint8Array | undefined;
  }[];
}

/** What became of a run: the commits that are new, or why the peer that sent it misbehaved. */
export type RunOutcome =
  | { readonly ok: true; readonly commits: readonly Commit[] }
  | { readonly ok: false; readonly reason: string };

export class FeedTable {
  readonly #heads = new Map<FeedKey, FeedHead>();
  readonly #seal: CommitSeal;
  readonly #signer: Signer;
  readonly #own: (lane: Lane) => FeedId;
  #commits = 0;

  constructor(parts: {
    fleetId: Uint8Array;
    crypto: Hash & Verifier;
    signer: Signer;
    /** Feed of this process for a lane. */
    own: (lane: Lane) => FeedId;
    heads: Iterable<FeedHead>;
  }) {
    this.#seal = new CommitSeal(parts.fleetId, parts.crypto);
    this.#signer = parts.signer;
    this.#own = parts.own;
    for (const head of parts.heads) this.#advance(head);
  }

  get feeds(): number {
    return this.#heads.size;
  }

  /** Commits held of all feeds. */
  get commits(): number {
    return this.#commits;
  }

  /** How far every feed is held. */
  positions(): FeedPosition[] {
    return [...this.#heads.values()].map(({ feed, seq }) => ({ feed, seq }));
  }

  /** Appends a commit to this process's own feed of a lane. */
  append(lane: Lane, clock: Hlc, payload: Uint8Array): Commit {
    const feed = this.#own(lane);
    const head = this.#heads.get(feedKey(feed));
    const seq = (head?.seq ?? 0) + 1;
    const commit = this.#seal.create(
      feed,
      seq,
      head?.hash ?? NO_HASH,
      clock,
      payload,
      this.#signer,
    );
    this.#advance(commit);
    return commit;
  }

  /**
   * Extends a feed by what is new in a run. Nothing is accepted of a run that leaves a gap, does not end in a signature, or
   * carries one that its author did not make: then the sender is to blame, not the author.
   */
  accept(run: Run): RunOutcome {
    const head = this.#heads.get(feedKey(run.feed));
    const held = head?.seq ?? 0;
    if (run.firstSeq > held + 1) {
      return refuse(`run begins at ${run.firstSeq}, the feed is held up to ${held}`);
    }
    const fresh = run.commits.slice(held + 1 - run.firstSeq);
    const checked: Commit[] = [];
    let previous = head?.hash ?? NO_HASH;
    for (const [index, received] of fresh.entries()) {
      const fault = malformed(received);
      if (fault !== undefined) return refuse(fault);
      const { commit, valid } = this.#seal.check(run.feed, held + 1 + index, previous, received);
      if (!valid) return refuse(`signature of commit ${commit.seq} is not its author's`);
      previous = commit.hash;
      checked.push(commit);
    }
    const last = checked.at(-1);
    if (last === undefined) return { ok: true, commits: [] };
    if (last.signature === undefined) return refuse(`run ends at ${last.seq} without a signature`);
    this.#advance(last);
    return { ok: true, commits: checked };
  }

  #advance(head: FeedHead): void {
    const key = feedKey(head.feed);
    this.#commits += head.seq - (this.#heads.get(key)?.seq ?? 0);
    this.#heads.set(key, { feed: head.feed, seq: head.seq, hash: head.hash });
  }
}

function refuse(reason: string): RunOutcome {
  return { ok: false, reason };
}

function malformed(commit: Run['commits'][number]): string | undefined {
  if (commit.payload.length > MAX_COMMIT_BYTES) {
    return `commit of ${commit.payload.length} bytes, at most ${MAX_COMMIT_BYTES}`;
  }
  if (commit.signature !== undefined && commit.signature.length !== SIGNATURE_BYTES) {
    return `signature of ${commit.signature.length} bytes`;
  }
  return undefined;
}
