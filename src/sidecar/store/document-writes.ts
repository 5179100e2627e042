// The writes of one document that are stored, and where each of them lies: for people who ask who wrote it.
import type { Crypto, DocumentKey, FeedId, Hlc } from '../../core/index.ts';
import { feedKey } from '../../core/index.ts';
import { StoreDamagedError } from './damage.ts';
import { commitKey } from './keys.ts';
import { type Counts, type IndexedOp, indexedOps } from './pruning.ts';
import { openRecord } from './record-codec.ts';
import { parseCommitRecord } from './records.ts';
import type { Store } from './store.ts';

export interface DocumentWrite {
  readonly feed: FeedId;
  readonly seq: number;
  /** Of its commit. */
  readonly clock: Hlc;
  readonly deletes: boolean;
  /** Where the same write lies besides: checkpoints repeat it. */
  readonly repeats: readonly { readonly feed: FeedId; readonly seq: number }[];
}

export interface DocumentWrites {
  /** The newest first. */
  readonly newest: readonly DocumentWrite[];
  /** Those that are stored, repetitions included. */
  readonly stored: number;
}

/** Of each feed the last so many are looked at: what is newest is among them. */
const LOOKED_AT = 20;
/** Feeds that are looked at; a document of an agent has one or two. */
const MAX_FEEDS = 64;

export async function readWrites(
  store: Store,
  crypto: Crypto,
  document: DocumentKey,
  counts: Counts | undefined,
): Promise<DocumentWrites> {
  const ops = await indexedOps(store, crypto, document, counts);
  const byFeed = Map.groupBy(ops, ({ feed }) => feedKey(feed));
  const looked = [...byFeed.values()].slice(-MAX_FEEDS).flatMap((all) => all.slice(-LOOKED_AT));
  const records = await store.getMany(looked.map(({ feed, seq }) => commitKey(feed, seq)));
  const seen = new Map<string, IndexedOp[]>();
  for (const op of ops) seen.set(op.digest, [...(seen.get(op.digest) ?? []), op]);
  const told = new Set<string>();
  const newest = looked
    .flatMap((op, at) => {
      const key = commitKey(op.feed, op.seq);
      const record = records[at];
      // Dropped between a look at the index and the reading.
      if (record === undefined) return [];
      const payload = openRecord(key, record, crypto);
      const commit = payload && parseCommitRecord(payload);
      if (commit === undefined) throw new StoreDamagedError(key);
      return { op, clock: commit.clock };
    })
    // The first place of a write is the oldest: what a checkpoint repeats later says nothing new.
    .sort((a, b) => (a.clock < b.clock ? -1 : 1))
    .filter(({ op: { digest } }) => !told.has(digest) && told.add(digest))
    .reverse()
    .slice(0, LOOKED_AT)
    .map(({ op: { feed, seq, kind, digest }, clock }) => ({
      ...{ feed, seq, clock, deletes: kind === 'delete' },
      repeats: (seen.get(digest) ?? []).map((op) => ({ feed: op.feed, seq: op.seq })),
    }));
  return { newest, stored: ops.length };
}
