// Two live sessions: each sends exactly what the other lacks, most urgent first, no faster than it is stored.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';
import { fromHex } from '../../../src/core/index.ts';
import { FrameSchema } from '../../../src/gen/holdfast/mesh/v1/session_pb.ts';
import { MAX_FRAME_BYTES } from '../../../src/mesh/transport/transport.ts';
import { FeedHolder } from '../support/feed-holder.ts';
import { greetedEnd, helloOfBeta, liveEnd, position, runsOf } from '../support/live-end.ts';
import { feedOf } from '../support/names.ts';
import type { SessionEnd } from '../support/session-end.ts';
import { SessionWorld } from '../support/session-world.ts';

/** What the window lets a side send before the first of it is stored. */
const WINDOW = 8;

function isRun(line: string): boolean {
  return line.trimStart().startsWith('send run');
}

/** Answers reads until none is asked for; returns the runs that went out. */
function readOn(end: SessionEnd): string[] {
  const sent: string[] = [];
  while (end.reads.length > 0) sent.push(...end.answerRead().filter(isRun));
  return sent;
}

describe('after the greeting', () => {
  it('nothing is sent before the whole frontier of the other is known', () => {
    const alpha = greetedEnd();
    alpha.holder.write('state', 3);
    assert.deepEqual(alpha.take({ type: 'advanced', positions: alpha.holder.positions() }), []);
    const digest = { frontier: new Uint8Array(16), roster: new Uint8Array(16), feeds: 1 };
    assert.deepEqual(alpha.hear({ type: 'frontier-digest', ...digest }), ['send 1 buckets']);
    assert.deepEqual(alpha.hear({ type: 'frontier-buckets', hashes: new Uint8Array(8) }), [
      'send frontier: nothing',
    ]);
    const first = [position('alpha', 'state', 1)];
    assert.deepEqual(alpha.hear({ type: 'frontier', positions: first, last: false }), []);
    const other = [position('beta', 'state', 1)];
    assert.deepEqual(alpha.hear({ type: 'frontier', positions: other, last: true }), [
      'peer has alpha/state 1, beta/state 1',
      'read alpha/state from 2',
    ]);
  });

  it('exactly the missing runs travel, in both directions', () => {
    const world = new SessionWorld();
    const [alpha, beta] = [world.node('alpha'), world.node('beta')];
    alpha.write('state', 2);
    // They met before, when there were two.
    beta.store(alpha.read(position('alpha', 'state', 1))!);
    alpha.write('state', 4);
    beta.write('state', 1);
    world.dial('alpha', 'beta');
    assert.deepEqual(world.settle().filter(isRun), [
      '  send run alpha/state 3-6 signed 6',
      '  send run beta/state 1-1 signed 1',
    ]);
    assert.deepEqual([alpha.holds('beta', 'state'), beta.holds('alpha', 'state')], [1, 6]);
  });

  it('two that hold the same send no run', () => {
    const world = new SessionWorld();
    world.node('alpha').write('state', 3);
    world.dial('alpha', 'beta');
    world.settle();
    world.dial('beta', 'alpha');
    assert.deepEqual(world.settle().filter(isRun), []);
  });

  it('a large frontier is sent in parts and taken as one', () => {
    const holder = new FeedHolder('alpha');
    const feeds = Array.from({ length: 5000 }, (_, i) => ({
      feed: { ...feedOf('alpha', 'state'), incarnation: i.toString(16).padStart(32, '0') },
      seq: 1,
    }));
    holder.positions = () => feeds;
    assert.deepEqual(liveEnd(holder).reads.length, 1, 'beta has none of them');
    assert.deepEqual(liveEnd(holder, feeds).reads, [], 'beta has all of them');
    const more = { ...feedOf('beta', 'state'), incarnation: 'f'.repeat(32) };
    const differing = liveEnd(holder, [...feeds, { feed: more, seq: 1 }]);
    assert.deepEqual(differing.reads, [], 'beta has all of them and one more');
  });
});

describe('sending', () => {
  it('takes the most urgent lane first, whatever was written first', () => {
    const holder = new FeedHolder('alpha');
    for (const lane of ['pulse', 'state', 'command', 'trust'] as const) holder.write(lane);
    assert.deepEqual(readOn(liveEnd(holder)), [
      'send run alpha/trust 1-1 signed 1',
      'send run alpha/command 1-1 signed 1',
      'send run alpha/state 1-1 signed 1',
      'send run alpha/pulse 1-1 signed 1',
    ]);
  });

  it('lets a command overtake a backlog that is under way', () => {
    const holder = new FeedHolder('alpha', { commitsPerRun: 1 });
    holder.write('pulse', 3);
    const alpha = liveEnd(holder);
    alpha.answerRead();
    alpha.take({ type: 'advanced', positions: [holder.write('command')] });
    assert.deepEqual(readOn(alpha), [
      'send run alpha/pulse 2-2 signed 2',
      'send run alpha/command 1-1 signed 1',
      'send run alpha/pulse 3-3 signed 3',
    ]);
  });

  it('has at most one read under way', () => {
    const holder = new FeedHolder('alpha');
    holder.write('state');
    const alpha = liveEnd(holder);
    alpha.take({ type: 'advanced', positions: [holder.write('command'), holder.write('pulse')] });
    assert.equal(alpha.reads.length, 1);
  });

  it('stops at eight runs that are not stored, and goes on with each that is', () => {
    const holder = new FeedHolder('alpha', { commitsPerRun: 1 });
    holder.write('state', 20);
    const alpha = liveEnd(holder);
    assert.equal(readOn(alpha).length, WINDOW);
    alpha.hear({ type: 'stored', runs: 1 });
    assert.deepEqual(readOn(alpha), ['send run alpha/state 9-9 signed 9']);
    alpha.hear({ type: 'stored', runs: 3 });
    assert.equal(readOn(alpha).length, 3);
  });

  it('is not sped up by a peer that says it stored more than it was sent', () => {
    const holder = new FeedHolder('alpha', { commitsPerRun: 1 });
    holder.write('state', 40);
    const alpha = liveEnd(holder);
    alpha.hear({ type: 'stored', runs: 1000 });
    assert.equal(readOn(alpha).length, WINDOW);
  });

  it('gives up a feed of which nothing can be read, until there is news of it', () => {
    const holder = new FeedHolder('alpha');
    const alpha = liveEnd(holder);
    const news = position('alpha', 'state', 2);
    assert.deepEqual(alpha.take({ type: 'advanced', positions: [news] }), [
      'read alpha/state from 1',
    ]);
    assert.deepEqual(alpha.answerRead(), [], 'asked for once and not again');
    assert.deepEqual(alpha.tick(), ['send ping 1']);
    holder.write('pulse');
    assert.deepEqual(alpha.take({ type: 'advanced', positions: holder.positions() }), [
      'read alpha/pulse from 1',
    ]);
    assert.deepEqual(alpha.answerRead(), ['send run alpha/pulse 1-1 signed 1']);
    assert.deepEqual(alpha.take({ type: 'advanced', positions: [{ ...news, seq: 3 }] }), [
      'read alpha/state from 1',
    ]);
  });

  it('thins its own signatures and passes on all of others', () => {
    const [alpha, gamma] = [new FeedHolder('alpha'), new FeedHolder('gamma')];
    gamma.write('state', 3);
    alpha.store(gamma.read(position('gamma', 'state', 1))!);
    const end = liveEnd(alpha);
    end.hear({ type: 'want', entries: [position('gamma', 'state', 1)] });
    assert.deepEqual(readOn(end), ['send run gamma/state 1-3 signed 1 2 3']);
    alpha.write('command', 3);
    assert.deepEqual(readOn(liveEnd(alpha))[0], 'send run alpha/command 1-3 signed 3');
  });

  it('cuts what a store read to what fits a frame: a day of heartbeats that a relay holds', () => {
    const [alpha, gamma] = [7000, 7000].map((commitsPerRun, i) => {
      return new FeedHolder(i === 0 ? 'alpha' : 'gamma', { commitsPerRun });
    }) as [FeedHolder, FeedHolder];
    gamma.write('pulse', 7000);
    alpha.store(gamma.read(position('gamma', 'pulse', 1))!);
    const end = liveEnd(alpha);
    end.hear({ type: 'want', entries: [position('gamma', 'pulse', 1)] });
    const frames: number[] = [];
    while (end.reads.length > 0) {
      end.answerRead();
      frames.push(...end.frames.splice(0).map(({ length }) => length));
      end.hear({ type: 'stored', runs: 1 });
    }
    assert.ok(frames.length > 1);
    for (const bytes of frames) assert.ok(bytes <= MAX_FRAME_BYTES, `${bytes}`);
  });

  it('does not send a run back to where it came from', () => {
    const alpha = liveEnd();
    alpha.hear(runsOf('beta', 'state', 1)[0]!);
    const grown = [position('beta', 'state', 1)];
    assert.deepEqual(alpha.take({ type: 'advanced', positions: grown }), []);
  });
});

describe('a link that takes no more', () => {
  it('gets what was being read, then nothing until it drained, and then the most urgent', () => {
    const holder = new FeedHolder('alpha', { commitsPerRun: 1 });
    holder.write('pulse', 3);
    const alpha = liveEnd(holder);
    alpha.isFull = true;
    assert.deepEqual(alpha.answerRead(), [
      'send run alpha/pulse 1-1 signed 1',
      'read alpha/pulse from 2',
    ]);
    assert.deepEqual(alpha.answerRead(), ['send run alpha/pulse 2-2 signed 2']);
    assert.deepEqual(alpha.take({ type: 'advanced', positions: [holder.write('command')] }), []);
    alpha.isFull = false;
    assert.deepEqual(alpha.take({ type: 'drained' }), ['read alpha/command from 1']);
    assert.deepEqual(readOn(alpha), [
      'send run alpha/command 1-1 signed 1',
      'send run alpha/pulse 3-3 signed 3',
    ]);
  });

  it('still answers pings', () => {
    const alpha = liveEnd();
    alpha.session.block();
    assert.deepEqual(alpha.hear({ type: 'ping', token: 5n }), ['send pong 5']);
  });
});

describe('receiving', () => {
  it('hands every run over and says that it is stored when it is', () => {
    const alpha = liveEnd();
    assert.deepEqual(alpha.hear(runsOf('beta', 'state', 1)[0]!), [
      'moved beta/state 1',
      'store beta/state 1-1 signed 1',
    ]);
    assert.deepEqual(alpha.answerStore(), ['send stored 1']);
  });

  it('stores one run of a feed at a time, and of others beside it', () => {
    const alpha = liveEnd();
    const [first, second] = runsOf('beta', 'state', 2);
    alpha.hear(first!);
    assert.deepEqual(alpha.hear(second!), ['moved beta/state 2']);
    assert.equal(alpha.hear(runsOf('beta', 'command', 1)[0]!).length, 2);
    assert.deepEqual(alpha.answerStore(), ['send stored 1', 'store beta/state 2-2 signed 2']);
  });

  it('bears eight runs that are not stored and not a ninth', () => {
    const alpha = liveEnd();
    const runs = runsOf('beta', 'state', WINDOW + 2);
    for (const run of runs.slice(0, WINDOW)) assert.equal(alpha.hear(run)[0]?.slice(0, 5), 'moved');
    alpha.answerStore();
    assert.equal(alpha.hear(runs[WINDOW]!).length, 1, 'one was stored');
    assert.deepEqual(alpha.hear(runs[WINDOW + 1]!), [
      'send goodbye (protocol): more than 8 runs before the first was stored',
      'close (protocol): more than 8 runs before the first was stored',
    ]);
  });

  it('ends the link when a run is refused, with the reason for both sides', () => {
    const alpha = liveEnd();
    alpha.hear(runsOf('beta', 'state', 1)[0]!);
    assert.deepEqual(alpha.answerStore('signature of commit 1 is not its author’s'), [
      'send goodbye (protocol): signature of commit 1 is not its author’s',
      'close (protocol): signature of commit 1 is not its author’s',
    ]);
  });

  it('answers a run of a lane it does not know, which the sender’s window waits for', () => {
    const alpha = liveEnd();
    assert.deepEqual(alpha.hear(runInLane(256)), ['send stored 1']);
  });

  it('takes and passes on runs of lanes of a later version', () => {
    const alpha = liveEnd();
    const later = runsOf('beta', 'lane9', 1)[0]!;
    assert.deepEqual(alpha.hear(later), ['moved beta/lane9 1', 'store beta/lane9 1-1 signed 1']);
    const relay = new FeedHolder('alpha');
    relay.store(later.run);
    const end = liveEnd(relay);
    end.hear({ type: 'want', entries: [position('beta', 'lane9', 1)] });
    assert.deepEqual(readOn(end), ['send run beta/lane9 1-1 signed 1']);
  });

  it('ignores kinds of frames that it does not know', () => {
    const alpha = liveEnd();
    // Field 100 of a later version, and no field at all.
    assert.deepEqual(alpha.hear(Uint8Array.of(0xa2, 0x06, 0x01, 0x00)), []);
    assert.deepEqual(alpha.hear(new Uint8Array(0)), []);
  });

  it('ends the link for what nobody may say twice, empty runs, and bytes that are no frame', () => {
    const breach = (said: Parameters<SessionEnd['hear']>[0]): string => {
      const [goodbye, close, ...rest] = liveEnd().hear(said);
      assert.deepEqual(rest, []);
      assert.equal(goodbye?.replace('send goodbye (protocol)', 'close (protocol)'), close);
      return close ?? '';
    };
    assert.match(breach({ type: 'frontier', positions: [], last: true }), /a second frontier/);
    const run = { feed: feedOf('beta', 'state'), firstSeq: 1, commits: [] };
    assert.match(breach({ type: 'run', run }), /an empty run/);
    assert.match(breach(new Uint8Array(9).fill(0xff)), /not a frame/);
    assert.match(breach(helloOfBeta()), /a second hello/);
  });

  it('refuses a frontier without end', () => {
    const alpha = greetedEnd();
    const digest = { frontier: new Uint8Array(16), roster: new Uint8Array(16) };
    alpha.hear({ type: 'frontier-digest', ...digest, feeds: 1 });
    alpha.hear({ type: 'frontier-buckets', hashes: new Uint8Array(8) });
    const positions = Array.from({ length: 4000 }, () => position('beta', 'state', 1));
    let parts = 0;
    while (!alpha.isClosed) {
      alpha.hear({ type: 'frontier', positions, last: false });
      parts++;
    }
    assert.equal(parts, 251, 'a million is the most');
    const boast = greetedEnd();
    boast.hear({ type: 'frontier-digest', ...digest, feeds: 1_000_001 });
    assert.ok(boast.isClosed);
  });
});

/** A run of beta in a lane by its number, as a later version might send it. */
function runInLane(lane: number): Uint8Array {
  const feed = feedOf('beta', 'state');
  const value = {
    alias: 1,
    feed: { author: fromHex(feed.author), incarnation: fromHex(feed.incarnation), lane },
    firstSeq: 1n,
    commits: [{ clockMs: 1n, payload: new Uint8Array(3), signature: new Uint8Array(64) }],
  };
  return toBinary(FrameSchema, create(FrameSchema, { body: { case: 'run', value } }));
}
