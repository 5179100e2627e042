// Reads every record of a store and mends what is damaged, so that what is left is true: nothing damaged is ever served.
//
//   scan ──all well──► done
//     └──damage──► drop damaged records ─► heads end before gaps ─► op index as the commits say ─► views to be rebuilt
//
// What was lost is reported by key. A feed that ends earlier than before is announced so, and peers send the rest again.
import {
  bytesEqual,
  CommitSeal,
  type Crypto,
  EMPTY,
  type FeedHead,
  type FeedId,
  type FeedKey,
  feedKey,
  gateOps,
  NO_HASH,
} from '../../core/index.ts';
import { REBUILDING, VIEW_COUNT } from './commit-store.ts';
import { type Damage, describeFeed, describeKey } from './damage.ts';
import {
  commitKey,
  headKey,
  kindRange,
  metaKey,
  opKey,
  parseCommitKey,
  parseHeadKey,
} from './keys.ts';
import { openRecord, sealRecord } from './record-codec.ts';
import {
  encodeHead,
  encodeNumber,
  encodeOpRecord,
  opRecordOf,
  parseCommitRecord,
  parseForkProof,
  parseHead,
} from './records.ts';
import type { Store, StoreOperation } from './store.ts';

/** Every key there is: letters lie below 0xff. */
const EVERYTHING = { from: new Uint8Array([0]), to: new Uint8Array([0xff]) };
/** Operations written in one step. */
const BATCH_OPERATIONS = 512;
/** What an op key has behind the document: NUL, feed, sequence number, index. */
const OP_FEED_AND_SEQ_BYTES = 49 + 8;
const OP_TAIL_BYTES = OP_FEED_AND_SEQ_BYTES + 2;
/** Damage that is named one by one; the rest is counted. */
const MAX_NAMED = 200;
const PROGRESS_EVERY = 20_000;

export interface SalvageParts {
  readonly crypto: Crypto;
  readonly fleetId: Uint8Array;
  /** Keys that could not be read when they were needed, although they may look well in a scan. */
  readonly suspects?: readonly Uint8Array[];
  /** Checks and mends the op index also when no damage was found. */
  readonly thorough?: boolean;
  /** The store was made anew, which may bring back older versions of records: commits have one, views are rebuilt. */
  readonly remade?: boolean;
  /** Only finds: nothing is written. */
  readonly dryRun?: boolean;
  /** Told now and then how many records were read. */
  onProgress?(records: number): void;
}

export interface Salvage {
  readonly records: number;
  /** What was found, each with what becomes of it; at most some hundred are named. */
  readonly damage: readonly Damage[];
  /** How many more there are than are named. */
  readonly unnamed: number;
  /** Feeds that end earlier than they did, or have a gap: peers that hold more of them send it. */
  readonly shortened: readonly Shortened[];
}

export interface Shortened {
  readonly feed: FeedId;
  /** Held up to here from now on. */
  readonly through: number;
}

interface FeedState {
  readonly feed: FeedId;
  /** Intact commits without a gap between them, in order. */
  readonly stretches: { readonly first: number; last: number }[];
  head: FeedHead | undefined;
}

/** Throws what the store throws when it cannot be read at all. */
export async function salvage(store: Store, parts: SalvageParts): Promise<Salvage> {
  return new Salvager(store, parts).run();
}

class Salvager {
  readonly #store: Store;
  readonly #parts: SalvageParts;
  readonly #seal: CommitSeal;
  readonly #feeds = new Map<FeedKey, FeedState>();
  readonly #damage: Damage[] = [];
  readonly #shortened: Shortened[] = [];
  #found = 0;
  #records = 0;
  #batch: StoreOperation[] = [];
  #viewsLost = false;

  constructor(store: Store, parts: SalvageParts) {
    this.#store = store;
    this.#parts = parts;
    this.#seal = new CommitSeal(parts.fleetId, parts.crypto);
  }

  async run(): Promise<Salvage> {
    const suspects = this.#parts.suspects ?? [];
    this.#viewsLost = this.#parts.remade === true;
    await this.#scan();
    for (const state of this.#feeds.values()) await this.#mendHead(state);
    for (const key of suspects) await this.#renew(key);
    if (this.#found > 0 || suspects.length > 0 || this.#parts.thorough === true) {
      await this.#flush();
      await this.#completeIndex();
      await this.#trimIndex();
    }
    if (this.#viewsLost) this.#put(metaKey(REBUILDING), encodeNumber(1));
    await this.#flush();
    const unnamed = this.#found - this.#damage.length;
    return { records: this.#records, damage: this.#damage, unnamed, shortened: this.#shortened };
  }

  async #scan(): Promise<void> {
    for await (const { key, value } of this.#store.range(EVERYTHING)) {
      if (++this.#records % PROGRESS_EVERY === 0) this.#parts.onProgress?.(this.#records);
      const payload = openRecord(key, value, this.#parts.crypto);
      if (payload === undefined || !this.#take(key, payload)) this.#dropDamaged(key);
      if (this.#batch.length >= BATCH_OPERATIONS) await this.#flush();
    }
    this.#parts.onProgress?.(this.#records);
  }

  /** Remembers an intact record. False when its content is none of its kind. */
  #take(key: Uint8Array, payload: Uint8Array): boolean {
    switch (String.fromCharCode(key[0] as number)) {
      case 'c': {
        if (parseCommitRecord(payload) === undefined) return false;
        const place = parseCommitKey(key);
        if (place === undefined) return true;
        const { stretches } = this.#stateOf(place.feed);
        const last = stretches.at(-1);
        if (last !== undefined && place.seq === last.last + 1) last.last = place.seq;
        else stretches.push({ first: place.seq, last: place.seq });
        return true;
      }
      case 'f': {
        const feed = parseHeadKey(key);
        if (feed === undefined) return true;
        const head = parseHead(feed, payload);
        if (head === undefined) return false;
        this.#stateOf(feed).head = head;
        return true;
      }
      case 'p':
        return parseForkProof(payload) !== undefined;
      default:
        return true;
    }
  }

  #stateOf(feed: FeedId): FeedState {
    const key = feedKey(feed);
    let state = this.#feeds.get(key);
    if (state === undefined) {
      state = { feed, stretches: [], head: undefined };
      this.#feeds.set(key, state);
    }
    return state;
  }

  #dropDamaged(key: Uint8Array): void {
    const letter = String.fromCharCode(key[0] ?? 0);
    const isCount = bytesEqual(key, metaKey(VIEW_COUNT)) || bytesEqual(key, metaKey(REBUILDING));
    if (letter === 'v' || letter === 's' || isCount) this.#viewsLost = true;
    this.#report(describeKey(key), FATE_BY_LETTER[letter] ?? 'is damaged; it is dropped');
    this.#delete(key);
  }

  /** A feed ends where its commits do: before the first gap. */
  async #mendHead({ feed, stretches, head }: FeedState): Promise<void> {
    // Without a head the newest stretch is what can be told to belong together.
    const from = head?.from ?? stretches.at(-1)?.first ?? 1;
    const stretch = stretches.find(({ first, last }) => first <= from && from <= last);
    const through = stretch?.last ?? from - 1;
    const last = stretches.at(-1)?.last ?? 0;
    if (head !== undefined && head.seq === through && last <= through) return;
    if (last > through) {
      const missing = `commit ${through + 1} of ${describeFeed(feed)}`;
      this.#report(missing, `is missing; the feed is held up to ${through}, peers send the rest`);
    } else if (head !== undefined && head.seq > through) {
      const missing = `commits ${through + 1} to ${head.seq} of ${describeFeed(feed)}`;
      this.#report(missing, `are missing; the feed is held up to ${through}, peers send the rest`);
    } else {
      this.#report(`head of ${describeFeed(feed)}`, 'is missing or old; it is made of its commits');
    }
    this.#shortened.push({ feed, through });
    // What a view shows of commits that are lost nobody else may ever have seen: it must not outlive them.
    if (head === undefined || head.seq > through) this.#viewsLost = true;
    if (head?.seq === through) return;
    const pending = head?.pending;
    this.#put(
      headKey(feed),
      encodeHead({
        feed,
        seq: through,
        hash: await this.#hashAt(feed, through),
        base: head?.base ?? from,
        from,
        bytes: head?.bytes ?? 0,
        pending: pending !== undefined && pending.from <= through ? pending : undefined,
        whole: head?.whole,
        covers: head?.covers ?? [],
        closedBeforeMs: head?.closedBeforeMs ?? 0,
      }),
    );
  }

  /** Hash of a commit; empty where it is not held, because all that is held of the feed comes behind it. */
  async #hashAt(feed: FeedId, seq: number): Promise<Uint8Array> {
    if (seq === 0) return NO_HASH;
    const key = commitKey(feed, seq);
    const value = await this.#store.get(key);
    const payload = value && openRecord(key, value, this.#parts.crypto);
    const record = payload && parseCommitRecord(payload);
    if (record === undefined) return EMPTY;
    return this.#seal.check(feed, seq, record.previous, record).commit.hash;
  }

  /** Writes a record anew that a scan finds and a search by key did not: then an index of the store itself is damaged. */
  async #renew(key: Uint8Array): Promise<void> {
    const end = new Uint8Array([...key, 0]);
    for await (const entry of this.#store.range({ from: key, to: end })) {
      if (openRecord(key, entry.value, this.#parts.crypto) === undefined) return;
      this.#report(describeKey(key), 'could not be found by its key; it is written anew');
      this.#batch.push({ type: 'put', key, value: entry.value });
    }
  }

  /** Every op of a commit has its entry in the index. */
  async #completeIndex(): Promise<void> {
    for await (const { key, value } of this.#store.range(kindRange('c'))) {
      const place = parseCommitKey(key);
      const payload = openRecord(key, value, this.#parts.crypto);
      const record = payload && parseCommitRecord(payload);
      if (place === undefined || record === undefined) continue;
      const wanted = indexOf(place.feed, place.seq, record.payload, this.#parts.crypto);
      const found = await this.#store.getMany(wanted.map((entry) => entry.key));
      for (const [i, entry] of wanted.entries()) {
        const sealed = sealRecord(entry.key, entry.payload, this.#parts.crypto);
        if (found[i] !== undefined && bytesEqual(found[i], sealed)) continue;
        this.#report(describeKey(entry.key), 'is missing; it is made of its commit');
        this.#put(entry.key, entry.payload);
      }
      if (this.#batch.length >= BATCH_OPERATIONS) await this.#flush();
    }
  }

  /** No entry of the index points to a commit that is not there. */
  async #trimIndex(): Promise<void> {
    let last: { target: Uint8Array; isThere: boolean } | undefined;
    for await (const { key } of this.#store.range(kindRange('o'))) {
      const tail = key.length - OP_TAIL_BYTES;
      if (tail < 1) continue;
      const target = new Uint8Array(1 + OP_FEED_AND_SEQ_BYTES);
      target[0] = 'c'.charCodeAt(0);
      target.set(key.subarray(tail, tail + OP_FEED_AND_SEQ_BYTES), 1);
      if (last === undefined || !bytesEqual(last.target, target)) {
        const value = await this.#store.get(target);
        const intact = value !== undefined && openRecord(target, value, this.#parts.crypto);
        last = { target, isThere: intact instanceof Uint8Array };
      }
      if (last.isThere) continue;
      this.#report(
        describeKey(key),
        `points to ${describeKey(target)}, which is lost; the document may show an older value until a peer sends it`,
      );
      this.#delete(key);
      if (this.#batch.length >= BATCH_OPERATIONS) await this.#flush();
    }
  }

  #report(what: string, detail: string): void {
    this.#found++;
    if (this.#damage.length < MAX_NAMED) this.#damage.push({ what, detail });
  }

  #put(key: Uint8Array, payload: Uint8Array): void {
    this.#batch.push({ type: 'put', key, value: sealRecord(key, payload, this.#parts.crypto) });
  }

  #delete(key: Uint8Array): void {
    this.#batch.push({ type: 'delete', key });
  }

  async #flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length === 0 || this.#parts.dryRun === true) return;
    await this.#store.write(batch, { sync: true });
  }
}

const FATE_BY_LETTER: Readonly<Record<string, string>> = {
  c: 'is damaged; it is dropped, and its feed is held up to the commit before it',
  f: 'is damaged; it is made of its commits',
  o: 'is damaged; it is made of the commits',
  v: 'is damaged; it is rebuilt from the commits',
  s: 'is damaged; the views are rebuilt from the commits',
  m: 'is damaged; it is dropped',
  p: 'is damaged; it is dropped, and peers that hold it send it again',
};

/** Entries of the index that a commit has. One whose payload means nothing has none. */
function indexOf(feed: FeedId, seq: number, commitPayload: Uint8Array, crypto: Crypto) {
  return gateOps(feed, commitPayload, crypto).ops.flatMap((op, index) => {
    const record = opRecordOf(op, crypto);
    return record === undefined
      ? []
      : [{ key: opKey(op.key, feed, seq, index), payload: encodeOpRecord(record) }];
  });
}
