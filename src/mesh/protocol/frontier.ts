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
import { MAX_FRAME_ENTRIES, MAX_FRAME_SEQS } from './frame-values.ts';
import type { FrontierDigest, FrontierMessage } from './message.ts';

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
const POSITION_BYTES = FEED_BYTES + 8;

export type FrontierStep =
  | { readonly type: 'more'; readonly send: readonly FrontierMessage[] }
  /** `theirs`: what the peer holds of every feed that either side mentioned or both agree on. */
  | { readonly type: 'done'; readonly theirs: readonly FeedPosition[] }
  | { readonly type: 'breach'; readonly what: string };

interface Row extends FeedPosition {
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
  #phase: Phase = 'digest';
  #bucketBits = 0;
  #announced = 0;

  /** `positions` is the snapshot that is compared; what grows afterwards is none of the exchange's business. */
  constructor(hash: Hash, positions: readonly FeedPosition[]) {
    this.#hash = hash;
    this.#rows = positions
      .map(({ feed, seq }) => ({ feed, seq, name: feedBytes(feed) }))
      .map(({ feed, seq, name }) => ({ feed, seq, bytes: name, sort: toHex(name) }))
      .sort((a, b) => (a.sort < b.sort ? -1 : 1))
      .map(({ feed, seq, bytes }) => {
        const [high = 0, low = 0] = hash.blake2b(bytes);
        return { feed, seq, bytes, place: high * 256 + low };
      });
    this.#digest = {
      type: 'frontier-digest',
      frontier: this.#hashOf(FRONTIER_DOMAIN, this.#rows.map(positionBytes), DIGEST_BYTES),
      roster: this.#hashOf(
        ROSTER_DOMAIN,
        this.#rows.map(({ bytes }) => bytes),
        DIGEST_BYTES,
      ),
      feeds: this.#rows.length,
    };
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
        return this.#takeVector(message.seqs, message.last);
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
    return inParts(this.#rows, MAX_FRAME_SEQS).map((rows, i, { length }) => ({
      type: 'frontier-vector',
      seqs: rows.map(({ seq }) => seq),
      last: i === length - 1,
    }));
  }

  #takeVector(seqs: readonly number[], last: boolean): FrontierStep {
    for (const seq of seqs) {
      const row = this.#rows[this.#announced++];
      if (row === undefined) return breach('a vector longer than its roster');
      this.#learn({ feed: row.feed, seq });
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
        positions: rows.map(({ feed, seq }) => ({ feed, seq })),
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

  #learn({ feed, seq }: FeedPosition): void {
    this.#theirs.set(feedKey(feed), { feed, seq });
  }

  #finish(): FrontierStep {
    this.#phase = 'done';
    return { type: 'done', theirs: [...this.#theirs.values()] };
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

function feedBytes({ author, incarnation, lane }: FeedId): Uint8Array {
  return new ByteWriter(FEED_BYTES)
    .raw(fromHex(author))
    .raw(fromHex(incarnation))
    .byte(laneNumber(lane))
    .finish();
}

function positionBytes({ bytes, seq }: Row): Uint8Array {
  return new ByteWriter(POSITION_BYTES).raw(bytes).uint64(BigInt(seq)).finish();
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
