// Commits, views and their index on top of a Store. Every record carries a hash; a damaged one is reported by key, never served.
import {
  bytesEqual,
  type Crypto,
  changeOf,
  type DocumentKey,
  type Effect,
  encodeForkProof,
  type FeedHead,
  type FeedId,
  type FeedKey,
  feedKey,
  type GatheredOp,
  type GatheredSpan,
  gateOps,
  type HeldCommit,
  hasForeignOps,
  isBlank,
  type Lane,
  type NodeId,
  type Op,
  type Remainder,
  type ReplayedCommit,
  type Run,
  type Superseded,
} from '../../core/index.ts';
import { StoreDamagedError } from './damage.ts';
import { type DocumentWrites, readWrites } from './document-writes.ts';
import {
  authorRange,
  commitKey,
  commitRange,
  commitSpan,
  editsKey,
  forkKey,
  headKey,
  type KeyRange,
  kindRange,
  metaKey,
  opKey,
  parseCommitKey,
  staleKey,
  statementKey,
  viewKey,
} from './keys.ts';
import { type Counts, indexedOps, type PruneStep, pruneStep, remainderIn } from './pruning.ts';
import { openRecord, sealRecord } from './record-codec.ts';
import {
  type CommitRecord,
  encodeCommit,
  encodeHead,
  encodeNumber,
  encodeOpRecord,
  encodeOwnEdits,
  encodeView,
  MARK,
  opRecordOf,
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
/** The newest version of a view that was dropped: whoever has read less starts over, because its end is not told any more. */
export const FORGOTTEN = 'forgotten';
/** 1 while views are being rebuilt: until the end they look whole and are not, so a rebuild that is cut off begins again. */
export const REBUILDING = 'rebuilding';

/** Digest of the statements of trust by which the views show what counts. */
export const JUDGED = 'judged';

/** Documents of an author whose rights changed, and commits that wrote them. */
export interface Reconsidered {
  readonly documents: readonly Remainder[];
  readonly commits: readonly ReplayedCommit[];
}

export class CommitStore {
  readonly #store: Store;
  readonly #crypto: Crypto;
  readonly #counts: Counts | undefined;
  readonly #viewed: Set<DocumentKey>;
  readonly #marked: Set<DocumentKey>;
  /** Where the commits of each feed begin that are held and count. */
  readonly #starts = new Map<FeedKey, Pick<FeedHead, 'base' | 'from' | 'seq'>>();

  /** `viewed`: the documents that have a stored view; `marked`: those with a mark that their view is stale. */
  constructor(
    store: Store,
    crypto: Crypto,
    {
      viewed,
      marked,
      heads,
      counts,
    }: {
      viewed: Iterable<DocumentKey>;
      marked: Iterable<DocumentKey>;
      heads: Iterable<FeedHead>;
      /** Whose ops count; everybody's where this is left out. */
      counts?: Counts | undefined;
    },
  ) {
    this.#store = store;
    this.#crypto = crypto;
    this.#counts = counts;
    this.#viewed = new Set(viewed);
    this.#marked = new Set(marked);
    for (const head of heads) this.#starts.set(feedKey(head.feed), head);
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
      for (const [index, op] of ops.entries()) {
        const record = opRecordOf(op, this.#crypto);
        if (record === undefined) continue;
        put(opKey(op.key, commit.feed, commit.seq, index), encodeOpRecord(record));
      }
    }
    for (const head of effect.heads) {
      put(headKey(head.feed), encodeHead(head));
      this.#starts.set(feedKey(head.feed), head);
    }
    for (const { key, edits } of effect.edits) {
      if (edits.length > 0) put(editsKey(key), encodeOwnEdits(edits));
      else operations.push({ type: 'delete', key: editsKey(key) });
    }
    for (const proof of effect.forks?.kept ?? []) put(forkKey(proof.feed), encodeForkProof(proof));
    for (const { id, bytes } of effect.statements ?? []) put(statementKey(id), bytes);
    for (const feed of effect.forks?.dropped ?? []) {
      operations.push({ type: 'delete', key: forkKey(feed) });
    }
    const known = this.#viewed.size;
    const stale = new Set(effect.stale);
    let forgotten = -1;
    for (const view of effect.views) {
      if (isBlank(view)) {
        operations.push({ type: 'delete', key: viewKey(view.key) });
        if (this.#marked.delete(view.key)) {
          operations.push({ type: 'delete', key: staleKey(view.key) });
        }
        this.#viewed.delete(view.key);
        forgotten = Math.max(forgotten, view.version);
        continue;
      }
      put(viewKey(view.key), encodeView(view));
      if (stale.has(view.key)) {
        put(staleKey(view.key), MARK);
        this.#marked.add(view.key);
      } else if (this.#marked.delete(view.key)) {
        operations.push({ type: 'delete', key: staleKey(view.key) });
      }
      this.#viewed.add(view.key);
    }
    if (this.#viewed.size !== known) put(metaKey(VIEW_COUNT), encodeNumber(this.#viewed.size));
    if (forgotten >= 0) put(metaKey(FORGOTTEN), encodeNumber(forgotten));
    await this.#store.write(operations, { sync: effect.sync });
  }

  /**
   * Commits of a feed from `firstSeq` on, up to about `maxBytes`, ending in a signed one; undefined when there is none. Where
   * the feed was pruned beyond `firstSeq` the run begins at its base instead. A run that begins there brings the hash before it,
   * and so does any `withPrevious`.
   */
  async readRun(
    feed: FeedId,
    firstSeq: number,
    maxBytes = RUN_TARGET_BYTES,
    withPrevious = false,
  ): Promise<Run | undefined> {
    const start = this.#starts.get(feedKey(feed)) ?? { base: 1, from: 1, seq: 0 };
    const isJumping = start.from > start.base;
    const commits: CommitRecord[] = [];
    let bytes = 0;
    let signed = 0;
    let first = Math.max(firstSeq, start.base);
    for await (const { key, value } of this.#store.range(commitRange(feed, first))) {
      const seq = parseCommitKey(key)?.seq;
      if (commits.length === 0 && isJumping && seq === start.from) first = start.from;
      if (seq !== first + commits.length) break;
      const commit = this.#commit(key, value);
      commits.push(commit);
      bytes += commit.payload.length;
      if (commit.signature !== undefined) signed = commits.length;
      if (bytes >= maxBytes && signed > 0) break;
    }
    if (signed === 0) return undefined;
    const jumps = first > firstSeq || first === start.base || first === start.from;
    return {
      feed,
      firstSeq: first,
      ...(first > 1 && (jumps || withPrevious)
        ? { previous: (commits[0] as CommitRecord).previous }
        : {}),
      commits: commits.slice(0, signed),
    };
  }

  /** A commit with the hash before it; undefined where none is held. */
  async readCommit(feed: FeedId, seq: number): Promise<HeldCommit | undefined> {
    const key = commitKey(feed, seq);
    const value = await this.#store.get(key);
    return value && this.#commit(key, value);
  }

  /** Every stored change of a document in one generation, in the order of feeds and sequence numbers, each once. */
  async loadChanges(document: DocumentKey, generation: number): Promise<Uint8Array[]> {
    for (;;) {
      const changes = await this.#readChanges(document, generation);
      if (changes !== undefined) return changes;
    }
  }

  /** Who wrote a document, and where that lies. */
  writesOf(document: DocumentKey): Promise<DocumentWrites> {
    return readWrites(this.#store, this.#crypto, document, this.#counts);
  }

  /** Undefined when commits were dropped between a look at the index and the reading: what is left must be read anew. */
  async #readChanges(document: DocumentKey, generation: number): Promise<Uint8Array[] | undefined> {
    const keys: Uint8Array[] = [];
    const indexKeys: Uint8Array[] = [];
    const seen = new Set<string>();
    for (const op of await indexedOps(this.#store, this.#crypto, document, this.#counts)) {
      if (op.kind !== 'change' || op.generation !== generation || seen.has(op.digest)) continue;
      seen.add(op.digest);
      const commit = commitKey(op.feed, op.seq);
      // Several changes of one commit lie side by side.
      const last = keys.at(-1);
      if (last !== undefined && bytesEqual(last, commit)) continue;
      keys.push(commit);
      indexKeys.push(op.key);
    }
    const records = await this.#store.getMany(keys);
    const missing = records.indexOf(undefined);
    if (missing >= 0) {
      const entry = await this.#store.get(indexKeys[missing] as Uint8Array);
      if (entry === undefined) return undefined;
      throw new StoreDamagedError(keys[missing] as Uint8Array, 'is missing');
    }
    return records.flatMap((record, i) => {
      return this.#opsOf(keys[i] as Uint8Array, record as Uint8Array)
        .filter((op) => op.key === document && op.generation === generation)
        .map(changeOf)
        .filter((change) => change !== undefined);
    });
  }

  /**
   * Our own ops in spans of our feeds of a lane, in the order of incarnations and sequence numbers; undefined when a later
   * version of this program has written there.
   */
  async gather(
    author: NodeId,
    lane: Lane,
    spans: readonly GatheredSpan[],
  ): Promise<GatheredOp[] | undefined> {
    const gathered: GatheredOp[] = [];
    for (const { incarnation, from, through } of spans) {
      const feed = { author, incarnation, lane };
      for await (const { key, value } of this.#store.range(commitSpan(feed, from, through))) {
        const { clock, payload } = this.#commit(key, value);
        // Only the version that wrote them knows whether they are still needed.
        if (hasForeignOps(payload)) return undefined;
        for (const op of gateOps(feed, payload, this.#crypto).ops) {
          const needed = op.kind === 'delete' && (await this.#isNeeded(op, author, lane, spans));
          gathered.push({ op, clock: op.clock ?? clock, needed });
        }
      }
    }
    return gathered;
  }

  /** True when the store holds something that a delete of ours deletes and that is not ours to drop with it. */
  async #isNeeded(
    { key, generation }: Op,
    author: NodeId,
    lane: Lane,
    spans: readonly GatheredSpan[],
  ): Promise<boolean> {
    const replaced = new Set(spans.map(({ incarnation }) => incarnation));
    const ops = await indexedOps(this.#store, this.#crypto, key, this.#counts);
    return ops.some(
      (op) =>
        op.kind === 'change' &&
        op.generation <= generation &&
        !(op.feed.author === author && op.feed.lane === lane && replaced.has(op.feed.incarnation)),
    );
  }

  /** Drops some of the commits that count no more. Resolves with what is left of the documents they wrote. */
  async prune(superseded: Superseded, isVoid = false): Promise<PruneStep> {
    const step = await pruneStep(this.#store, this.#crypto, superseded, this.#counts, isVoid);
    for (const { key } of step.reduced) this.#marked.add(key);
    return step;
  }

  /** Forgets a feed that is closed for good. Its commits were pruned before. */
  async forgetFeed(feed: FeedId): Promise<void> {
    this.#starts.delete(feedKey(feed));
    await this.#store.write([{ type: 'delete', key: headKey(feed) }], { sync: false });
  }

  /** Every stored commit, some hundred at a time: what views are rebuilt from. */
  replay(): AsyncIterable<ReplayedCommit[]> {
    return this.#replay(kindRange('c'));
  }

  /** What is left of the documents that an author wrote, then all that it wrote once more, some hundred at a time. */
  async *reconsider(author: NodeId): AsyncGenerator<Reconsidered, void> {
    for await (const commits of this.#replay(authorRange(author))) {
      const keys = new Set(commits.flatMap(({ ops }) => ops.map(({ key }) => key)));
      const documents: Remainder[] = [];
      for (const key of keys) {
        documents.push(await remainderIn(this.#store, this.#crypto, key, this.#counts));
      }
      yield { documents, commits };
    }
  }

  async *#replay(range: KeyRange): AsyncIterable<ReplayedCommit[]> {
    let batch: ReplayedCommit[] = [];
    for await (const { key, value } of this.#store.range(range)) {
      const place = parseCommitKey(key);
      if (place === undefined) continue;
      const { clock, payload } = this.#commit(key, value);
      batch.push({ feed: place.feed, clock, ops: gateOps(place.feed, payload, this.#crypto).ops });
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

  async deleteMeta(name: string): Promise<void> {
    await this.#store.write([{ type: 'delete', key: metaKey(name) }], { sync: false });
  }

  #opsOf(key: Uint8Array, value: Uint8Array): readonly Op[] {
    const feed = parseCommitKey(key)?.feed;
    return feed === undefined
      ? []
      : gateOps(feed, this.#commit(key, value).payload, this.#crypto).ops;
  }

  #commit(key: Uint8Array, value: Uint8Array): CommitRecord {
    const payload = openRecord(key, value, this.#crypto);
    const record = payload && parseCommitRecord(payload);
    if (record === undefined) throw new StoreDamagedError(key);
    return record;
  }
}
