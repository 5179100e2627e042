// Two nodes find out in which feeds they differ, and pay for the differences and not for the feeds.
//
//   digest ⇄ digest ─ equal frontiers ► done
//                   ─ equal rosters ► vector ⇄ vector ► done
//                   ─ otherwise ► buckets ⇄ buckets ► positions in differing buckets ⇄ … ► done
import {
  ByteWriter,
  bytesEqual,
  concatBytes,
  type FeedId,
  type FeedKey,
  type FeedPosition,
  feedKey,
  fromHex,
  type Hash,
  laneNumber,
  toHex,
  utf8,
} from '../../core/index.ts';
import {
  HEAD_BYTES,
  MAX_FRAME_ENTRIES,
  MAX_FRAME_SEQS,
  VECTOR_HEAD_BYTES,
} from './frame-values.ts';
import type { FrontierDigest, FrontierMessage, FrontierVector } from './message.ts';

/** Positions a peer may announce. A fleet of a thousand members with several incarnations has fewer. */
export const MAX_POSITIONS = 1_000_000;
const ROSTER_DOMAIN = utf8('holdfast roster 1');
const FRONTIER_DOMAIN = utf8('holdfast frontier 1');
const DIGEST_BYTES = 16;
const BUCKET_HASH_BYTES = 8;
/** Feeds a bucket: few enough that one difference costs few positions, many enough that the hashes stay small. */
const FEEDS_PER_BUCKET = 8;
/** At most 4,096 buckets: 32 KiB of hashes. */
const MAX_BUCKET_BITS = 12;
const FEED_BYTES = 49;
const POSITION_BYTES = FEED_BYTES + 8 + HEAD_BYTES;
/** In place of a head that is not known, or does not count any more. */
const NO_HEAD = new Uint8Array(HEAD_BYTES);
const NO_HEADS = new Uint8Array(0);
const FORKS_DOMAIN = utf8('holdfast forks 1');

export type FrontierStep =
  | { readonly type: 'more'; readonly send: readonly FrontierMessage[] }
  /**
   * `theirs`: what the peer holds of every feed that either side mentioned or both agree on. `differing`: feeds that both hold
   * up to the same commit, and not the same commit; the positions are ours.
   */
  | {
      readonly type: 'done';
      readonly theirs: readonly FeedPosition[];
      readonly differing: readonly FeedPosition[];
    }
  | { readonly type: 'breach'; readonly what: string };

interface Row extends FeedPosition {
  readonly head: Uint8Array;
  readonly bytes: Uint8Array;
  /** The first 16 bits of the hash of the feed's name; its leading bits are the number of its bucket. */
  readonly place: number;
}

type Phase = 'digest' | 'vector' | 'buckets' | 'positions' | 'done';

export class FrontierExchange {
  readonly #hash: Hash;
  readonly #rows: readonly Row[];
  readonly #digest: FrontierDigest;
  readonly #theirs = new Map<FeedKey, FeedPosition>();
  readonly #rowByFeed = new Map<FeedKey, Row>();
  readonly #differing: FeedPosition[] = [];
  #phase: Phase = 'digest';
  #bucketBits = 0;
  #announced = 0;

  /** `positions` is the snapshot that is compared; what grows afterwards is none of the exchange's business. */
  constructor(
    hash: Hash,
    positions: readonly FeedPosition[],
    { forked = [], trust }: { forked?: readonly FeedId[]; trust?: Uint8Array | undefined } = {},
  ) {
    this.#hash = hash;
    this.#rows = positions
      .map((position) => ({ position, bytes: feedBytes(position.feed) }))
      .map(({ position, bytes }) => ({ position, bytes, sort: toHex(bytes) }))
      .sort((a, b) => (a.sort < b.sort ? -1 : 1))
      .map(({ position: { feed, seq, head = NO_HEAD }, bytes }) => {
        const [high = 0, low = 0] = hash.blake2b(bytes);
        return { feed, seq, head, bytes, place: high * 256 + low };
      });
    for (const row of this.#rows) this.#rowByFeed.set(feedKey(row.feed), row);
    this.#digest = {
      type: 'frontier-digest',
      frontier: this.#hashOf(FRONTIER_DOMAIN, this.#rows.map(positionBytes), DIGEST_BYTES),
      roster: this.#hashOf(
        ROSTER_DOMAIN,
        this.#rows.map(({ bytes }) => bytes),
        DIGEST_BYTES,
      ),
      feeds: this.#rows.length,
      ...(forked.length === 0 ? {} : { forks: this.#forksDigest(forked) }),
      ...(trust === undefined ? {} : { trust }),
    };
  }

  #forksDigest(forked: readonly FeedId[]): Uint8Array {
    const names = forked.map((feed) => toHex(feedBytes(feed))).sort();
    return this.#hashOf(FORKS_DOMAIN, names.map(fromHex), DIGEST_BYTES);
  }

  get isDone(): boolean {
    return this.#phase === 'done';
  }

  /** What is said first, by both sides. */
  get digest(): FrontierDigest {
    return this.#digest;
  }

  take(message: FrontierMessage): FrontierStep {
    if (this.#phase === 'done') return breach('a second frontier');
    switch (message.type) {
      case 'frontier-digest':
        return this.#phase === 'digest' ? this.#takeDigest(message) : breach('a second digest');
      case 'frontier-vector':
        if (this.#phase !== 'vector') return breach('a vector that nobody waits for');
        return this.#takeVector(message);
      case 'frontier-buckets':
        if (this.#phase !== 'buckets') return breach('buckets that nobody waits for');
        return this.#takeBuckets(message.hashes);
      case 'frontier':
        if (this.#phase !== 'positions') return breach('positions that nobody waits for');
        return this.#takePositions(message.positions, message.last);
    }
  }

  #takeDigest(theirs: FrontierDigest): FrontierStep {
    if (theirs.feeds > MAX_POSITIONS) return breach(`more than ${MAX_POSITIONS} feeds`);
    const ours = this.#digest;
    const sameCount = theirs.feeds === ours.feeds;
    if (sameCount && bytesEqual(theirs.frontier, ours.frontier)) {
      for (const row of this.#rows) this.#learn(row);
      return this.#finish();
    }
    if (sameCount && bytesEqual(theirs.roster, ours.roster)) {
      this.#phase = 'vector';
      return { type: 'more', send: this.#vector() };
    }
    this.#phase = 'buckets';
    this.#bucketBits = bucketBits(Math.max(theirs.feeds, ours.feeds));
    return { type: 'more', send: [{ type: 'frontier-buckets', hashes: this.#bucketHashes() }] };
  }

  #vector(): FrontierMessage[] {
    const hasHeads = this.#rows.some(({ head }) => head !== NO_HEAD);
    return inParts(this.#rows, MAX_FRAME_SEQS).map((rows, i, { length }) => ({
      type: 'frontier-vector',
      seqs: rows.map(({ seq }) => seq),
      ...(hasHeads ? { heads: headsOf(rows) } : {}),
      last: i === length - 1,
    }));
  }

  #takeVector({ seqs, heads = NO_HEADS, last }: FrontierVector): FrontierStep {
    for (const [i, seq] of seqs.entries()) {
      const row = this.#rows[this.#announced++];
      if (row === undefined) return breach('a vector longer than its roster');
      const at = i * VECTOR_HEAD_BYTES;
      this.#learn({ feed: row.feed, seq, head: heads.subarray(at, at + VECTOR_HEAD_BYTES) });
    }
    if (!last) return seqs.length === 0 ? breach('an empty part of a vector') : more();
    if (this.#announced < this.#rows.length) return breach('a vector shorter than its roster');
    return this.#finish();
  }

  #bucketHashes(): Uint8Array {
    const hashes = this.#buckets().map((rows) =>
      this.#hashOf(new Uint8Array(0), rows.map(positionBytes), BUCKET_HASH_BYTES),
    );
    return concatBytes(...hashes);
  }

  #buckets(): Row[][] {
    const buckets: Row[][] = Array.from({ length: 2 ** this.#bucketBits }, () => []);
    for (const row of this.#rows) buckets[row.place >>> (16 - this.#bucketBits)]?.push(row);
    return buckets;
  }

  #takeBuckets(theirs: Uint8Array): FrontierStep {
    const ours = this.#bucketHashes();
    if (theirs.length !== ours.length) {
      return breach(`${theirs.length} bytes of buckets instead of ${ours.length}`);
    }
    const differing: Row[] = [];
    for (const [bucket, rows] of this.#buckets().entries()) {
      const at = bucket * BUCKET_HASH_BYTES;
      const end = at + BUCKET_HASH_BYTES;
      if (bytesEqual(ours.subarray(at, end), theirs.subarray(at, end))) {
        for (const row of rows) this.#learn(row);
      } else {
        for (const row of rows) differing.push(row);
      }
    }
    this.#phase = 'positions';
    const send = inParts(differing, MAX_FRAME_ENTRIES).map(
      (rows, i, { length }): FrontierMessage => ({
        type: 'frontier',
        positions: rows.map(({ feed, seq, head }) =>
          head === NO_HEAD ? { feed, seq } : { feed, seq, head },
        ),
        last: i === length - 1,
      }),
    );
    return { type: 'more', send };
  }

  #takePositions(positions: readonly FeedPosition[], last: boolean): FrontierStep {
    this.#announced += positions.length;
    if (this.#announced > MAX_POSITIONS) return breach(`more than ${MAX_POSITIONS} feeds`);
    for (const position of positions) this.#learn(position);
    if (last) return this.#finish();
    return positions.length === 0 ? breach('an empty part of a frontier') : more();
  }

  #learn({ feed, seq, head = NO_HEAD }: FeedPosition): void {
    const key = feedKey(feed);
    this.#theirs.set(key, { feed, seq });
    const row = this.#rowByFeed.get(key);
    if (row?.seq === seq && areOther(row.head, head)) this.#differing.push({ feed, seq });
  }

  #finish(): FrontierStep {
    this.#phase = 'done';
    const differing = this.#differing;
    return { type: 'done', theirs: [...this.#theirs.values()], differing };
  }

  #hashOf(domain: Uint8Array, parts: readonly Uint8Array[], length: number): Uint8Array {
    const whole = new ByteWriter(domain.length + parts.length * POSITION_BYTES).raw(domain);
    for (const part of parts) whole.raw(part);
    return this.#hash.blake2b(whole.finish()).subarray(0, length);
  }
}

/** As many bits as make about eight feeds a bucket; the same at both ends, because it follows from the larger count. */
function bucketBits(feeds: number): number {
  let bits = 0;
  while (bits < MAX_BUCKET_BITS && FEEDS_PER_BUCKET * 2 ** bits < feeds) bits++;
  return bits;
}

/** The name of a feed: author, incarnation and lane in 49 bytes. */
export function feedBytes({ author, incarnation, lane }: FeedId): Uint8Array {
  return new ByteWriter(FEED_BYTES)
    .raw(fromHex(author))
    .raw(fromHex(incarnation))
    .byte(laneNumber(lane))
    .finish();
}

function positionBytes({ bytes, seq, head }: Row): Uint8Array {
  return new ByteWriter(POSITION_BYTES).raw(bytes).uint64(BigInt(seq)).raw(head).finish();
}

function headsOf(rows: readonly Row[]): Uint8Array {
  return concatBytes(...rows.map(({ head }) => head.subarray(0, VECTOR_HEAD_BYTES)));
}

/** Both are known, and they differ as far as both were told. */
function areOther(a: Uint8Array, b: Uint8Array): boolean {
  const length = Math.min(a.length, b.length);
  const isKnown = [a, b].every((head) => head.subarray(0, length).some((byte) => byte !== 0));
  return isKnown && !bytesEqual(a.subarray(0, length), b.subarray(0, length));
}

/** At least one part, be it empty. */
function inParts<Item>(items: readonly Item[], size: number): Item[][] {
  const parts: Item[][] = [];
  let at = 0;
  do {
    parts.push(items.slice(at, at + size));
    at += size;
  } while (at < items.length);
  return parts;
}

function more(): FrontierStep {
  return { type: 'more', send: [] };
}

function breach(what: string): FrontierStep {
  return { type: 'breach', what };
}
