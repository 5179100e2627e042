// A session and the time: deadlines, pings and silence, all told by ticks; and how it ends when we end it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '../../../src/core/index.ts';
import { TICK_MS } from '../../../src/mesh/protocol/index.ts';
import { FeedHolder } from '../support/feed-holder.ts';
import { greetedEnd, liveEnd, runsOf } from '../support/live-end.ts';
import { SessionEnd } from '../support/session-end.ts';
import { SessionWorld } from '../support/session-world.ts';

/** Time passes until the next tick. */
function nextTick(end: SessionEnd): string[] {
  end.nowMs += TICK_MS;
  return end.tick();
}

/** Alpha after one ping whose pong took so long. */
function measuredEnd(roundTripMs: number): SessionEnd {
  const alpha = liveEnd();
  nextTick(alpha);
  alpha.nowMs += roundTripMs;
  alpha.hear({ type: 'pong', token: 1n });
  alpha.nowMs -= roundTripMs;
  return alpha;
}

describe('in the greeting', () => {
  for (const initiator of [true, false]) {
    it(`whoever says no hello within a minute is refused, ${initiator ? 'dialled' : 'dialling'}`, () => {
      const end = new SessionEnd(new FeedHolder('alpha'), { initiator, handshakeHash: utf8('x') });
      end.take({ type: 'opened' });
      for (let tick = 1; tick < 12; tick++) assert.deepEqual(nextTick(end), []);
      end.nowMs += TICK_MS;
      // Bytes of a frame that is never whole do not help a stranger.
      end.bytesReceived += 100;
      assert.deepEqual(end.tick(), ['close (stranger): it said no hello in time']);
    });
  }
});

describe('a live link', () => {
  it('is pinged at each tick, and the answer tells the round trip', () => {
    const world = new SessionWorld();
    world.dial('alpha', 'beta');
    world.settle();
    assert.deepEqual(world.pass(TICK_MS), ['alpha>beta send ping 1', 'beta>alpha send ping 1']);
    world.end('alpha', 'beta').nowMs += 120;
    world.end('beta', 'alpha').nowMs += 80;
    assert.deepEqual(world.settle(), [
      'beta hears from alpha: ping 1',
      '  send pong 1',
      'alpha hears from beta: ping 1',
      '  send pong 1',
      'alpha hears from beta: pong 1',
      '  round trip 120 ms',
      'beta hears from alpha: pong 1',
      '  round trip 80 ms',
    ]);
  });

  it('measures nothing from a pong that nobody asked for, an old one, or one said twice', () => {
    const alpha = liveEnd();
    assert.deepEqual(alpha.hear({ type: 'pong', token: 0n }), []);
    nextTick(alpha);
    nextTick(alpha);
    // Several pings may be under way on a slow link.
    assert.deepEqual(alpha.hear({ type: 'pong', token: 1n }), ['round trip 5000 ms']);
    assert.deepEqual(alpha.hear({ type: 'pong', token: 2n }), ['round trip 0 ms']);
    assert.deepEqual(alpha.hear({ type: 'pong', token: 2n }), []);
  });

  it('is given up after 10 s of silence and not before', () => {
    const alpha = measuredEnd(10);
    assert.deepEqual(nextTick(alpha), ['send ping 2'], 'it heard the pong since the last tick');
    assert.deepEqual(nextTick(alpha), ['send ping 3']);
    assert.deepEqual(nextTick(alpha), ['close (silent): nothing heard for 10 s']);
    assert.deepEqual(nextTick(alpha), [], 'once');
  });

  it('is given up at that tick also when timers fire a little early', () => {
    const alpha = measuredEnd(10);
    nextTick(alpha);
    for (const expected of ['send ping 3', 'close (silent): nothing heard for 10 s']) {
      alpha.nowMs += TICK_MS - 1;
      assert.deepEqual(alpha.tick(), [expected]);
    }
  });

  it('is borne with for four round trips where those are long, and for two minutes at most', () => {
    for (const [roundTripMs, patienceS] of [
      [8000, 35],
      [20_000, 80],
      [200_000, 120],
    ] as const) {
      const alpha = measuredEnd(roundTripMs);
      nextTick(alpha);
      let last: string[] = [];
      while (!alpha.isClosed) last = nextTick(alpha);
      assert.deepEqual(last, [`close (silent): nothing heard for ${patienceS} s`]);
    }
  });

  it('is waited for a minute before the first answer, because nobody knows how slow it is', () => {
    const alpha = greetedEnd();
    for (let tick = 1; tick <= 12; tick++) assert.deepEqual(nextTick(alpha), [`send ping ${tick}`]);
    assert.deepEqual(nextTick(alpha), ['close (silent): nothing heard for 60 s']);
  });

  it('that was cut before the first ping is given up as soon: the hello was answered', () => {
    const accepted = greetedEnd();
    // What came with the hello is no answer to ours; what comes now is.
    accepted.nowMs += 4_000;
    accepted.hear({ type: 'introduction', name: 'beta' });
    const last: string[] = [];
    while (!accepted.isClosed) last.push(...nextTick(accepted));
    assert.equal(last.at(-1), 'close (silent): nothing heard for 20 s', 'four round trips of 4 s');

    const world = new SessionWorld();
    world.dial('alpha', 'beta');
    world.settle();
    for (const [one, other] of [
      ['alpha', 'beta'],
      ['beta', 'alpha'],
    ] as const) {
      const end = world.end(one, other);
      while (!end.isClosed) last.push(...nextTick(end));
      assert.equal(last.at(-1), 'close (silent): nothing heard for 10 s', one);
    }
  });

  it('is not given up because this side slept: a late tick says nothing about the peer (invariant 16)', () => {
    const alpha = measuredEnd(10);
    nextTick(alpha);
    nextTick(alpha);
    alpha.nowMs += 120_000;
    assert.deepEqual(alpha.tick(), ['send ping 4']);
    assert.deepEqual(nextTick(alpha), ['close (silent): nothing heard for 10 s']);
  });

  it('lives as long as anything at all is heard', () => {
    const alpha = liveEnd();
    for (let tick = 1; tick < 100; tick++) {
      assert.deepEqual(nextTick(alpha), [`send ping ${tick}`]);
      if (tick % 2 === 0) alpha.hear({ type: 'ping', token: 1n });
    }
  });

  it('lives while a frame comes in slowly, as a large run does over a satellite', () => {
    const alpha = measuredEnd(10);
    // 2.4 kbit/s, a minute long, without one whole frame.
    for (let tick = 1; tick <= 12; tick++) {
      alpha.bytesReceived += 1500;
      assert.deepEqual(nextTick(alpha), [`send ping ${tick + 1}`]);
    }
    assert.deepEqual(nextTick(alpha), ['send ping 14']);
    assert.deepEqual(nextTick(alpha), ['close (silent): nothing heard for 10 s']);
  });
});

describe('an end that we want', () => {
  it('says goodbye with the reason, to a member', () => {
    const world = new SessionWorld();
    world.dial('alpha', 'beta');
    world.settle();
    const end = { type: 'end', reason: 'stopping', message: 'it stops' } as const;
    assert.deepEqual(
      world.at('alpha', 'beta', (alpha) => alpha.take(end)),
      ['send goodbye (stopping): it stops', 'close (ended): it stops'],
    );
    assert.deepEqual(world.settle(), [
      'beta hears from alpha: goodbye (stopping): it stops',
      '  close (goodbye): it stops',
    ]);
  });

  it('says nothing to somebody who may be a stranger', () => {
    const alpha = new SessionEnd(new FeedHolder('alpha'), {
      initiator: false,
      handshakeHash: utf8('x'),
    });
    alpha.take({ type: 'opened' });
    const end = { type: 'end', reason: 'paused', message: 'its operator paused the mesh' } as const;
    assert.deepEqual(alpha.take(end), ['close (ended): its operator paused the mesh']);
  });

  it('is final: nothing that comes later has an effect', () => {
    const alpha = liveEnd();
    const [run] = runsOf('beta', 'state', 1);
    alpha.hear(run!);
    alpha.take({ type: 'end', reason: 'stopping', message: '' });
    assert.deepEqual(alpha.answerStore(), []);
    assert.deepEqual(alpha.hear(run!), []);
    assert.deepEqual(nextTick(alpha), []);
    assert.deepEqual(alpha.take({ type: 'drained' }), []);
    assert.deepEqual(alpha.take({ type: 'end', reason: 'stopping', message: '' }), []);
  });

  it('by the other side is told in its words, or in ours when it has none', () => {
    const goodbye = { type: 'goodbye', versionMin: 1, versionMax: 1 } as const;
    assert.deepEqual(liveEnd().hear({ ...goodbye, reason: 'paused', message: 'back at noon' }), [
      'close (goodbye): back at noon',
    ]);
    assert.deepEqual(liveEnd().hear({ ...goodbye, reason: 'duplicate', message: '' }), [
      'close (goodbye): it said goodbye (duplicate)',
    ]);
    assert.deepEqual(liveEnd().hear({ ...goodbye, reason: 'other', message: '' }), [
      'close (goodbye): it said goodbye (other)',
    ]);
  });
});
