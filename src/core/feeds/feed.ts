// The feeds a node holds: its own, which it appends to, and copies of everybody else's, which it extends by verified runs.
//
//   superseded │ counted                             │
//   1 ……… base-1 base …… checkpoint from … through … seq
//
// When a whole checkpoint is held, the base moves to its first commit, and earlier incarnations of the author move theirs behind
// what it covers. What lies before a base is refused on arrival exactly as it is dropped from the store.
import { MAX_INCARNATIONS } from '../config.ts';
import type { Cut } from '../trust/index.ts';
import { EMPTY, fromHex } from '../values/bytes.ts';
import type { Hash, Signer, Verifier } from '../values/environment.ts';
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  type Lane,
  type NodeId,
} from '../values/ids.ts';
import { isIncarnationOf, startOfIncarnation } from '../values/incarnation.ts';
import type { Hlc } from '../values/time.ts';
import type { Checkpoint } from './checkpoint.ts';
import { type Commit, CommitSeal, checkpointOf } from './commit.ts';
import { Dropped } from './dropped.ts';
import { cutHead, cutRun, isBaseHeld } from './feed-cut.ts';
import {
  beyondQuota,
  blankHead,
  extend,
  type FeedHead,
  type FeedNews,
  type Head,
  jump,
  positionOf,
  WHOLE_FEED,
} from './feed-head.ts';
import {
  branchOf,
  doubtForkProof,
  type ForkBranch,
  type ForkProof,
  type HeldCommit,
} from './fork-proof.ts';
import { ForkTable } from './fork-table.ts';
import { faultOf, held, isOtherHash, type Run, type RunOutcome } from './run.ts';
import { checkRun } from './run-check.ts';

export class FeedTable {
  readonly #heads = new Map<FeedKey, Head>();
  readonly #byAuthor = new Map<string, Set<Head>>();
  readonly #seal: CommitSeal;
  readonly #hash: Hash;
  readonly #signer: Signer;
  readonly #own: (lane: Lane) => FeedId;
  readonly #changed = new Set<FeedKey>();
  readonly #dropped = new Dropped();
  readonly #closed = new Map<FeedKey, Head>();
  readonly #forks: ForkTable;
  readonly #self: NodeId;
  readonly #cutOf: (feed: FeedId) => Cut | undefined;

  constructor(parts: {
    fleetId: Uint8Array;
    crypto: Hash & Verifier;
    signer: Signer;
    /** Feed of this process for a lane. */
    own: (lane: Lane) => FeedId;
    heads: Iterable<FeedHead>;
    forks?: Iterable<ForkProof>;
    /** Up to where a feed of somebody who was put out counts; undefined where all of it does. */
    cutOf?: ((feed: FeedId) => Cut | undefined) | undefined;
  }) {
    this.#seal = new CommitSeal(parts.fleetId, parts.crypto);
    this.#hash = parts.crypto;
    this.#signer = parts.signer;
    this.#own = parts.own;
    this.#self = parts.own('state').author;
    this.#forks = new ForkTable(parts.forks ?? []);
    const { cutOf } = parts;
    this.#cutOf = (feed) => (feed.author === this.#self ? undefined : cutOf?.(feed));
    for (const head of parts.heads) this.#add({ ...head });
    // A head that was lost is known again by what newer incarnations cover.
    for (const head of [...this.#heads.values()]) this.#coverEarlier(head, head);
    this.#closeVoid();
    // A crash came before these were forgotten.
    for (const { feed } of this.#heads.values()) if (this.#isClosed(feed)) this.#close(feed);
    // Also before what lies beyond a cut was dropped. Nobody was told anything yet.
    if (cutOf !== undefined) for (const author of this.authors()) this.cut(author);
    this.#dropped.lost = false;
  }

  get feeds(): number {
    return this.#heads.size;
  }

  /** Commits that count, of all feeds. */
  get commits(): number {
    return [...this.#heads.values()].reduce((sum, { seq, base }) => sum + seq - base + 1, 0);
  }

  /** How far every feed is held of which anything may still count. */
  positions(): FeedPosition[] {
    return [...this.#heads.values()]
      .filter(({ feed, seq }) => seq > 0 && seq !== WHOLE_FEED && !this.#forks.isVoid(feed))
      .map(positionOf);
  }

  /** Proofs that feeds forked. */
  get forks(): readonly ForkProof[] {
    return this.#forks.all();
  }

  /** True when a feed forked, or its author forked too often since. */
  isVoid(feed: FeedId): boolean {
    return this.#forks.isVoid(feed);
  }

  /** True when nothing of a feed counts any more, whatever comes: it is void, closed, or covered as a whole. */
  isOver(feed: FeedId): boolean {
    if (this.#forks.isVoid(feed) || this.#isClosed(feed)) return true;
    if (this.#cutOf(feed)?.seq === 0) return true;
    return this.#heads.get(feedKey(feed))?.seq === WHOLE_FEED;
  }

  /** True when nothing more of a feed is taken: it is over, or held up to where it was cut. */
  isEnded(feed: FeedId): boolean {
    return this.isOver(feed) || this.#of(feed).seq >= (this.#cutOf(feed)?.seq ?? Infinity);
  }

  /** Drops what lies beyond the cuts of somebody who was put out. */
  cut(author: NodeId): void {
    for (const head of [...this.#heads.values()]) {
      if (head.feed.author !== author) continue;
      const { feed, seq } = head;
      const cut = this.#cutOf(feed);
      const kept = cutHead(head, cut);
      if (kept === 'none') {
        this.#dropped.voided.push({ feed, from: 1, through: seq });
        this.#close(feed);
      } else if (kept !== 'all') {
        this.#replace(kept.head);
        this.#dropped.voided.push({ feed, ...kept.dropped });
        if (kept.head.seq === 0) this.#dropped.lost = true;
      }
      const end = this.#heads.get(feedKey(feed));
      if (end !== undefined && end.seq === cut?.seq)
        this.#dropped.ends.push({ feed, seq: cut.seq });
    }
    this.#uncover(author);
  }

  /** What a checkpoint replaced that does not count any more is held no more, and asked for. */
  #uncover(author: NodeId): void {
    for (const head of [...this.#heads.values()]) {
      const { feed } = head;
      if (feed.author !== author || this.#cutOf(feed) === undefined) continue;
      if (!isBaseHeld(head, this.ofAuthor(author, feed.lane))) this.#blank(head);
    }
  }

  #blank({ feed, seq }: Head): void {
    this.#dropped.voided.push({ feed, from: 1, through: seq });
    this.#replace(blankHead(feed));
    this.#dropped.lost = true;
  }

  /** The commit where a feed ends was read: when it is not the one that was meant, nothing that is held of the feed counts. */
  checkEnd(feed: FeedId, seq: number, commit: HeldCommit): void {
    const [head, cut] = [this.#heads.get(feedKey(feed)), this.#cutOf(feed)];
    if (head?.seq !== seq || cut?.seq !== seq) return;
    const { hash } = this.#seal.check(feed, seq, commit.previous, commit).commit;
    if (isOtherHash(hash, fromHex(cut.hash))) this.#blank(head);
  }

  /** Why a proof of somebody else proves nothing; undefined when it does. */
  doubt(proof: ForkProof): string | undefined {
    return doubtForkProof(proof, this.#seal, this.#hash);
  }

  /**
   * Voids a feed for which there is a proof without doubt. Of an earlier incarnation of our own, what is held stays until a
   * checkpoint repeats what is alive of it. False when nothing changes.
   */
  void(proof: ForkProof): boolean {
    if (!this.#forks.add(proof)) return false;
    this.#closeVoid();
    return true;
  }

  #closeVoid(): void {
    if (this.#forks.size === 0) return;
    for (const { feed } of [...this.#heads.values()]) {
      if (feed.author !== this.#self && this.#forks.isVoid(feed)) this.#close(feed);
    }
  }

  /** Of whom any feed is held. */
  authors(): NodeId[] {
    return [...new Set([...this.#heads.values()].map(({ feed }) => feed.author))];
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
      ...this.#dropped.take(),
      closed: closed.map(({ feed }) => feed),
      forks: this.#forks.takeNews(),
    };
    this.#changed.clear();
    this.#closed.clear();
    return news;
  }

  /**
   * Extends a feed by what is new in a run, all of it or nothing. What cannot follow what is held yet is `held`: a gap, or a
   * quota that the author's next checkpoint may free. `refused` is what no honest peer sends.
   */
  accept(run: Run): RunOutcome {
    const { feed } = run;
    const fault = faultOf(run, this.#hash);
    if (fault !== undefined) return { type: 'refused', reason: fault };
    if (this.isEnded(feed)) return { type: 'accepted', commits: [] };
    const cut = this.#cutOf(feed);
    const counted = cut === undefined ? run : cutRun(run, cut);
    if (counted.commits.length === 0) return { type: 'accepted', commits: [] };
    return this.#extend(counted, cut);
  }

  #extend(run: Run, cut: Cut | undefined): RunOutcome {
    const { feed } = run;
    const known = this.#heads.get(feedKey(feed));
    const head = known ?? blankHead(feed);
    const checkpoint = checkpointOf((run.commits[0] as Run['commits'][number]).payload);
    const isOther = run.firstSeq === head.seq + 1 && isOtherHash(run.previous, head.hash);
    // Where the other side of a fork is held no more, its checkpoint takes the place of what is held here.
    const jumps = run.firstSeq > head.seq + 1 || (isOther && checkpoint !== undefined);
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
    const checked = checkRun(run, head, { jumps, cut, seal: this.#seal, hash: this.#hash });
    if (!Array.isArray(checked)) return checked;
    return this.#take(head, checked, jumps ? run.previous : undefined);
  }

  /**
   * The proof that a feed forked, of the branch of a `forked` run and the commit that is held at its place; undefined when they
   * are none.
   */
  prove(feed: FeedId, seq: number, theirs: ForkBranch, held: HeldCommit): ForkProof | undefined {
    const ours = branchOf(held.previous, [held], this.#hash);
    if (ours === undefined) return undefined;
    const proof: ForkProof = { feed, seq, branches: [ours, theirs] };
    return this.doubt(proof) === undefined ? proof : undefined;
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
      if (over !== undefined) return held(over, true);
    }
    this.#replace(next);
    if (abandoned !== undefined) this.#dropped.superseded.push(abandoned);
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
    this.#dropped.superseded.push({ feed: head.feed, from: 1, through: head.base - 1 });
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
    if (this.#isClosed(feed) || !this.#isCoverable(feed) || this.#cutOf(feed)?.seq === 0) return;
    if (feed.author !== this.#self && this.#forks.isVoid(feed)) return;
    const head = this.#of(feed);
    if (head.base > through) return;
    const next: Head = { ...head, base: through + 1, bytes: 0 };
    if (head.seq < through) Object.assign(next, { seq: through, hash: EMPTY });
    next.from = Math.max(next.from, next.base);
    if (next.pending !== undefined && next.pending.from < next.base) next.pending = undefined;
    this.#replace(next);
    this.#dropped.superseded.push({ feed, from: 1, through });
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
