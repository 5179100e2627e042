// A session and the time: deadlines, pings and silence, all told by ticks; and how it ends when we end it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { utf8 } from '../../../src/core/index.ts';
import { TICK_MS } from '../../../src/mesh/protocol/index.ts';
import { FeedHolder } from '../support/feed-holder.ts';
import { liveEnd, runsOf } from '../support/live-end.ts';
import { SessionEnd } from '../support/session-end.ts';
import { SessionWorld } from '../support/session-world.ts';

/** Time passes until the next tick. */
function nextTick(end: SessionEnd): string[] {
  end.nowMs += TICK_MS;
  return end.tick();
}

describe('in the greeting', () => {
  for (const initiator of [true, false]) {
    it(`whoever says no hello within a tick is refused, ${initiator ? 'dialled' : 'dialling'}`, () => {
      const end = new SessionEnd(new FeedHolder('alpha'), { initiator, handshakeHash: utf8('x') });
      end.take({ type: 'opened' });
      end.nowMs += TICK_MS - 1;
      assert.deepEqual(end.tick(), []);
      end.nowMs += 1;
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
    assert.deepEqual(alpha.hear({ type: 'pong', token: 1n }), []);
    assert.deepEqual(alpha.hear({ type: 'pong', token: 2n }), ['round trip 0 ms']);
    assert.deepEqual(alpha.hear({ type: 'pong', token: 2n }), []);
  });

  it('is given up after 15 s of silence and not before', () => {
    const alpha = liveEnd();
    assert.deepEqual(nextTick(alpha), ['send ping 1'], 'it heard the frontier since the last tick');
    assert.deepEqual(nextTick(alpha), ['send ping 2']);
    assert.deepEqual(nextTick(alpha), ['send ping 3']);
    assert.deepEqual(nextTick(alpha), ['close (silent): nothing heard for 15 s']);
    assert.deepEqual(nextTick(alpha), [], 'once');
  });

  it('lives as long as anything at all is heard', () => {
    const alpha = liveEnd();
    for (let tick = 1; tick < 100; tick++) {
      assert.deepEqual(nextTick(alpha), [`send ping ${tick}`]);
      if (tick % 3 === 0) alpha.hear({ type: 'ping', token: 1n });
    }
  });

  it('lives while a frame comes in slowly, as a large run does over a satellite', () => {
    const alpha = liveEnd();
    // 2.4 kbit/s, a minute long, without one whole frame.
    for (let tick = 1; tick <= 12; tick++) {
      alpha.bytesReceived += 1500;
      assert.deepEqual(nextTick(alpha), [`send ping ${tick}`]);
    }
    for (let tick = 13; tick <= 14; tick++) assert.deepEqual(nextTick(alpha).length, 1);
    assert.deepEqual(nextTick(alpha), ['close (silent): nothing heard for 15 s']);
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
