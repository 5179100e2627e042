// Commits, views and their index on top of a Store. Every record carries a hash; a damaged one is reported by key, never served.
import {
  bytesEqual,
  type Crypto,
  type DocumentKey,
  type Effect,
  type FeedId,
  MalformedBytesError,
  type Op,
  type ReplayedCommit,
  type Run,
  readOps,
} from '../../core/index.ts';
import { StoreDamagedError } from './damage.ts';
import {
  commitKey,
  commitRange,
  headKey,
  kindRange,
  metaKey,
  opKey,
  opRange,
  parseCommitKey,
  parseOpKey,
  staleKey,
  viewKey,
} from './keys.ts';
import { openRecord, sealRecord } from './record-codec.ts';
import {
  type CommitRecord,
  encodeCommit,
  encodeHead,
  encodeNumber,
  encodeView,
  MARK,
  parseCommitRecord,
} from './records.ts';
import type { Store, StoreOperation } from './store.ts';

export type PersistEffect = Extract<Effect, { type: 'persist' }>;

/** Payload bytes after which a run ends at the next signed commit. A few tens of milliseconds of a slow link's patience. */
const RUN_TARGET_BYTES = 128 * 1024;
/** Commits replayed in one step, so that a rebuild of a large store stays small in memory. */
const REPLAY_COMMITS = 256;
/** Counts the views that should be there: a store that lost some is noticed at the next start. */
export const VIEW_COUNT = 'views';
/** 1 while views are being rebuilt: until the end they look whole and are not, so a rebuild that is cut off begins again. */
export const REBUILDING = 'rebuilding';

export class CommitStore {
  readonly #store: Store;
  readonly #crypto: Crypto;
  readonly #viewed: Set<DocumentKey>;
  readonly #marked: Set<DocumentKey>;

  /** `viewed`: the documents that have a stored view; `marked`: those with a mark that their view is stale. */
  constructor(
    store: Store,
    crypto: Crypto,
    { viewed, marked }: { viewed: Iterable<DocumentKey>; marked: Iterable<DocumentKey> },
  ) {
    this.#store = store;
    this.#crypto = crypto;
    this.#viewed = new Set(viewed);
    this.#marked = new Set(marked);
  }

  /** Documents that have a stored view. */
  get documents(): number {
    return this.#viewed.size;
  }

  /** Writes what a turn came to, in one atomic step. Resolves when it is as safe as the effect asks. */
  async persist(effect: PersistEffect): Promise<void> {
    const operations: StoreOperation[] = [];
    const put = (key: Uint8Array, payload: Uint8Array): void => {
      operations.push({ type: 'put', key, value: sealRecord(key, payload, this.#crypto) });
    };
    for (const { commit, ops } of effect.commits) {
      put(commitKey(commit.feed, commit.seq), encodeCommit(commit));
      put(headKey(commit.feed), encodeHead(commit));
      for (const [index, op] of ops.entries()) {
        if (op.kind === 'change') {
          put(opKey(op.key, commit.feed, commit.seq, index), encodeNumber(op.generation));
        }
      }
    }
    const known = this.#viewed.size;
    const stale = new Set(effect.stale);
    for (const view of effect.views) {
      put(viewKey(view.key), encodeView(view));
      if (stale.has(view.key)) {
        put(staleKey(view.key), MARK);
        this.#marked.add(view.key);
      } else if (this.#marked.delete(view.key)) {
        operations.push({ type: 'delete', key: staleKey(view.key) });
      }
      this.#viewed.add(view.key);
    }
    if (this.#viewed.size > known) put(metaKey(VIEW_COUNT), encodeNumber(this.#viewed.size));
    await this.#store.write(operations, { sync: effect.sync });
  }

  /** Commits of a feed from `firstSeq` on, up to about 128 KiB, ending in a signed one; undefined when there is none. */
  async readRun(feed: FeedId, firstSeq: number): Promise<Run | undefined> {
    const commits: CommitRecord[] = [];
    let bytes = 0;
    let signed = 0;
    for await (const { key, value } of this.#store.range(commitRange(feed, firstSeq))) {
      if (parseCommitKey(key)?.seq !== firstSeq + commits.length) break;
      const commit = this.#commit(key, value);
      commits.push(commit);
      bytes += commit.payload.length;
      if (commit.signature !== undefined) signed = commits.length;
      if (bytes >= RUN_TARGET_BYTES && signed > 0) break;
    }
    return signed === 0 ? undefined : { feed, firstSeq, commits: commits.slice(0, signed) };
  }

  /** Every stored change of a document in one generation, in the order of feeds and sequence numbers. */
  async loadChanges(document: DocumentKey, generation: number): Promise<Uint8Array[]> {
    const keys: Uint8Array[] = [];
    for await (const { key, value } of this.#store.range(opRange(document))) {
      const place = parseOpKey(document, key);
      const payload = openRecord(key, value, this.#crypto);
      if (place === undefined || payload === undefined) throw new StoreDamagedError(key);
      if (!encodesNumber(payload, generation)) continue;
      const commit = commitKey(place.feed, place.seq);
      // Several changes of one commit lie side by side.
      const last = keys.at(-1);
      if (last === undefined || !bytesEqual(last, commit)) keys.push(commit);
    }
    const records = await this.#store.getMany(keys);
    return records.flatMap((record, i) => {
      const key = keys[i] as Uint8Array;
      if (record === undefined) throw new StoreDamagedError(key, 'is missing');
      return readOps(this.#commit(key, record).payload)
        .filter((op) => op.kind === 'change' && op.key === document && op.generation === generation)
        .map((op) => op.bytes);
    });
  }

  /** Every stored commit, some hundred at a time: what views are rebuilt from. */
  async *replay(): AsyncIterable<ReplayedCommit[]> {
    let batch: ReplayedCommit[] = [];
    for await (const { key, value } of this.#store.range(kindRange('c'))) {
      const place = parseCommitKey(key);
      if (place === undefined) continue;
      const { clock, payload } = this.#commit(key, value);
      batch.push({ feed: place.feed, clock, ops: opsOrNone(payload) });
      if (batch.length === REPLAY_COMMITS) {
        yield batch;
        batch = [];
      }
    }
    if (batch.length > 0) yield batch;
  }

  /** Says that views are being rebuilt, and with false that they are whole again. Survives a power cut. */
  async markRebuilding(rebuilding: boolean): Promise<void> {
    await this.writeMeta(REBUILDING, encodeNumber(rebuilding ? 1 : 0));
  }

  async readMeta(name: string): Promise<Uint8Array | undefined> {
    const key = metaKey(name);
    const value = await this.#store.get(key);
    if (value === undefined) return undefined;
    const payload = openRecord(key, value, this.#crypto);
    if (payload === undefined) throw new StoreDamagedError(key);
    return payload;
  }

  async writeMeta(name: string, payload: Uint8Array): Promise<void> {
    const key = metaKey(name);
    await this.#store.write([{ type: 'put', key, value: sealRecord(key, payload, this.#crypto) }], {
      sync: true,
    });
  }

  #commit(key: Uint8Array, value: Uint8Array): CommitRecord {
    const payload = openRecord(key, value, this.#crypto);
    const record = payload && parseCommitRecord(payload);
    if (record === undefined) throw new StoreDamagedError(key);
    return record;
  }
}

function encodesNumber(payload: Uint8Array, number: number): boolean {
  const wanted = encodeNumber(number);
  return payload.length === wanted.length && payload.every((byte, i) => byte === wanted[i]);
}

/** A void payload was void when it arrived; it still is. */
function opsOrNone(payload: Uint8Array): Op[] {
  try {
    return readOps(payload);
  } catch (error) {
    if (error instanceof MalformedBytesError) return [];
    throw error;
  }
}
