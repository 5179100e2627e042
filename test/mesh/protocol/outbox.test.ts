// The outbox against a model: who holds what and who wants what, from which follows what is sent and what is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FeedId, feedKey, type Lane } from '../../../src/core/index.ts';
import { LANE_WEIGHT, MAX_RUNS_WAITED } from '../../../src/mesh/protocol/lane-schedule.ts';
import { Outbox } from '../../../src/mesh/protocol/outbox.ts';
import { feedOf, membershipOf } from '../support/names.ts';

const SELF = membershipOf('alpha').nodeId;
const LANES: readonly Lane[] = ['trust', 'command', 'state', 'lane9', 'lane200', 'pulse'];

interface Row {
  readonly feed: FeedId;
  ours: number;
  next: number;
  isSent: boolean;
}

/** What may be sent at all; which of it comes first is the business of other tests. */
class Model {
  readonly rows = new Map<string, Row>();

  of(feed: FeedId): Row {
    const row = this.rows.get(feedKey(feed)) ?? {
      feed,
      ours: 0,
      next: 1,
      isSent: feed.author === SELF,
    };
    this.rows.set(feedKey(feed), row);
    return row;
  }

  get sendable(): string[] {
    const rows = [...this.rows.values()].filter(({ isSent, next, ours }) => isSent && next <= ours);
    return rows.map(({ feed, next }) => `${feedKey(feed)} ${next}`).sort();
  }
}

const step = fc.record({
  what: fc.constantFrom('weHold', 'weHold', 'peerHolds', 'want', 'stop', 'reset', 'forget', 'send'),
  feed: fc
    .record({ author: fc.constantFrom('alpha', 'beta'), lane: fc.constantFrom(...LANES) })
    .map(({ author, lane }) => feedOf(author, lane)),
  seq: fc.integer({ min: 1, max: 9 }),
});

/** Takes everything that is sendable, without sending it. */
function offers(outbox: Outbox): string[] {
  const seen = new Set<string>();
  for (let i = 0; i < MAX_RUNS_WAITED * LANES.length * 2; i++) {
    const next = outbox.next();
    if (next === undefined) break;
    seen.add(`${feedKey(next.feed)} ${next.firstSeq}`);
    // Trust goes before everything for as long as there is any.
    if (next.feed.lane === 'trust') outbox.giveUp(next.feed);
  }
  return [...seen].sort();
}

test('offers what the model offers, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const outbox = new Outbox(SELF);
      const model = new Model();
      for (const { what, feed, seq } of steps) {
        const known = model.rows.get(feedKey(feed));
        switch (what) {
          case 'weHold':
            outbox.weHold({ feed, seq });
            model.of(feed).ours = Math.max(model.of(feed).ours, seq);
            break;
          case 'peerHolds':
            outbox.peerHolds({ feed, seq });
            model.of(feed).next = Math.max(model.of(feed).next, seq + 1);
            break;
          case 'want':
            outbox.want({ feed, seq });
            if (known === undefined || known.ours === 0) break;
            known.isSent = true;
            known.next = seq;
            break;
          case 'stop':
            outbox.stop(feed);
            if (known !== undefined) known.isSent = false;
            break;
          case 'reset':
            outbox.peerReset({ feed, seq });
            model.of(feed).next = seq + 1;
            model.of(feed).isSent = false;
            break;
          case 'forget':
            outbox.forget(feed);
            model.rows.delete(feedKey(feed));
            break;
          case 'send': {
            const next = outbox.next();
            assert.equal(next === undefined, model.sendable.length === 0);
            if (next === undefined) break;
            outbox.sent({ feed: next.feed, seq: next.firstSeq });
            model.of(next.feed).next = next.firstSeq + 1;
            break;
          }
        }
      }
      assert.deepEqual(offers(outbox), model.sendable);
    }),
    { numRuns: 500 },
  );
});

test('tells exactly what the peer cannot know: feeds of others that grew and that it is not sent', () => {
  const outbox = new Outbox(SELF);
  const [own, told, sent, fresh] = ['alpha', 'beta', 'gamma', 'delta'].map((name) =>
    feedOf(name, 'state'),
  ) as [FeedId, FeedId, FeedId, FeedId];
  outbox.weHold({ feed: own, seq: 3 });
  outbox.compared({ feed: told, seq: 3 });
  outbox.weHold({ feed: told, seq: 3 });
  outbox.weHold({ feed: sent, seq: 3 });
  outbox.want({ feed: sent, seq: 1 });
  outbox.weHold({ feed: fresh, seq: 3 });
  assert.deepEqual(outbox.takeUntold(), [{ feed: fresh, seq: 3, kind: 'held' }]);
  assert.deepEqual(outbox.takeUntold(), []);
  outbox.weHold({ feed: told, seq: 4 });
  // It heard of it from somebody else.
  outbox.peerHolds({ feed: told, seq: 4 });
  assert.equal(outbox.hasUntold, false);
  // From here on it is told instead of sent.
  outbox.stop(sent);
  assert.deepEqual(outbox.takeUntold(), [{ feed: sent, seq: 3, kind: 'held' }]);
});

test('feeds of one lane take turns, so that one long feed does not starve the others (invariant 15)', () => {
  const outbox = new Outbox(SELF);
  const feeds = ['a', 'b', 'c'].map((digit) => ({
    ...feedOf('alpha', 'state'),
    incarnation: digit.repeat(32),
  }));
  for (const feed of feeds) outbox.weHold({ feed, seq: 9 });
  const order = Array.from({ length: 6 }, () => {
    const next = outbox.next()!;
    outbox.sent({ feed: next.feed, seq: next.firstSeq });
    return `${next.feed.incarnation[0]}${next.firstSeq}`;
  });
  assert.deepEqual(order, ['a1', 'b1', 'c1', 'a2', 'b2', 'c2']);
});

test('no lane waits longer than two rounds while others have news all the time, or now and then (invariant 15)', () => {
  const lanes = ['command', 'state', 'lane9', 'lane200', 'pulse'] as const;
  const anyLanes = fc.subarray([...lanes]);
  fc.assert(
    fc.property(fc.array(anyLanes, { minLength: 10, maxLength: 300 }), (rounds) => {
      const outbox = new Outbox(SELF);
      const waited = new Map<string, number>();
      for (const fresh of rounds) {
        for (const lane of fresh) {
          const feed = feedOf('alpha', lane);
          outbox.weHold({ feed, seq: (held.get(lane) ?? 0) + 1 });
          held.set(lane, (held.get(lane) ?? 0) + 1);
          if (!waited.has(lane)) waited.set(lane, 0);
        }
        const next = outbox.next();
        if (next === undefined) continue;
        outbox.sent({ feed: next.feed, seq: next.firstSeq });
        for (const [lane, runs] of waited) waited.set(lane, runs + 1);
        const { lane } = next.feed;
        if (next.firstSeq === held.get(lane)) waited.delete(lane);
        else waited.set(lane, 0);
        for (const [other, runs] of waited) {
          // Lanes of later versions share one turn: of two of them each may wait for the other.
          const most = other.startsWith('lane') ? 2 * MAX_RUNS_WAITED : MAX_RUNS_WAITED;
          assert.ok(runs <= most, `${other} waited for ${runs} runs`);
        }
      }
      held.clear();
    }),
  );
});
const held = new Map<string, number>();

test('trust goes before everything, and the others by weight when all have plenty', () => {
  const outbox = new Outbox(SELF);
  for (const lane of LANES) outbox.weHold({ feed: feedOf('alpha', lane), seq: 1000 });
  const round = Object.values(LANE_WEIGHT).reduce((sum: number, weight) => sum + weight, 0);
  const count = new Map<string, number>();
  for (let i = 0; i < 1000; i++) {
    const next = outbox.next()!;
    assert.equal(next.feed.lane, 'trust');
    outbox.sent({ feed: next.feed, seq: next.firstSeq });
  }
  for (let i = 0; i < round; i++) {
    const next = outbox.next()!;
    outbox.sent({ feed: next.feed, seq: next.firstSeq });
    count.set(next.feed.lane, (count.get(next.feed.lane) ?? 0) + 1);
  }
  assert.deepEqual(Object.fromEntries(count), {
    command: 16,
    lane200: 1,
    lane9: 1,
    pulse: 1,
    state: 4,
  });
});

test('a feed that was given up comes back with any news of it, also with news of what was known', () => {
  const outbox = new Outbox(SELF);
  const news = { feed: feedOf('alpha', 'state'), seq: 1 };
  outbox.compared(news);
  outbox.weHold(news);
  const { feed } = news;
  assert.deepEqual(outbox.giveUp(feed), { feed, seq: 0, kind: 'lost' }, 'it was announced');
  assert.equal(outbox.next(), undefined);
  // The frontier counted a commit that was not on the disk yet; now it is.
  outbox.weHold(news);
  assert.deepEqual(outbox.next(), { feed, firstSeq: 1, isAsked: false });
});
