// The feeds a node holds: its own, which it appends to, and copies of everybody else's, which it extends by verified runs.
//
//   superseded │ counted                             │
//   1 ……… base-1 base …… checkpoint from … through … seq
//
// When a whole checkpoint is held, the base moves to its first commit, and earlier incarnations of the author move theirs behind
// what it covers. What lies before a base is refused on arrival exactly as it is dropped from the store.
import { EMPTY } from './bytes.ts';
import type { Checkpoint, Cover } from './checkpoint.ts';
import { type Commit, CommitSeal, checkpointOf, NO_HASH, SIGNATURE_BYTES } from './commit.ts';
import { MAX_COMMIT_BYTES, MAX_FEED_BYTES, MAX_FEED_COMMITS, MAX_INCARNATIONS } from './config.ts';
import type { Hash, Signer, Verifier } from './environment.ts';
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  isKnownLane,
  type Lane,
  type NodeId,
} from './ids.ts';
import { isIncarnationOf, startOfIncarnation } from './incarnation.ts';
import type { Hlc } from './time.ts';

/** What is remembered of a feed besides its commits. */
export interface FeedHead {
  readonly feed: FeedId;
  /** Held, or superseded, up to here. */
  readonly seq: number;
  /** Hash of the last commit; empty when it was superseded without being held. */
  readonly hash: Uint8Array;
  /** The first commit that counts. */
  readonly base: number;
  /** The first of the commits that are held without a gap up to `seq`: the base, or where a jump to a checkpoint began. */
  readonly from: number;
  /** Payload bytes from the base on, or from where a jump began. */
  readonly bytes: number;
  /** A checkpoint of which not all commits are held yet. */
  readonly pending: PendingCheckpoint | undefined;
  /** What the newest whole checkpoint covers. */
  readonly covers: readonly Cover[];
  readonly closedBeforeMs: number;
}

export interface PendingCheckpoint extends Checkpoint {
  readonly from: number;
  /** Payload bytes from its first commit on. */
  readonly bytes: number;
}

/** Commits that do not count any more. */
export interface Superseded {
  readonly feed: FeedId;
  readonly from: number;
  readonly through: number;
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

/** What became of a run: the commits that are new, or why nothing of it was taken and whose fault that is. */
export type RunOutcome =
  | { readonly type: 'accepted'; readonly commits: readonly Commit[] }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'held'; readonly reason: string; readonly overQuota: boolean };

/** What changed since it was last asked, for the store. */
export interface FeedNews {
  readonly heads: readonly FeedHead[];
  readonly superseded: readonly Superseded[];
  /** Feeds that are closed for good. */
  readonly closed: readonly FeedId[];
}

type Head = { -readonly [K in keyof FeedHead]: FeedHead[K] };

export class FeedTable {
  readonly #heads = new Map<FeedKey, Head>();
  readonly #byAuthor = new Map<string, Set<Head>>();
  readonly #seal: CommitSeal;
  readonly #hash: Hash;
  readonly #signer: Signer;
  readonly #own: (lane: Lane) => FeedId;
  readonly #changed = new Set<FeedKey>();
  #superseded: Superseded[] = [];
  readonly #closed = new Map<FeedKey, Head>();

  constructor(parts: {
    fleetId: Uint8Array;
    crypto: Hash & Verifier;
    signer: Signer;
    /** Feed of this process for a lane. */
    own: (lane: Lane) => FeedId;
    heads: Iterable<FeedHead>;
  }) {
    this.#seal = new CommitSeal(parts.fleetId, parts.crypto);
    this.#hash = parts.crypto;
    this.#signer = parts.signer;
    this.#own = parts.own;
    for (const head of parts.heads) this.#add({ ...head });
    // A head that was lost is known again by what newer incarnations cover.
    for (const head of [...this.#heads.values()]) this.#coverEarlier(head, head);
    // A crash came before these were forgotten.
    for (const { feed } of this.#heads.values()) if (this.#isClosed(feed)) this.#close(feed);
  }

  get feeds(): number {
    return this.#heads.size;
  }

  /** Commits that count, of all feeds. */
  get commits(): number {
    let sum = 0;
    for (const { seq, base } of this.#heads.values()) sum += seq - base + 1;
    return sum;
  }

  /** How far every feed is held. */
  positions(): FeedPosition[] {
    return [...this.#heads.values()].map(({ feed, seq }) => ({ feed, seq }));
  }

  head(feed: FeedId): FeedHead | undefined {
    return this.#heads.get(feedKey(feed));
  }

  /** Feeds of an author in a lane, all incarnations. */
  ofAuthor(author: NodeId, lane: Lane): FeedHead[] {
    return [...(this.#byAuthor.get(`${author}/${lane}`) ?? [])];
  }

  /** This process's own feed of a lane. */
  own(lane: Lane): FeedId {
    return this.#own(lane);
  }

  /** Appends a commit to this process's own feed of a lane. */
  append(lane: Lane, clock: Hlc, payload: Uint8Array): Commit {
    const head = this.#of(this.#own(lane));
    const { feed, seq, hash } = head;
    const commit = this.#seal.create(feed, seq + 1, hash, clock, payload, this.#signer);
    this.#advance(head, commit, checkpointOf(payload));
    return commit;
  }

  /** What changed since the last call. */
  takeNews(): FeedNews {
    const heads = [...this.#changed].map((key) => this.#heads.get(key));
    const closed = [...this.#closed.values()];
    const news = {
      heads: [...heads, ...closed].flatMap((head) => (head === undefined ? [] : { ...head })),
      superseded: this.#superseded,
      closed: closed.map(({ feed }) => feed),
    };
    this.#changed.clear();
    this.#superseded = [];
    this.#closed.clear();
    return news;
  }

  /**
   * Extends a feed by what is new in a run, all of it or nothing. What cannot follow what is held yet is `held`: a gap, or a
   * quota that the author's next checkpoint may free. `refused` is what no honest peer sends.
   */
  accept(run: Run): RunOutcome {
    const { feed } = run;
    const fault = this.#faultOf(run);
    if (fault !== undefined) return { type: 'refused', reason: fault };
    if (this.#isClosed(feed)) return { type: 'accepted', commits: [] };
    const known = this.#heads.get(feedKey(feed));
    const head = known ?? blankHead(feed);
    const checkpoint = checkpointOf((run.commits[0] as Run['commits'][number]).payload);
    const jumps = run.firstSeq > head.seq + 1;
    if (jumps && (checkpoint === undefined || run.previous === undefined)) {
      return held(`run begins at ${run.firstSeq}, the feed is held up to ${head.seq}`);
    }
    if (head.hash.length === 0 && run.previous === undefined && run.firstSeq > 1) {
      return held('run does not bring the hash before it, which is not known here');
    }
    if (known === undefined && this.ofAuthor(feed.author, feed.lane).length >= MAX_INCARNATIONS) {
      return held(
        `its author has ${MAX_INCARNATIONS} incarnations that no checkpoint closes`,
        true,
      );
    }
    const checked = this.#check(run, head, jumps);
    if (typeof checked === 'string') return { type: 'refused', reason: checked };
    return this.#take(head, checked, jumps ? run.previous : undefined);
  }

  /** Commits of a run that are new, verified, or what is wrong with them. */
  #check(run: Run, head: Head, jumps: boolean): Commit[] | string {
    // Where the last hash is not known, the run brings the chain from its own beginning.
    const chained = !jumps && head.hash.length > 0;
    const first = chained ? head.seq + 1 : run.firstSeq;
    let previous = chained ? head.hash : (run.previous ?? NO_HASH);
    const checked: Commit[] = [];
    for (const [index, received] of run.commits.slice(first - run.firstSeq).entries()) {
      const { commit, valid } = this.#seal.check(run.feed, first + index, previous, received);
      if (!valid) return `signature of commit ${commit.seq} is not its author's`;
      previous = commit.hash;
      checked.push(commit);
    }
    const last = checked.at(-1);
    if (last !== undefined && last.signature === undefined) {
      return `run ends at ${last.seq} without a signature`;
    }
    return jumps ? checked : checked.filter(({ seq }) => seq > head.seq);
  }

  #take(head: Head, commits: readonly Commit[], jumpFrom: Uint8Array | undefined): RunOutcome {
    // On a copy, so that a run that goes beyond the quota leaves nothing behind.
    const next: Head = { ...head };
    const first = commits[0];
    if (first === undefined) return { type: 'accepted', commits };
    const abandoned = jumpFrom === undefined ? undefined : jump(next, first.seq, jumpFrom);
    const completed: Checkpoint[] = [];
    for (const commit of commits) {
      const whole = extend(next, commit, checkpointOf(commit.payload));
      if (whole !== undefined) completed.push(whole);
      const over = beyondQuota(next);
      if (over !== undefined) return over;
    }
    this.#replace(next);
    if (abandoned !== undefined) this.#superseded.push(abandoned);
    for (const checkpoint of completed) this.#supersede(next, checkpoint);
    return { type: 'accepted', commits };
  }

  #advance(head: Head, commit: Commit, checkpoint: Checkpoint | undefined): void {
    const whole = extend(head, commit, checkpoint);
    this.#replace(head);
    if (whole !== undefined) this.#supersede(head, whole);
  }

  /** Carries out what a whole checkpoint says about its own feed and earlier incarnations of its author. */
  #supersede(head: Head, { covers, closedBeforeMs }: Checkpoint): void {
    this.#superseded.push({ feed: head.feed, from: 1, through: head.base - 1 });
    this.#coverEarlier(head, { covers, closedBeforeMs });
  }

  #coverEarlier(
    { feed: { author, lane, incarnation } }: Head,
    { covers, closedBeforeMs }: Omit<Checkpoint, 'commits'>,
  ): void {
    const start = startOfIncarnation(incarnation);
    for (const cover of covers) {
      if (startOfIncarnation(cover.incarnation) >= start) continue;
      this.#cover({ author, incarnation: cover.incarnation, lane }, cover.seq);
    }
    const limit = Math.min(closedBeforeMs, start);
    const listed = new Set(covers.map((cover) => cover.incarnation));
    for (const { feed } of this.ofAuthor(author, lane)) {
      const older = startOfIncarnation(feed.incarnation) < limit;
      if (older && !listed.has(feed.incarnation)) this.#close(feed);
    }
  }

  #cover(feed: FeedId, through: number): void {
    if (this.#isClosed(feed) || !this.#isCoverable(feed)) return;
    const head = this.#of(feed);
    if (head.base > through) return;
    const next: Head = { ...head, base: through + 1, bytes: 0 };
    if (head.seq < through) Object.assign(next, { seq: through, hash: EMPTY });
    next.from = Math.max(next.from, next.base);
    if (next.pending !== undefined && next.pending.from < next.base) next.pending = undefined;
    this.#replace(next);
    this.#superseded.push({ feed, from: 1, through });
  }

  /** What a checkpoint claims to cover is remembered within the same bounds as what is received. */
  #isCoverable(feed: FeedId): boolean {
    if (this.#heads.has(feedKey(feed))) return true;
    return (
      isIncarnationOf(feed.incarnation, feed.author, this.#hash) &&
      this.ofAuthor(feed.author, feed.lane).length < MAX_INCARNATIONS
    );
  }

  #close(feed: FeedId): void {
    const key = feedKey(feed);
    const head = this.#heads.get(key);
    if (head === undefined) return;
    this.#heads.delete(key);
    this.#byAuthor.get(`${feed.author}/${feed.lane}`)?.delete(head);
    this.#changed.delete(key);
    // Until it is forgotten the store knows it as superseded: what is dropped of it must not look like a gap.
    this.#closed.set(key, { ...head, base: head.seq + 1, from: head.seq + 1, pending: undefined });
  }

  /** True when a whole checkpoint of a later incarnation closed this one. */
  #isClosed(feed: FeedId): boolean {
    const start = startOfIncarnation(feed.incarnation);
    return this.ofAuthor(feed.author, feed.lane).some(
      (head) =>
        start < head.closedBeforeMs &&
        start < startOfIncarnation(head.feed.incarnation) &&
        !head.covers.some((cover) => cover.incarnation === feed.incarnation),
    );
  }

  #faultOf({ feed, firstSeq, previous, commits }: Run): string | undefined {
    if (commits.length === 0) return 'run is empty';
    if (firstSeq < 1) return `run begins at ${firstSeq}`;
    if (previous !== undefined && previous.length !== NO_HASH.length) {
      return `hash before the run has ${previous.length} bytes`;
    }
    if (!isIncarnationOf(feed.incarnation, feed.author, this.#hash)) {
      return 'incarnation is not one of its author';
    }
    for (const commit of commits) {
      if (commit.payload.length > MAX_COMMIT_BYTES) {
        return `commit of ${commit.payload.length} bytes, at most ${MAX_COMMIT_BYTES}`;
      }
      if (commit.signature !== undefined && commit.signature.length !== SIGNATURE_BYTES) {
        return `signature of ${commit.signature.length} bytes`;
      }
    }
    return undefined;
  }

  #of(feed: FeedId): Head {
    return this.#heads.get(feedKey(feed)) ?? blankHead(feed);
  }

  #replace(next: Head): void {
    const before = this.#heads.get(feedKey(next.feed));
    if (before === undefined) this.#add(next);
    else Object.assign(before, next);
    this.#changed.add(feedKey(next.feed));
  }

  #add(head: Head): void {
    this.#heads.set(feedKey(head.feed), head);
    const group = `${head.feed.author}/${head.feed.lane}`;
    const heads = this.#byAuthor.get(group) ?? new Set();
    this.#byAuthor.set(group, heads.add(head));
  }
}

/** A feed of which nothing is held. */
function blankHead(feed: FeedId): Head {
  return {
    feed,
    seq: 0,
    hash: NO_HASH,
    base: 1,
    from: 1,
    bytes: 0,
    pending: undefined,
    covers: [],
    closedBeforeMs: 0,
  };
}

/** Moves a head to its next commit. Returns the checkpoint that is whole with it. */
function extend(
  head: Head,
  commit: Commit,
  begun: Checkpoint | undefined,
): PendingCheckpoint | undefined {
  const checkpoint = isKnownLane(head.feed.lane) ? begun : undefined;
  if (checkpoint !== undefined) {
    head.pending = { ...checkpoint, from: commit.seq, bytes: 0 };
  }
  const { length } = commit.payload;
  head.bytes += length;
  if (head.pending !== undefined) {
    head.pending = { ...head.pending, bytes: head.pending.bytes + length };
  }
  head.seq = commit.seq;
  head.hash = commit.hash;
  const { pending } = head;
  if (pending === undefined || commit.seq < pending.from + pending.commits - 1) return undefined;
  const { from, bytes, covers, closedBeforeMs } = pending;
  Object.assign(head, { base: from, from, bytes, covers, closedBeforeMs });
  head.pending = undefined;
  return pending;
}

/** Moves a head to where a jump begins. Returns what an earlier jump left that never came to its end. */
function jump(head: Head, firstSeq: number, previous: Uint8Array): Superseded | undefined {
  const abandoned =
    head.from > head.base && head.seq >= head.from
      ? { feed: head.feed, from: head.from, through: head.seq }
      : undefined;
  Object.assign(head, { seq: firstSeq - 1, hash: previous, from: firstSeq, bytes: 0 });
  head.pending = undefined;
  return abandoned;
}

function beyondQuota({ seq, from, bytes }: Head): RunOutcome | undefined {
  if (seq - from < MAX_FEED_COMMITS && bytes <= MAX_FEED_BYTES) return undefined;
  const limits = `${MAX_FEED_COMMITS} commits or ${MAX_FEED_BYTES} bytes`;
  return held(`commit ${seq} goes beyond ${limits} since the checkpoint`, true);
}

function held(reason: string, overQuota = false): RunOutcome {
  return { type: 'held', reason, overQuota };
}
