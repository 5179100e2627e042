// Feeds of somebody who was put out: what is left of them is a function of what lies up to the cuts, whatever was held beyond.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Commit, encodeOps } from '../../../src/core/feeds/commit.ts';
import { FeedTable } from '../../../src/core/feeds/feed.ts';
import type { FeedHead } from '../../../src/core/feeds/feed-head.ts';
import type { Run } from '../../../src/core/feeds/run.ts';
import {
  createIncarnation,
  type FeedId,
  feedKey,
  hlcOf,
  toHex,
  utf8,
} from '../../../src/core/index.ts';
import type { Cut } from '../../../src/core/trust/index.ts';
import { createSigner, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

const signer = createSigner(new Uint8Array(32).fill(1));
const AUTHOR = toHex(signer.publicKey);
const START_MS = 1_800_000_000_000;
const fleetId = utf8('fleet');

function feedOf(startMs: number, author = AUTHOR): FeedId {
  const incarnation = createIncarnation(author, startMs, new Uint8Array(4), sodiumCrypto);
  return { author, incarnation, lane: 'state' };
}
const [FEED, LATER] = [feedOf(START_MS), feedOf(START_MS + 1000)];

/** A reader that is told of cuts while it lives. */
class Reader {
  cuts = new Map<string, Cut>();
  isCut = false;
  table: FeedTable;

  constructor(heads: readonly FeedHead[] = [], before?: Reader) {
    if (before !== undefined) Object.assign(this, { cuts: before.cuts, isCut: before.isCut });
    const own = feedOf(START_MS, '22'.repeat(32));
    this.table = new FeedTable({
      ...{ fleetId, crypto: sodiumCrypto, signer, heads, own: (lane) => ({ ...own, lane }) },
      cutOf: (feed) => {
        if (!this.isCut || feed.author !== AUTHOR) return undefined;
        const { incarnation, lane } = feed;
        return this.cuts.get(feedKey(feed)) ?? { incarnation, lane, seq: 0, hash: '' };
      },
    });
  }

  cut(...ends: readonly Commit[]): void {
    this.isCut = true;
    for (const { feed, seq, hash } of ends) {
      const { incarnation, lane } = feed;
      this.cuts.set(feedKey(feed), { incarnation, lane, seq, hash: toHex(hash) });
    }
    this.table.cut(AUTHOR);
  }

  place(feed: FeedId): readonly number[] | undefined {
    const head = this.table.head(feed);
    return head && [head.base, head.seq];
  }
}

type What = 'any' | { commits?: number; covers?: { incarnation: string; seq: number }[] };

function write(feed: FeedId, commits: readonly What[], text = ''): Commit[] {
  const table = new FeedTable({
    ...{ fleetId, crypto: sodiumCrypto, signer, heads: [], own: (lane) => ({ ...feed, lane }) },
  });
  return commits.map((what, i) => {
    const begun =
      what === 'any' ? undefined : { commits: 1, closedBeforeMs: 0, covers: [], ...what };
    const bytes = utf8(text);
    const op = { key: 'notes/a', kind: 'change', generation: 0, bytes } as const;
    return table.append('state', hlcOf(START_MS + i), encodeOps(text === '' ? [] : [op], begun));
  });
}

function runOf(commits: readonly Commit[], from = 1, to = commits.length): Run {
  const part = commits.slice(from - 1, to);
  const [first] = part as [Commit];
  return {
    feed: first.feed,
    firstSeq: from,
    ...(from > 1 ? { previous: first.previous } : {}),
    commits: part,
  };
}

const at = (commits: readonly Commit[], seq: number): Commit => commits[seq - 1] as Commit;

describe('a feed that is cut', () => {
  it('inside a checkpoint that was whole is held no more, and asked for', () => {
    const commits = write(FEED, ['any', { commits: 2 }, 'any']);
    const [whole, partial] = [new Reader(), new Reader()];
    whole.table.accept(runOf(commits));
    partial.table.accept(runOf(commits, 1, 2));
    for (const reader of [whole, partial]) {
      reader.table.takeNews();
      reader.cut(at(commits, 2));
    }
    assert.deepEqual(
      [whole.place(FEED), partial.place(FEED)],
      [
        [1, 0],
        [1, 2],
      ],
    );
    const { voided, lost } = whole.table.takeNews();
    assert.deepEqual([voided, lost], [[{ feed: FEED, from: 1, through: 3 }], true]);
    assert.deepEqual(whole.table.positions(), []);
    assert.equal(whole.table.accept(runOf(commits)).type, 'accepted');
    assert.deepEqual(whole.place(FEED), partial.place(FEED));
  });

  it('behind a checkpoint keeps it', () => {
    const commits = write(FEED, ['any', { commits: 2 }, 'any', 'any']);
    const reader = new Reader();
    reader.table.accept(runOf(commits));
    reader.cut(at(commits, 3));
    assert.deepEqual(reader.place(FEED), [2, 3]);
  });

  it('brings back to be asked for what a later incarnation covered beyond its cut', () => {
    const earlier = write(FEED, ['any', 'any']);
    const covers = [{ incarnation: FEED.incarnation, seq: 2 }];
    const later = write(LATER, ['any', { covers }]);
    for (const [end, expected] of [
      [at(later, 1), [1, 0]],
      [at(later, 2), [3, 2]],
    ] as const) {
      const reader = new Reader();
      reader.table.accept(runOf(earlier));
      reader.table.accept(runOf(later));
      reader.cut(at(earlier, 2), end);
      assert.deepEqual(reader.place(FEED), expected);
    }
  });

  it('is cut at the start, also when the process died before it was', () => {
    const commits = write(FEED, ['any', 'any', 'any']);
    const before = new Reader();
    before.table.accept(runOf(commits));
    const heads = before.table.takeNews().heads;
    before.cut(at(commits, 2));
    const after = new Reader(heads, before);
    assert.deepEqual(after.place(FEED), [1, 2]);
    const { voided, lost, ends } = after.table.takeNews();
    assert.deepEqual([voided, lost], [[{ feed: FEED, from: 3, through: 3 }], false]);
    assert.deepEqual(ends, [{ feed: FEED, seq: 2 }]);
    const none = new Reader(heads, Object.assign(new Reader(), { isCut: true }));
    assert.equal(none.place(FEED), undefined);
  });

  it('counts only where the commit at the cut is the one that was named', () => {
    const commits = write(FEED, ['any', 'any', 'any']);
    const forked = write(FEED, ['any', 'any', 'any'], 'another');
    const reader = new Reader();
    reader.table.accept(runOf(forked, 1, 2));
    reader.cut(at(commits, 2));
    assert.deepEqual(reader.place(FEED), [1, 0], 'the hash of the last one is known');
    const longer = new Reader();
    longer.table.accept(runOf(forked));
    longer.cut(at(commits, 2));
    assert.deepEqual(longer.place(FEED), [1, 2], 'that of an earlier one must be read');
    longer.table.checkEnd(FEED, 2, at(forked, 2));
    assert.deepEqual(longer.place(FEED), [1, 0]);
    assert.equal(longer.table.accept(runOf(forked)).type, 'held');
    assert.equal(longer.table.accept(runOf(commits)).type, 'accepted');
    longer.table.checkEnd(FEED, 2, at(commits, 2));
    assert.deepEqual(longer.place(FEED), [1, 2]);
  });
});
