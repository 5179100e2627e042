// Drops commits that count no more, and says what is left of the documents they wrote.
import {
  type Crypto,
  type DocumentKey,
  type FeedId,
  gateOps,
  type NodeId,
  newestEditions,
  type Op,
  type Remainder,
  type Superseded,
} from '../../core/index.ts';
import { StoreDamagedError } from './damage.ts';
import { commitSpan, opKey, opRange, parseCommitKey, parseOpKey, staleKey } from './keys.ts';
import { openRecord, sealRecord } from './record-codec.ts';
import { type OpRecord, parseCommitRecord, parseOpRecord, REDUCED_MARK } from './records.ts';
import type { Store, StoreOperation } from './store.ts';

/** An op of a document and where it lies. */
export interface IndexedOp extends OpRecord {
  readonly key: Uint8Array;
  readonly feed: FeedId;
  readonly seq: number;
}

/** Whether an author may write a document: what others have written is stored, and means nothing. */
export type Counts = (author: NodeId, document: DocumentKey) => boolean;
const everything: Counts = () => true;

/** Commits dropped in one step: a few milliseconds, so that nobody waits long behind them. */
const STEP_COMMITS = 256;

/** Every op of a document that the index lists, in the order of feeds and sequence numbers. */
export async function indexedOps(
  store: Store,
  crypto: Crypto,
  document: DocumentKey,
  counts: Counts = everything,
): Promise<IndexedOp[]> {
  const ops: IndexedOp[] = [];
  for await (const { key, value } of store.range(opRange(document))) {
    const place = parseOpKey(document, key);
    const payload = openRecord(key, value, crypto);
    const record = payload && parseOpRecord(payload);
    if (place === undefined || record === undefined) throw new StoreDamagedError(key);
    if (!counts(place.feed.author, document)) continue;
    ops.push({ ...record, key, feed: place.feed, seq: place.seq });
  }
  return ops;
}

export interface PruneStep {
  /** True when nothing is left to drop of the span. */
  readonly done: boolean;
  readonly reduced: readonly Remainder[];
}

/**
 * Drops the first commits of a span. Atomic: after a crash the rest is still there and is dropped the next time. `isVoid`: they
 * turned out never to have counted, and what counts may be another than when they were shown: all that they wrote is looked at.
 */
export async function pruneStep(
  store: Store,
  crypto: Crypto,
  { feed, from, through }: Superseded,
  counts: Counts = everything,
  isVoid = false,
): Promise<PruneStep> {
  const operations: StoreOperation[] = [];
  const touched = new Set<DocumentKey>();
  const dropped = new Set<number>();
  let done = true;
  for await (const { key, value } of store.range({
    ...commitSpan(feed, from, through),
    limit: STEP_COMMITS + 1,
  })) {
    if (dropped.size === STEP_COMMITS) {
      done = false;
      break;
    }
    const place = parseCommitKey(key);
    const payload = openRecord(key, value, crypto);
    const record = payload && parseCommitRecord(payload);
    if (place === undefined) continue;
    // A damaged commit goes as well; the index entries it leaves are dropped with the next rebuild.
    const ops: readonly Op[] =
      record === undefined ? [] : gateOps(feed, record.payload, crypto).ops;
    operations.push({ type: 'delete', key });
    dropped.add(place.seq);
    for (const [index, op] of ops.entries()) {
      if (op.kind !== 'change' && op.kind !== 'refound' && op.kind !== 'delete') continue;
      operations.push({ type: 'delete', key: opKey(op.key, feed, place.seq, index) });
      touched.add(op.key);
    }
  }
  const reduced: Remainder[] = [];
  for (const document of touched) {
    const ops = await indexedOps(store, crypto, document, counts);
    const isDropped = (op: IndexedOp): boolean => dropped.has(op.seq) && sameFeed(op.feed, feed);
    const remainder = remainderOf(document, ops, isDropped, isVoid);
    if (remainder === undefined) continue;
    reduced.push(remainder);
    // A crash may come before the view follows: the mark says that it has to.
    const mark = staleKey(document);
    operations.push({ type: 'put', key: mark, value: sealRecord(mark, REDUCED_MARK, crypto) });
  }
  if (operations.length > 0) await store.write(operations, { sync: false });
  return { done, reduced };
}

/** What is left of a document, or undefined when it is what it was, unless that is not to be relied upon. */
function remainderOf(
  key: DocumentKey,
  ops: readonly IndexedOp[],
  isDropped: (op: IndexedOp) => boolean,
  isVoid: boolean,
): Remainder | undefined {
  const left = ops.filter((op) => !isDropped(op));
  const before = newest(ops);
  const after = newest(left);
  const alive = new Set(left.map((op) => `${op.kind} ${op.digest}`));
  const misses = ops.some(
    (op) =>
      isDropped(op) &&
      op.kind === 'change' &&
      op.generation === after.generation &&
      !alive.has(`${op.kind} ${op.digest}`),
  );
  const same =
    before.generation === after.generation && before.deletedThrough === after.deletedThrough;
  return same && !misses && !isVoid ? undefined : { key, ...after };
}

/** What is left of a document by its index. */
export async function remainderIn(
  store: Store,
  crypto: Crypto,
  key: DocumentKey,
  counts: Counts = everything,
): Promise<Remainder> {
  return { key, ...newest(await indexedOps(store, crypto, key, counts)) };
}

function newest(ops: readonly IndexedOp[]): Omit<Remainder, 'key'> {
  let deletedThrough = -1;
  const editions = new Set<number>();
  for (const { kind, generation } of ops) {
    if (kind === 'change') editions.add(generation);
    else deletedThrough = Math.max(deletedThrough, generation);
  }
  return { ...newestEditions(editions), deletedThrough };
}

function sameFeed(a: FeedId, b: FeedId): boolean {
  return a.author === b.author && a.incarnation === b.incarnation && a.lane === b.lane;
}
