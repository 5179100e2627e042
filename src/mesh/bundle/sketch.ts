// A frontier in short: how far a node holds each feed, with six bytes for the name of a feed. Whoever reads it looks up the feeds
// it holds itself; of any other it has nothing to send.
import {
  ByteReader,
  ByteWriter,
  type FeedId,
  type FeedPosition,
  fromHex,
  type Hash,
  MalformedBytesError,
  toHex,
} from '../../core/index.ts';
import { feedBytes } from '../protocol/index.ts';
import { BundleError } from './bundle-error.ts';

/** Feeds in one sketch. Of those beyond it nothing is said, and they are sent from the beginning. */
export const MAX_SKETCH_FEEDS = 32_768;
const NAME_BYTES = 6;
const ENTRY_BYTES = NAME_BYTES + 3;

type ShortName = string;

export class FrontierSketch {
  /** By the first bytes of the hash of a feed's name, in hex, ascending. */
  readonly #seqByName: ReadonlyMap<ShortName, number>;

  private constructor(seqByName: ReadonlyMap<ShortName, number>) {
    this.#seqByName = seqByName;
  }

  /** Who holds nothing. */
  static readonly EMPTY = new FrontierSketch(new Map());

  static of(positions: Iterable<FeedPosition>, hash: Hash): FrontierSketch {
    const seqs = new Map<ShortName, number>();
    for (const { feed, seq } of positions) {
      if (seq === 0) continue;
      const name = shortName(feed, hash);
      const other = seqs.get(name);
      // Two feeds under one name are said to be held as far as the shorter one: too much is sent, and never too little.
      seqs.set(name, other === undefined ? seq : Math.min(other, seq));
    }
    return new FrontierSketch(inOrder(seqs));
  }

  /** Throws BundleError. */
  static decode(bytes: Uint8Array): FrontierSketch {
    try {
      return new FrontierSketch(readEntries(new ByteReader(bytes)));
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      throw new BundleError('malformed', `a frontier that cannot be read: ${error.message}`);
    }
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(4 + this.size * ENTRY_BYTES).varint(this.size);
    for (const [name, seq] of this.#seqByName) writer.raw(fromHex(name)).varint(seq);
    return writer.finish();
  }

  /** Feeds of which anything is held. */
  get size(): number {
    return this.#seqByName.size;
  }

  /** How far a feed is held; 0 when it is not. */
  holds(feed: FeedId, hash: Hash): number {
    return this.#seqByName.get(shortName(feed, hash)) ?? 0;
  }

  /** The same with what was brought on top. */
  raised(brought: Iterable<FeedPosition>, hash: Hash): FrontierSketch {
    const seqs = new Map(this.#seqByName);
    for (const { feed, seq } of brought) {
      const name = shortName(feed, hash);
      seqs.set(name, Math.max(seqs.get(name) ?? 0, seq));
    }
    return new FrontierSketch(inOrder(seqs));
  }
}

function shortName(feed: FeedId, hash: Hash): ShortName {
  return toHex(hash.blake2b(feedBytes(feed)).subarray(0, NAME_BYTES));
}

function inOrder(seqs: ReadonlyMap<ShortName, number>): ReadonlyMap<ShortName, number> {
  const sorted = [...seqs].sort(([a], [b]) => (a < b ? -1 : 1));
  return new Map(sorted.slice(0, MAX_SKETCH_FEEDS));
}

function readEntries(reader: ByteReader): Map<ShortName, number> {
  const count = reader.varint();
  if (count > MAX_SKETCH_FEEDS) {
    throw new MalformedBytesError(`${count} feeds, at most ${MAX_SKETCH_FEEDS}`);
  }
  const seqs = new Map<ShortName, number>();
  let last = '';
  for (let i = 0; i < count; i++) {
    const name = toHex(reader.raw(NAME_BYTES));
    if (name <= last) throw new MalformedBytesError('feeds out of order');
    const seq = reader.varint();
    if (seq === 0) throw new MalformedBytesError('a feed that is not held');
    seqs.set(name, seq);
    last = name;
  }
  reader.end();
  return seqs;
}
