// What a store remembers of earlier runs, read and checked once at start.
import {
  bytesEqual,
  type Crypto,
  type DocumentKey,
  type FeedHead,
  type ForkProof,
  type Hlc,
  hlcOf,
  type NodeId,
  type NodeMemory,
  type OwnEdit,
  type Random,
  type Remainder,
  type Superseded,
  startOfIncarnation,
  type TrustSet,
  toHex,
  utf8,
  VERSIONS_PER_BOOT,
  type View,
} from '../../core/index.ts';
import { CommitStore, FORGOTTEN, JUDGED, REBUILDING, VIEW_COUNT } from './commit-store.ts';
import { StoreDamagedError } from './damage.ts';
import {
  commitKey,
  commitRange,
  commitSpan,
  documentOfKey,
  headKey,
  kindRange,
  parseCommitKey,
  parseHeadKey,
  statementKey,
} from './keys.ts';
import { type Counts, remainderIn } from './pruning.ts';
import { openRecord } from './record-codec.ts';
import { parseForkProof, parseHead, parseNumber, parseOwnEdits, parseView } from './records.ts';
import type { Store } from './store.ts';

const BOOT_TAG_BYTES = 4;
/** Beyond every commit that is stored. */
const LAST_SEQ = Number.MAX_SAFE_INTEGER - 1;
/** Runs whose cursors can be resumed. Older ones start over, which costs a snapshot and nothing else. */
const MAX_BOOT_TAGS = 1024;

export interface Recollection {
  readonly commits: CommitStore;
  readonly memory: NodeMemory;
  /** Tag of each run on this data directory, by its number; the last one is this run. */
  readonly bootTags: ReadonlyMap<number, string>;
  /** True when views were lost or damaged: they must be rebuilt from the commits, and `markRebuilding(false)` called then. */
  readonly rebuildViews: boolean;
  /** Commits that count no more and are still stored. */
  readonly superseded: readonly Superseded[];
  /** What is left of documents whose commits were dropped before a crash and whose views do not show that. */
  readonly reduced: readonly Remainder[];
}

/** Reads a store. Throws StoreDamagedError when what is damaged cannot be derived from the rest. */
export async function recall(
  store: Store,
  self: NodeId,
  crypto: Crypto,
  random: Random,
  trust?: Pick<TrustSet, 'digest' | 'mayWrite'>,
): Promise<Recollection> {
  const counts = trust && ((author: NodeId, key: DocumentKey) => trust.mayWrite(author, key));
  const heads = await readHeads(store, crypto);
  const feeds = await wholeFeeds(store, heads, self);
  const { views, damaged } = await readViews(store, crypto);
  const stale = await readStale(store);
  const viewed = damaged ? [] : views.map((view) => view.key);
  const commits = new CommitStore(store, crypto, { viewed, marked: stale, heads: feeds, counts });
  const rebuildViews =
    damaged ||
    feeds.length < heads.length ||
    (await readNumber(commits, VIEW_COUNT)) > views.length ||
    (views.length === 0 && feeds.length > 0) ||
    (await readNumber(commits, REBUILDING)) === 1 ||
    // A crash came before all was judged anew, or the node was given other statements to begin with.
    (trust !== undefined && !(await isJudgedBy(commits, trust.digest())));
  if (rebuildViews) await commits.markRebuilding(true);
  const bootTags = await countBoot(commits, random);
  const kept = rebuildViews ? [] : views;
  return {
    commits,
    bootTags,
    rebuildViews,
    superseded: await leftOvers(store, feeds),
    reduced: rebuildViews ? [] : await readReduced(store, crypto, counts),
    memory: {
      feeds,
      forks: await readForks(store, crypto),
      views: kept,
      stale: rebuildViews ? [] : stale,
      ownEdits: await readOwnEdits(store, crypto),
      clock: newestClock(kept, feeds, self),
      firstVersion: Math.max(...bootTags.keys()) * VERSIONS_PER_BOOT,
      forgottenVersion: await readNumber(commits, FORGOTTEN),
    },
  };
}

async function isJudgedBy(commits: CommitStore, digest: Uint8Array): Promise<boolean> {
  const judged = await commits.readMeta(JUDGED);
  return judged !== undefined && bytesEqual(judged, digest);
}

/** What a crash left of commits that were being dropped. */
async function leftOvers(store: Store, heads: readonly FeedHead[]): Promise<Superseded[]> {
  const left: Superseded[] = [];
  for (const { feed, base, seq } of heads) {
    const spans = [
      { feed, from: 1, through: base - 1 },
      // Beyond the cut of somebody who was put out.
      { feed, from: Math.max(seq + 1, base), through: LAST_SEQ },
    ];
    for (const span of spans) {
      const { from, through } = span;
      if (from > through) continue;
      for await (const _ of store.range({ ...commitSpan(feed, from, through), limit: 1 }))
        left.push(span);
    }
  }
  return left;
}

/** The newest reading of our own: of what we wrote, and of when we started. */
function newestClock(views: readonly View[], feeds: readonly FeedHead[], self: NodeId): Hlc {
  let newest = 0n;
  for (const { origin, clock } of views) if (origin === self && clock > newest) newest = clock;
  for (const { feed } of feeds) {
    if (feed.author !== self) continue;
    const started = hlcOf(startOfIncarnation(feed.incarnation) + 1);
    if (started > newest) newest = started;
  }
  return newest;
}

async function readNumber(commits: CommitStore, name: string): Promise<number> {
  const record = await commits.readMeta(name);
  return (record && parseNumber(record)) ?? 0;
}

async function readHeads(store: Store, crypto: Crypto): Promise<FeedHead[]> {
  const heads: FeedHead[] = [];
  for await (const { key, value } of store.range(kindRange('f'))) {
    const feed = parseHeadKey(key);
    const payload = openRecord(key, value, crypto);
    const head = feed && payload && parseHead(feed, payload);
    if (head === undefined) throw new StoreDamagedError(key);
    heads.push(head);
  }
  return heads;
}

async function readForks(store: Store, crypto: Crypto): Promise<ForkProof[]> {
  const forks: ForkProof[] = [];
  for await (const { key, value } of store.range(kindRange('p'))) {
    const payload = openRecord(key, value, crypto);
    const proof = payload && parseForkProof(payload);
    if (proof === undefined) throw new StoreDamagedError(key);
    forks.push(proof);
  }
  return forks;
}

/** Forgets statements that have no part in anything any more. */
export async function forgetStatements(store: Store, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await store.write(
    ids.map((id) => ({ type: 'delete', key: statementKey(id) })),
    { sync: false },
  );
}

/** Statements of trust that came since the own certificate. Throws StoreDamagedError. */
export async function readStatements(store: Store, crypto: Crypto): Promise<Uint8Array[]> {
  const statements: Uint8Array[] = [];
  for await (const { key, value } of store.range(kindRange('t'))) {
    const payload = openRecord(key, value, crypto);
    // Others hold it, and tell it again: but until then it would be forgotten who was put out.
    if (payload === undefined) throw new StoreDamagedError(key);
    statements.push(payload);
  }
  return statements;
}

/**
 * The feeds without a gap. One of another author that has a gap is forgotten: peers send it again from its beginning, while
 * its last place would tell them that nothing is missing here.
 */
async function wholeFeeds(
  store: Store,
  heads: readonly FeedHead[],
  self: NodeId,
): Promise<FeedHead[]> {
  const whole: FeedHead[] = [];
  for (const head of heads) {
    const last = await lastBeforeGap(store, head);
    const isSuperseded = head.seq < head.from;
    if (head.feed.author === self && !isSuperseded) checkOwn(head, last);
    if (isSuperseded || last >= head.seq) whole.push(head);
  }
  return whole;
}

/** Own commits exist nowhere else until they are sent: a gap in them must be known before anything is acknowledged. */
function checkOwn({ feed, seq }: FeedHead, last: number): void {
  if (last < seq) throw new StoreDamagedError(commitKey(feed, last + 1), 'of our own is missing');
  if (last > seq) {
    throw new StoreDamagedError(headKey(feed), `is behind its feed, which goes on to ${last}`);
  }
}

async function lastBeforeGap(store: Store, { feed, from }: FeedHead): Promise<number> {
  let last = from - 1;
  for await (const { key } of store.range(commitRange(feed, from))) {
    if (parseCommitKey(key)?.seq !== last + 1) break;
    last++;
  }
  return last;
}

async function readViews(
  store: Store,
  crypto: Crypto,
): Promise<{ views: View[]; damaged: boolean }> {
  const views: View[] = [];
  let damaged = false;
  for await (const { key, value } of store.range(kindRange('v'))) {
    const payload = openRecord(key, value, crypto);
    const view = payload && parseView(documentOfKey(key), payload);
    if (view === undefined) damaged = true;
    else views.push(view);
  }
  return { views, damaged };
}

async function readStale(store: Store): Promise<DocumentKey[]> {
  const stale: DocumentKey[] = [];
  for await (const { key } of store.range(kindRange('s'))) stale.push(documentOfKey(key));
  return stale;
}

async function readOwnEdits(
  store: Store,
  crypto: Crypto,
): Promise<Map<DocumentKey, readonly OwnEdit[]>> {
  const edits = new Map<DocumentKey, readonly OwnEdit[]>();
  for await (const { key, value } of store.range(kindRange('e'))) {
    const payload = openRecord(key, value, crypto);
    const known = payload && parseOwnEdits(payload);
    if (known === undefined) throw new StoreDamagedError(key);
    edits.set(documentOfKey(key), known);
  }
  return edits;
}

async function readReduced(store: Store, crypto: Crypto, counts?: Counts): Promise<Remainder[]> {
  const reduced: Remainder[] = [];
  for await (const { key, value } of store.range(kindRange('s'))) {
    const mark = openRecord(key, value, crypto);
    if (mark === undefined || mark.length === 0) continue;
    reduced.push(await remainderIn(store, crypto, documentOfKey(key), counts));
  }
  return reduced;
}

/** Adds this run to the runs on the data directory. Kept as JSON, `[[number, tag], …]`. */
async function countBoot(commits: CommitStore, random: Random): Promise<Map<number, string>> {
  const record = await commits.readMeta('boots');
  const known: [number, string][] =
    record === undefined ? [] : JSON.parse(new TextDecoder().decode(record));
  const boot = (known.at(-1)?.[0] ?? 0) + 1;
  const all = [...known, [boot, toHex(random.bytes(BOOT_TAG_BYTES))] as const];
  const kept = all.slice(-MAX_BOOT_TAGS);
  await commits.writeMeta('boots', utf8(JSON.stringify(kept)));
  return new Map(kept);
}
