// The outbox against a model: a table of who holds what, from which the next feed to send follows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FeedId, feedKey, LANES, laneNumber } from '../../../src/core/index.ts';
import { Outbox } from '../../../src/mesh/protocol/outbox.ts';
import { feedOf } from '../support/names.ts';

/** What the model knows of a feed: `news` is when it was last put in the queue of its lane. */
interface Row {
  readonly feed: FeedId;
  ours: number;
  theirs: number;
  news: number | undefined;
}

class Model {
  readonly #rows = new Map<string, Row>();
  #turn = 0;

  hold(feed: FeedId, whose: 'ours' | 'theirs', seq: number): void {
    const row = this.#rows.get(feedKey(feed)) ?? { feed, ours: 0, theirs: 0, news: undefined };
    this.#rows.set(feedKey(feed), row);
    row[whose] = Math.max(row[whose], seq);
    row.news = row.ours > row.theirs ? (row.news ?? ++this.#turn) : undefined;
  }

  giveUp(feed: FeedId): void {
    const row = this.#rows.get(feedKey(feed));
    if (row !== undefined) row.news = undefined;
  }

  next(): { feed: FeedId; firstSeq: number } | undefined {
    const waiting = [...this.#rows.values()].filter(({ news }) => news !== undefined);
    const urgency = (row: Row): [number, number] => [laneNumber(row.feed.lane), row.news ?? 0];
    const [row] = waiting.sort((a, b) => {
      const [[laneA, newsA], [laneB, newsB]] = [urgency(a), urgency(b)];
      return laneA - laneB || newsA - newsB;
    });
    if (row === undefined) return undefined;
    row.news = ++this.#turn;
    return { feed: row.feed, firstSeq: row.theirs + 1 };
  }
}

const feed = fc.record({
  author: fc.constantFrom('alpha', 'beta', 'gamma'),
  lane: fc.constantFrom(...LANES),
});
const step = fc.record({
  what: fc.constantFrom('weHold', 'weHold', 'peerHolds', 'giveUp', 'next', 'send'),
  feed: feed.map(({ author, lane }) => feedOf(author, lane)),
  seq: fc.integer({ min: 0, max: 9 }),
});

test('offers what the model offers, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const outbox = new Outbox();
      const model = new Model();
      for (const { what, feed, seq } of steps) {
        if (what === 'giveUp') {
          outbox.giveUp(feed);
          model.giveUp(feed);
        } else if (what === 'weHold' || what === 'peerHolds') {
          outbox[what]({ feed, seq });
          model.hold(feed, what === 'weHold' ? 'ours' : 'theirs', seq);
        } else {
          const next = outbox.next();
          assert.deepEqual(next, model.next());
          if (what === 'next' || next === undefined) continue;
          const sent = { feed: next.feed, seq: next.firstSeq };
          outbox.peerHolds(sent);
          model.hold(sent.feed, 'theirs', sent.seq);
        }
      }
      assert.deepEqual(outbox.next(), model.next());
    }),
    { numRuns: 500 },
  );
});

test('feeds of one lane take turns, so that one long feed does not starve the others (invariant 15)', () => {
  const outbox = new Outbox();
  for (const name of ['alpha', 'beta', 'gamma'])
    outbox.weHold({ feed: feedOf(name, 'state'), seq: 9 });
  const order = Array.from({ length: 6 }, () => {
    const next = outbox.next()!;
    outbox.peerHolds({ feed: next.feed, seq: next.firstSeq });
    return [next.feed, next.firstSeq];
  });
  const [alpha, beta, gamma] = ['alpha', 'beta', 'gamma'].map((name) => feedOf(name, 'state'));
  assert.deepEqual(order, [
    [alpha, 1],
    [beta, 1],
    [gamma, 1],
    [alpha, 2],
    [beta, 2],
    [gamma, 2],
  ]);
});

test('a feed that was given up comes back with any news of it, also with news of what was known', () => {
  const outbox = new Outbox();
  const news = { feed: feedOf('alpha', 'state'), seq: 1 };
  outbox.weHold(news);
  outbox.giveUp(news.feed);
  assert.equal(outbox.next(), undefined);
  // The frontier counted a commit that was not on the disk yet; now it is.
  outbox.weHold(news);
  assert.deepEqual(outbox.next(), { feed: news.feed, firstSeq: 1 });
});
