// What is sent to one peer, as a cursor a feed and not a queue of commits: a slow link holds no backlog, it is merely behind.
// Own feeds are sent unasked, all others where the peer wants them; of the rest it hears how far they are held.
import {
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  type NodeId,
} from '../../core/index.ts';
import { MAX_FRAME_ENTRIES } from './frame-values.ts';
import { type LaneClass, LaneSchedule, laneClass } from './lane-schedule.ts';
import type { Have } from './message.ts';

interface Row {
  readonly feed: FeedId;
  /** How far we hold the feed. */
  ours: number;
  /** How far the peer holds it, as it said or sent us. */
  theirs: number;
  /** How far the peer knows that we hold it. */
  told: number;
  /** The next commit to send, when it is sent. */
  next: number;
  /** Whether the peer is sent what it lacks. */
  isSent: boolean;
  /** Whether it was asked for and nothing was sent since: then the hash before the next commit is sent with it. */
  isAsked: boolean;
}

export class Outbox {
  readonly #self: NodeId;
  readonly #rows = new Map<FeedKey, Row>();
  readonly #behindByLane = new Map<LaneClass, Map<FeedKey, Row>>();
  readonly #untold = new Map<FeedKey, Row>();
  /** Sent since the peer last answered everything. */
  readonly #unanswered = new Set<Row>();
  readonly #schedule = new LaneSchedule();
  #isMute = false;

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** While mute there is nothing to send and nothing to tell. What the peer does and asks for is kept for afterwards. */
  mute(on: boolean): void {
    this.#isMute = on;
  }

  /**
   * What the peer knows that we hold and was not sent, as positions up to which it may count on us: none unless mute. It counts
   * as told no more, so the peer hears of it when that ends.
   */
  takeBack(): Have[] {
    if (!this.#isMute) return [];
    const haves: Have[] = [];
    for (const row of this.#rows.values()) {
      const seq = row.isSent ? row.next - 1 : row.theirs;
      if (row.told <= seq) continue;
      row.told = seq;
      haves.push({ feed: row.feed, seq, kind: 'lost' });
      this.#sort(row);
    }
    return haves;
  }

  /** Whether the peer should hear how far we hold feeds. */
  get hasUntold(): boolean {
    return !this.#isMute && this.#untold.size > 0;
  }

  get hasNews(): boolean {
    return !this.#isMute && [...this.#behindByLane.values()].some((behind) => behind.size > 0);
  }

  /** Both sides compared this position: no need to tell it. */
  compared({ feed, seq }: FeedPosition): void {
    const row = this.#of(feed);
    row.told = Math.max(row.told, seq);
  }

  weHold({ feed, seq }: FeedPosition): void {
    const row = this.#of(feed);
    row.ours = Math.max(row.ours, seq);
    this.#sort(row);
  }

  /** The peer holds that much, whoever it has it from. */
  peerHolds({ feed, seq }: FeedPosition): void {
    const row = this.#of(feed);
    row.theirs = Math.max(row.theirs, seq);
    row.next = Math.max(row.next, seq + 1);
    this.#sort(row);
  }

  /** The peer holds no more than that, whatever it was sent, and wants no more until it asks. */
  peerReset({ feed, seq }: FeedPosition): void {
    const row = this.#of(feed);
    row.theirs = seq;
    row.next = seq + 1;
    row.isSent = false;
    // It knows that we have more, or we would not have sent it.
    this.#sort(row);
  }

  /** The peer announced more than it can send. */
  peerLost({ feed, seq }: FeedPosition): void {
    const row = this.#of(feed);
    row.theirs = Math.min(row.theirs, seq);
  }

  /** The peer asks for a feed from a place on. Of a feed that nobody here has heard of there is nothing to send. */
  want({ feed, seq }: FeedPosition): void {
    const row = this.#rows.get(feedKey(feed));
    if (row === undefined || row.ours === 0) return;
    row.isSent = true;
    row.isAsked = true;
    row.theirs = Math.min(row.theirs, seq - 1);
    row.next = Math.max(1, seq);
    this.#sort(row);
  }

  stop(feed: FeedId): void {
    const row = this.#rows.get(feedKey(feed));
    if (row === undefined) return;
    row.isSent = false;
    this.#sort(row);
  }

  /** The feed is not held here any more. */
  forget(feed: FeedId): void {
    const row = this.#rows.get(feedKey(feed));
    if (row === undefined) return;
    this.#unsort(row);
    this.#unanswered.delete(row);
    this.#rows.delete(feedKey(feed));
  }

  /** The next feed to send from and where; undefined when there is nothing to send. It goes to the end of its lane. */
  next(): { feed: FeedId; firstSeq: number; isAsked: boolean } | undefined {
    if (this.#isMute) return undefined;
    const lane = this.#schedule.next((which) => (this.#behindByLane.get(which)?.size ?? 0) > 0);
    const behind = lane && this.#behindByLane.get(lane);
    const first = behind?.entries().next().value;
    if (behind === undefined || first === undefined) return undefined;
    const [key, row] = first;
    behind.delete(key);
    behind.set(key, row);
    return { feed: row.feed, firstSeq: row.next, isAsked: row.isAsked };
  }

  /** A run of this feed was sent. */
  sent({ feed, seq }: FeedPosition): void {
    const row = this.#of(feed);
    row.next = Math.max(row.next, seq + 1);
    row.isAsked = false;
    // Who gets a run knows that we have it.
    row.told = Math.max(row.told, seq);
    this.#unanswered.add(row);
    this.#sort(row);
  }

  /** The peer answered all that was sent: it holds it, unless it says otherwise. */
  answered(): void {
    for (const row of this.#unanswered) row.theirs = Math.max(row.theirs, row.next - 1);
    this.#unanswered.clear();
  }

  /** How far the peer is known to hold feeds. */
  holdings(): FeedPosition[] {
    return [...this.#rows.values()].flatMap(({ feed, theirs: seq }) =>
      seq > 0 ? { feed, seq } : [],
    );
  }

  /** Whether a read that was asked for is still of use. */
  expects({ feed, seq }: FeedPosition): boolean {
    const row = this.#rows.get(feedKey(feed));
    return !this.#isMute && row?.isSent === true && row.next === seq;
  }

  /** Nothing can be read of a feed: it is not offered again until there is news of it. Returns what to take back, if anything. */
  giveUp(feed: FeedId): Have | undefined {
    const row = this.#of(feed);
    this.#behindByLane.get(laneClass(feed.lane))?.delete(feedKey(feed));
    if (row.told < row.next) return undefined;
    row.told = row.next - 1;
    return { feed, seq: row.told, kind: 'lost' };
  }

  /** How far feeds are held that the peer does not know of, at most a frame full. It counts as told. */
  takeUntold(): Have[] {
    const haves: Have[] = [];
    for (const [key, row] of this.#untold) {
      if (haves.length === MAX_FRAME_ENTRIES) break;
      this.#untold.delete(key);
      row.told = row.ours;
      haves.push({ feed: row.feed, seq: row.ours, kind: 'held' });
    }
    return haves;
  }

  #of(feed: FeedId): Row {
    const key = feedKey(feed);
    let row = this.#rows.get(key);
    if (row === undefined) {
      const isSent = feed.author === this.#self;
      row = { feed, ours: 0, theirs: 0, told: 0, next: 1, isSent, isAsked: false };
      this.#rows.set(key, row);
    }
    return row;
  }

  #sort(row: Row): void {
    const key = feedKey(row.feed);
    const lane = laneClass(row.feed.lane);
    if (row.isSent && row.next <= row.ours) {
      const behind = this.#behindByLane.get(lane) ?? new Map<FeedKey, Row>();
      this.#behindByLane.set(lane, behind);
      if (!behind.has(key)) behind.set(key, row);
    } else {
      this.#behindByLane.get(lane)?.delete(key);
    }
    if (!row.isSent && Math.max(row.told, row.theirs) < row.ours) this.#untold.set(key, row);
    else this.#untold.delete(key);
  }

  #unsort(row: Row): void {
    const key = feedKey(row.feed);
    this.#behindByLane.get(laneClass(row.feed.lane))?.delete(key);
    this.#untold.delete(key);
  }
}
