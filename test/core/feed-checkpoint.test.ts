// The table of feeds: when a base moves, what a jump needs, what a cover does, and what is held back until it passes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_FEED_BYTES, MAX_FEED_COMMITS, MAX_INCARNATIONS } from '../../src/core/config.ts';
import type { Checkpoint } from '../../src/core/feeds/checkpoint.ts';
import { type Commit, encodeOps } from '../../src/core/feeds/commit.ts';
import { FeedTable } from '../../src/core/feeds/feed.ts';
import type { FeedHead, Superseded } from '../../src/core/feeds/feed-head.ts';
import type { Run } from '../../src/core/feeds/run.ts';
import { createIncarnation, type FeedId, hlcOf, toHex, utf8 } from '../../src/core/index.ts';
import { createSigner, sodiumCrypto } from '../../src/sidecar/sodium-crypto.ts';

const signer = createSigner(new Uint8Array(32).fill(1));
const AUTHOR = toHex(signer.publicKey);
const START_MS = 1_800_000_000_000;
const NOTHING = { commits: 1, closedBeforeMs: 0, covers: [] } satisfies Checkpoint;

function feedOf(startMs: number, author = AUTHOR): FeedId {
  const incarnation = createIncarnation(author, startMs, new Uint8Array(4), sodiumCrypto);
  return { author, incarnation, lane: 'state' };
}

function tableOf(own: FeedId, heads: Iterable<FeedHead> = []): FeedTable {
  const parts = { fleetId: utf8('fleet'), crypto: sodiumCrypto, signer };
  return new FeedTable({ ...parts, own: (lane) => ({ ...own, lane }), heads });
}

/** A feed of which the test says what each commit is: an ordinary one, a number of bytes, or the beginning of a checkpoint. */
function write(feed: FeedId, commits: readonly ('any' | number | Partial<Checkpoint>)[]): Commit[] {
  const table = tableOf(feed);
  return commits.map((what, i) => {
    const payload =
      what === 'any'
        ? encodeOps([])
        : typeof what === 'number'
          ? new Uint8Array(what)
          : encodeOps([], { ...NOTHING, ...what });
    return table.append('state', hlcOf(START_MS + i), payload);
  });
}

/** Commits `from` to `to` as a run; with `previous` when it is meant to jump. */
function runOf(commits: readonly Commit[], from: number, to: number, jumps = false): Run {
  const part = commits.slice(from - 1, to);
  const [first] = part;
  assert.ok(first);
  const previous = jumps ? { previous: first.previous } : {};
  return { feed: first.feed, firstSeq: from, ...previous, commits: part };
}

const FEED = feedOf(START_MS);
const reader = (): FeedTable => tableOf(feedOf(START_MS, '22'.repeat(32)));

function place(table: FeedTable, feed = FEED): Pick<FeedHead, 'base' | 'from' | 'seq'> | undefined {
  const head = table.head(feed);
  return head && { base: head.base, from: head.from, seq: head.seq };
}

function spans(superseded: readonly Superseded[]): string[] {
  return superseded.map(({ from, through }) => `${from}-${through}`);
}

test('the base moves to a checkpoint only when all its commits are held', () => {
  const commits = write(FEED, ['any', 'any', { commits: 3 }, 'any', 'any', 'any']);
  const table = reader();
  for (const seq of [1, 2, 3, 4]) {
    assert.equal(table.accept(runOf(commits, seq, seq)).type, 'accepted');
    assert.deepEqual(place(table), { base: 1, from: 1, seq });
    assert.deepEqual(table.takeNews().superseded, []);
  }
  table.accept(runOf(commits, 5, 5));
  assert.deepEqual(place(table), { base: 3, from: 3, seq: 5 });
  assert.deepEqual(table.takeNews().superseded, [{ feed: FEED, from: 1, through: 2 }]);
  table.accept(runOf(commits, 6, 6));
  assert.deepEqual(place(table), { base: 3, from: 3, seq: 6 });
  assert.equal(table.commits, 4);
});

test('bytes count from the base on, also of what came behind an unfinished checkpoint', () => {
  const commits = write(FEED, [100, 100, { commits: 2 }, 50, 7]);
  const table = reader();
  table.accept(runOf(commits, 1, 3));
  const begun = (commits[2] as Commit).payload.length;
  assert.equal(table.head(FEED)?.bytes, 200 + begun);
  table.accept(runOf(commits, 4, 4));
  assert.equal(table.head(FEED)?.bytes, begun + 50);
  table.accept(runOf(commits, 5, 5));
  assert.equal(table.head(FEED)?.bytes, begun + 57);
});

test('the author itself forgets in the same step', () => {
  const table = tableOf(FEED);
  table.append('state', hlcOf(1), encodeOps([]));
  table.append('state', hlcOf(2), encodeOps([], NOTHING));
  assert.deepEqual(place(table), { base: 2, from: 2, seq: 2 });
  assert.deepEqual(spans(table.takeNews().superseded), ['1-1']);
});

test('a checkpoint that begins before the last one ended replaces it', () => {
  const commits = write(FEED, ['any', { commits: 3 }, { commits: 2 }, 'any', 'any']);
  const table = reader();
  table.accept(runOf(commits, 1, 3));
  assert.equal(place(table)?.base, 1);
  table.accept(runOf(commits, 4, 4));
  assert.equal(place(table)?.base, 3, 'the second is whole');
  table.accept(runOf(commits, 5, 5));
  assert.equal(place(table)?.base, 3, 'the first never is');
});

test('a jump is taken where a checkpoint begins and the run says what came before, and nowhere else', () => {
  const commits = write(FEED, ['any', 'any', 'any', { commits: 2 }, 'any', 'any']);
  const behind = (): FeedTable => {
    const table = reader();
    table.accept(runOf(commits, 1, 1));
    table.takeNews();
    return table;
  };
  for (const [what, run] of Object.entries({
    'without the hash before': runOf(commits, 4, 6),
    'to an ordinary commit': runOf(commits, 3, 6, true),
    'into a checkpoint': runOf(commits, 5, 6, true),
  })) {
    const table = behind();
    assert.equal(table.accept(run).type, 'held', what);
    assert.deepEqual(place(table), { base: 1, from: 1, seq: 1 }, what);
  }
  const table = behind();
  const forged = { ...runOf(commits, 4, 6), previous: new Uint8Array(32) };
  assert.equal(table.accept(forged).type, 'refused', 'a wrong hash fits no signature');
  assert.equal(table.accept({ ...forged, previous: new Uint8Array(31) }).type, 'refused');
  assert.deepEqual(place(table), { base: 1, from: 1, seq: 1 });
  assert.equal(table.accept(runOf(commits, 4, 4, true)).type, 'accepted');
  assert.deepEqual(place(table), { base: 1, from: 4, seq: 4 }, 'what was held still counts');
  assert.deepEqual(table.takeNews().superseded, []);
  assert.equal(table.accept(runOf(commits, 5, 6)).type, 'accepted');
  assert.deepEqual(place(table), { base: 4, from: 4, seq: 6 });
  assert.deepEqual(spans(table.takeNews().superseded), ['1-3']);
});

test('a newcomer begins with a jump', () => {
  const commits = write(FEED, ['any', 'any', NOTHING, 'any']);
  const table = reader();
  const outcome = table.accept(runOf(commits, 3, 4, true));
  assert.ok(outcome.type === 'accepted' && outcome.commits.length === 2);
  assert.deepEqual(place(table), { base: 3, from: 3, seq: 4 });
});

test('runs that overlap the base or what is held bring only what is new', () => {
  const commits = write(FEED, ['any', 'any', NOTHING, 'any', 'any', 'any']);
  const table = reader();
  table.accept(runOf(commits, 3, 4, true));
  for (const [run, fresh] of [
    [runOf(commits, 1, 2), []],
    [runOf(commits, 1, 4), []],
    [runOf(commits, 3, 4, true), []],
    [runOf(commits, 2, 5), [5]],
    [runOf(commits, 3, 6, true), [6]],
  ] as const) {
    const outcome = table.accept(run);
    assert.ok(outcome.type === 'accepted');
    assert.deepEqual(
      outcome.commits.map(({ seq }) => seq),
      fresh,
    );
  }
  assert.deepEqual(place(table), { base: 3, from: 3, seq: 6 });
});

test('a jump that never came to its end is dropped by the next one, and its commits go', () => {
  const commits = write(FEED, ['any', 'any', { commits: 3 }, 'any', 'any', { commits: 2 }, 'any']);
  const table = reader();
  table.accept(runOf(commits, 1, 1));
  table.accept(runOf(commits, 3, 4, true));
  table.takeNews();
  assert.equal(table.accept(runOf(commits, 6, 6, true)).type, 'accepted');
  assert.deepEqual(place(table), { base: 1, from: 6, seq: 6 });
  assert.deepEqual(spans(table.takeNews().superseded), ['3-4']);
  table.accept(runOf(commits, 7, 7));
  assert.deepEqual(place(table), { base: 6, from: 6, seq: 7 });
  assert.deepEqual(spans(table.takeNews().superseded), ['1-5']);
});

test('a later incarnation covers an earlier one that is held less, as far, further, or not at all', () => {
  const [earlier, later] = [feedOf(START_MS), feedOf(START_MS + 1)];
  const old = write(earlier, ['any', 'any', 'any', 'any', 'any']);
  const covers = [{ incarnation: earlier.incarnation, seq: 3 }];
  const fresh = write(later, [{ covers }]);
  for (const [held, expected] of [
    [0, { base: 4, from: 4, seq: 3 }],
    [2, { base: 4, from: 4, seq: 3 }],
    [3, { base: 4, from: 4, seq: 3 }],
    [5, { base: 4, from: 4, seq: 5 }],
  ] as const) {
    const table = reader();
    if (held > 0) table.accept(runOf(old, 1, held));
    table.takeNews();
    table.accept(runOf(fresh, 1, 1));
    assert.deepEqual(place(table, earlier), expected, `held ${held}`);
    assert.deepEqual(
      table.takeNews().superseded.filter(({ feed }) => feed.incarnation === earlier.incarnation),
      [{ feed: earlier, from: 1, through: 3 }],
    );
    const again = table.accept(runOf(old, 1, 3));
    assert.ok(again.type === 'accepted' && again.commits.length === 0, 'what is covered is old');
    // A chain whose last hash is not known goes on only with a run that brings it.
    if (held < 3) assert.equal(table.accept(runOf(old, 4, 5)).type, 'held');
    assert.equal(table.accept(runOf(old, 4, 5, true)).type, 'accepted');
    assert.deepEqual(place(table, earlier), { base: 4, from: 4, seq: 5 });
  }
});

test('a cover that reaches less far than one before moves no base back', () => {
  const [earlier, later] = [feedOf(START_MS), feedOf(START_MS + 1)];
  const covers = [3, 1].map((seq) => [{ incarnation: earlier.incarnation, seq }]);
  const table = reader();
  const fresh = write(later, [{ covers: covers[0] ?? [] }, { covers: covers[1] ?? [] }]);
  table.accept(runOf(fresh, 1, 1));
  table.accept(runOf(fresh, 2, 2));
  assert.deepEqual(place(table, earlier), { base: 4, from: 4, seq: 3 });
});

test('a checkpoint that a cover reaches into never moves the base back', () => {
  const [earlier, later] = [feedOf(START_MS), feedOf(START_MS + 1)];
  const old = write(earlier, ['any', { commits: 3 }, 'any', 'any']);
  const covers = [{ incarnation: earlier.incarnation, seq: 2 }];
  const table = reader();
  table.accept(runOf(old, 1, 2));
  table.accept(runOf(write(later, [{ covers }]), 1, 1));
  table.accept(runOf(old, 3, 4));
  assert.deepEqual(place(table, earlier), { base: 3, from: 3, seq: 4 });
});

test('what a crash kept of a closed incarnation is closed at the next start', () => {
  const [earlier, later] = [feedOf(START_MS), feedOf(START_MS + 1)];
  const table = reader();
  table.accept(runOf(write(earlier, ['any', 'any']), 1, 2));
  const left = table.head(earlier) as FeedHead;
  table.accept(runOf(write(later, [{ closedBeforeMs: START_MS + 1 }]), 1, 1));
  const news = table.takeNews();
  assert.deepEqual(news.closed, [earlier]);
  // The store gets to know it as superseded, so that dropping it in part leaves no gap.
  const stored = news.heads.find(({ feed }) => feed.incarnation === earlier.incarnation);
  assert.deepEqual([stored?.base, stored?.from, stored?.seq], [3, 3, 2]);
  const again = tableOf(feedOf(START_MS, '22'.repeat(32)), [left, table.head(later) as FeedHead]);
  assert.deepEqual(again.takeNews().closed, [earlier]);
  const positions = again.positions().map(({ feed, seq }) => ({ feed, seq }));
  assert.deepEqual(positions, [{ feed: later, seq: 1 }]);
});

test('a cover takes effect with the last commit of its checkpoint, never with the first', () => {
  const [earlier, later] = [feedOf(START_MS), feedOf(START_MS + 1)];
  const covers = [{ incarnation: earlier.incarnation, seq: 1 }];
  const fresh = write(later, [{ covers, commits: 2 }, 'any']);
  const table = reader();
  table.accept(runOf(write(earlier, ['any']), 1, 1));
  table.accept(runOf(fresh, 1, 1));
  assert.equal(place(table, earlier)?.base, 1);
  table.accept(runOf(fresh, 2, 2));
  assert.equal(place(table, earlier)?.base, 2);
});

test('a checkpoint covers and closes earlier incarnations only, never its own, later or others', () => {
  const [earlier, middle, later] = [0, 1, 2].map((ms) => feedOf(START_MS + ms)) as [
    FeedId,
    FeedId,
    FeedId,
  ];
  const covers = [middle, later].map(({ incarnation }) => ({ incarnation, seq: 1 }));
  const table = reader();
  for (const feed of [earlier, later]) table.accept(runOf(write(feed, ['any', 'any']), 1, 2));
  const fresh = write(middle, [{ covers, closedBeforeMs: START_MS + 1000 }, 'any']);
  table.accept(runOf(fresh, 1, 2));
  assert.deepEqual(place(table, middle), { base: 1, from: 1, seq: 2 });
  assert.deepEqual(place(table, later), { base: 1, from: 1, seq: 2 });
  assert.equal(place(table, earlier), undefined);
  assert.deepEqual(table.takeNews().closed, [earlier]);
});

test('a closed incarnation is taken from nobody again, and not one that a cover still names', () => {
  const [first, second, third] = [0, 1, 2].map((ms) => feedOf(START_MS + ms)) as [
    FeedId,
    FeedId,
    FeedId,
  ];
  const covers = [{ incarnation: second.incarnation, seq: 1 }];
  const table = reader();
  table.accept(runOf(write(third, [{ covers, closedBeforeMs: START_MS + 2 }]), 1, 1));
  const outcome = table.accept(runOf(write(first, ['any']), 1, 1));
  assert.deepEqual(outcome, { type: 'accepted', commits: [] });
  assert.equal(place(table, first), undefined);
  assert.equal(table.accept(runOf(write(second, ['any', 'any']), 2, 2, true)).type, 'accepted');
  assert.deepEqual(place(table, second), { base: 2, from: 2, seq: 2 });
});

test('an incarnation of somebody else is refused', () => {
  const other = feedOf(START_MS, '33'.repeat(32));
  const commits = write({ ...FEED, incarnation: other.incarnation }, ['any']);
  const outcome = reader().accept(runOf(commits, 1, 1));
  assert.ok(outcome.type === 'refused');
  assert.match(outcome.reason, /incarnation/);
});

test('bytes beyond the quota are held, nothing of the run is kept, and a checkpoint frees the room (invariant 13)', () => {
  const bytes = 150 * 1024;
  const count = Math.floor(MAX_FEED_BYTES / bytes);
  const commits = write(FEED, [...Array(count + 1).fill(bytes), NOTHING]);
  const table = reader();
  assert.equal(table.accept(runOf(commits, 1, count)).type, 'accepted');
  const outcome = table.accept(runOf(commits, count + 1, count + 1));
  assert.ok(outcome.type === 'held');
  assert.match(outcome.reason, new RegExp(`commit ${count + 1} goes beyond`));
  assert.equal(place(table)?.seq, count);
  assert.equal(table.accept(runOf(commits, count + 2, count + 2, true)).type, 'accepted');
  assert.deepEqual(place(table), { base: count + 2, from: count + 2, seq: count + 2 });
  assert.ok((table.head(FEED)?.bytes ?? 0) < 1000);
});

test('commits beyond the quota are held (invariant 13)', () => {
  const [first] = write(FEED, ['any', 'any']);
  assert.ok(first);
  const seq = MAX_FEED_COMMITS;
  const full: FeedHead = {
    ...{ feed: FEED, seq, hash: first.hash, base: 1, from: 1, bytes: 0 },
    ...{ pending: undefined, covers: [], whole: undefined, closedBeforeMs: 0 },
  };
  const author = tableOf(FEED, [full]);
  const next = author.append('state', hlcOf(9), encodeOps([]));
  const table = tableOf(feedOf(START_MS, '22'.repeat(32)), [full]);
  const outcome = table.accept({ feed: FEED, firstSeq: seq + 1, commits: [next] });
  assert.equal(outcome.type, 'held');
  const roomy = tableOf(feedOf(START_MS, '22'.repeat(32)), [{ ...full, base: 2, from: 2 }]);
  assert.equal(roomy.accept({ feed: FEED, firstSeq: seq + 1, commits: [next] }).type, 'accepted');
});

test('one author has only so many incarnations until a checkpoint closes some (invariant 13)', () => {
  const table = reader();
  for (let ms = 0; ms < MAX_INCARNATIONS; ms++) {
    const feed = feedOf(START_MS + ms);
    assert.equal(table.accept(runOf(write(feed, ['any']), 1, 1)).type, 'accepted');
  }
  const last = feedOf(START_MS + MAX_INCARNATIONS - 1);
  const next = feedOf(START_MS + MAX_INCARNATIONS);
  assert.equal(table.accept(runOf(write(next, ['any']), 1, 1)).type, 'held');
  const closing = write(last, ['any', { closedBeforeMs: START_MS + MAX_INCARNATIONS }]);
  assert.equal(table.accept(runOf(closing, 1, 2)).type, 'accepted');
  assert.equal(table.feeds, 1);
  assert.equal(table.accept(runOf(write(next, ['any']), 1, 1)).type, 'accepted');
});

test('what a checkpoint claims to cover makes no more feeds than an author may have (invariant 13)', () => {
  const table = reader();
  const author = tableOf(FEED);
  for (let round = 0; round < 6; round++) {
    const covers = Array.from({ length: 64 }, (_, i) => ({
      incarnation: feedOf(START_MS - 1 - round * 64 - i).incarnation,
      seq: 1,
    }));
    const commit = author.append('state', hlcOf(round), encodeOps([], { ...NOTHING, covers }));
    table.accept({ feed: FEED, firstSeq: round + 1, commits: [commit] });
  }
  assert.equal(table.feeds, MAX_INCARNATIONS);
  const other = feedOf(START_MS - 1, '33'.repeat(32));
  const covers = [{ incarnation: other.incarnation, seq: 1 }];
  const fresh = reader();
  fresh.accept(runOf(write(FEED, [{ covers }]), 1, 1));
  assert.equal(fresh.feeds, 1, 'an incarnation of somebody else is nothing to remember');
});
