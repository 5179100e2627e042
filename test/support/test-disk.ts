// What a test node has stored, in arrays: it answers loads, gatherings and prunings by their definitions, without an index.
import type {
  DocumentKey,
  Effect,
  FeedHead,
  FeedId,
  FeedKey,
  GatheredOp,
  NodeMemory,
  Op,
  OwnEdit,
  Remainder,
  ReplayedCommit,
  Superseded,
  View,
} from '../../src/core/index.ts';
import {
  changeOf,
  feedKey,
  hlcOf,
  isBlank,
  newestEditions,
  startOfIncarnation,
  toHex,
} from '../../src/core/index.ts';

type Persist = Extract<Effect, { type: 'persist' }>;
export type Stored = Persist['commits'][number];

/** Versions of one start, as many as a real store leaves room for. */
const VERSIONS_PER_START = 2 ** 32;

export class TestDisk {
  readonly stored: Stored[] = [];
  readonly heads = new Map<FeedKey, FeedHead>();
  readonly views = new Map<DocumentKey, View>();
  readonly ownEdits = new Map<DocumentKey, readonly OwnEdit[]>();
  /** Whose ops count; everybody's by default. */
  counts: (author: string, key: DocumentKey) => boolean = () => true;
  readonly #stale = new Set<DocumentKey>();
  #starts = 0;
  #forgotten = 0;

  persist({ commits, heads, views, edits, stale }: Persist): void {
    for (const { key, edits: known } of edits) this.ownEdits.set(key, known);
    this.stored.push(...commits);
    for (const head of heads) this.heads.set(feedKey(head.feed), head);
    for (const view of views) {
      this.#stale.delete(view.key);
      this.views.set(view.key, view);
      if (!isBlank(view)) continue;
      this.views.delete(view.key);
      this.#forgotten = Math.max(this.#forgotten, view.version);
    }
    for (const key of stale) this.#stale.add(key);
  }

  /** Drops commits that count no more; returns what is left of every document they wrote. */
  prune(spans: readonly Superseded[], closed: readonly FeedId[], isVoid = false): Remainder[] {
    const isDropped = ({ commit }: Stored): boolean =>
      closed.some((feed) => feedKey(feed) === feedKey(commit.feed)) ||
      spans.some(
        ({ feed, from, through }) =>
          feedKey(feed) === feedKey(commit.feed) && commit.seq >= from && commit.seq <= through,
      );
    const dropped = this.stored.filter(isDropped);
    const before = new Map(keysOf(dropped).map((key) => [key, this.#left(key)]));
    const kept = this.stored.filter((one) => !isDropped(one));
    this.stored.splice(0, this.stored.length, ...kept);
    for (const feed of closed) this.heads.delete(feedKey(feed));
    const remainders: Remainder[] = [];
    for (const [key, { changes, ...was }] of before) {
      const { changes: left, ...is } = this.#left(key);
      const misses = [...changes].some((change) => !left.has(change));
      const same = was.generation === is.generation && was.deletedThrough === is.deletedThrough;
      if (isVoid || !same || (misses && is.generation === was.generation))
        remainders.push({ key, ...is });
    }
    return remainders;
  }

  /** What is left of the documents that an author wrote, and all that it wrote once more. */
  reconsider(author: string): { documents: Remainder[]; commits: ReplayedCommit[] } {
    const own = this.stored.filter(({ commit }) => commit.feed.author === author);
    const documents = keysOf(own).map((key) => {
      const { changes: _, ...left } = this.#left(key);
      return { key, ...left };
    });
    const commits = own.map(({ commit: { feed, clock }, ops }) => ({ feed, clock, ops }));
    return { documents, commits };
  }

  gather({ author, lane, spans }: Extract<Effect, { type: 'gather-live' }>): GatheredOp[] {
    return spans.flatMap(({ incarnation, from, through }) => {
      const key = feedKey({ author, incarnation, lane });
      return this.stored
        .filter(
          ({ commit: { feed, seq } }) => feedKey(feed) === key && seq >= from && seq <= through,
        )
        .sort((a, b) => a.commit.seq - b.commit.seq)
        .flatMap(({ commit, ops }) =>
          ops.map((op) => ({
            op,
            clock: op.clock ?? commit.clock,
            needed: op.kind === 'delete' && this.#isNeeded(op, author, lane),
          })),
        );
    });
  }

  changes(key: DocumentKey, generation: number): Uint8Array[] {
    return this.#opsOn(key)
      .filter((op) => isChange(op) && op.generation === generation)
      .map((op) => changeOf(op) ?? op.bytes);
  }

  /** What the next start finds. */
  memory(self: string): NodeMemory {
    const feeds = [...this.heads.values()];
    const clocks = [
      ...[...this.views.values()].filter(({ origin }) => origin === self).map(({ clock }) => clock),
      ...feeds
        .filter(({ feed }) => feed.author === self)
        .map(({ feed }) => hlcOf(startOfIncarnation(feed.incarnation) + 1)),
    ];
    return {
      feeds,
      views: [...this.views.values()],
      stale: [...this.#stale],
      ownEdits: new Map(this.ownEdits),
      clock: clocks.reduce((newest, clock) => (clock > newest ? clock : newest), 0n),
      firstVersion: ++this.#starts * VERSIONS_PER_START,
      forgottenVersion: this.#forgotten,
    };
  }

  #isNeeded({ key, generation }: Op, author: string, lane: string): boolean {
    return this.stored.some(
      ({ commit: { feed }, ops }) =>
        !(feed.author === author && feed.lane === lane) &&
        ops.some((op) => op.key === key && isChange(op) && op.generation <= generation),
    );
  }

  #opsOn(key: DocumentKey): Op[] {
    return this.stored.flatMap(({ commit, ops }) =>
      ops.filter((op) => op.key === key && this.counts(commit.feed.author, key)),
    );
  }

  #left(key: DocumentKey): Omit<Remainder, 'key'> & { changes: Set<string> } {
    const ops = this.#opsOn(key);
    const newest = (some: readonly Op[]): number =>
      Math.max(-1, ...some.map(({ generation }) => generation));
    const editions = newestEditions(new Set(ops.filter(isChange).map((op) => op.generation)));
    const { generation } = editions;
    const changes = ops
      .filter((op) => isChange(op) && op.generation === generation)
      .map(({ bytes }) => toHex(bytes));
    const deletedThrough = newest(ops.filter(({ kind }) => kind === 'delete'));
    return { ...editions, deletedThrough, changes: new Set(changes) };
  }
}

function keysOf(stored: readonly Stored[]): DocumentKey[] {
  const touched = stored.flatMap(({ ops }) => ops.filter(({ kind }) => kind !== 'beat'));
  return [...new Set(touched.map(({ key }) => key))];
}

function isChange({ kind }: Op): boolean {
  return kind === 'change' || kind === 'refound';
}
