// A session that is mute: it takes everything, asks and confirms, sends no commits and no proofs, and loses nothing by it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Lane } from '../../../src/core/index.ts';
import { FrameReader, type Message } from '../../../src/mesh/protocol/index.ts';
import { FeedHolder, written } from '../support/feed-holder.ts';
import { compareFrontiers, greetedEnd, liveEnd, position } from '../support/live-end.ts';
import type { SessionEnd } from '../support/session-end.ts';
import { SessionWorld } from '../support/session-world.ts';

const MUTE = { type: 'mute', on: true } as const;
const LOUD = { type: 'mute', on: false } as const;

/** What an end said after its first `from` frames. */
function said(end: SessionEnd, from = 0): Message[] {
  const reader = new FrameReader();
  return end.sent.map((frame) => reader.decode(frame)).slice(from);
}

/** Whether it is what a mute session never says: commits, proofs, and that it holds more than before. */
function isData(message: Message): boolean {
  if (message.type === 'have') return message.entries.some(({ kind }) => kind === 'held');
  return message.type === 'run' || message.type === 'fork-proofs';
}

function mute(world: SessionWorld, near: string, far: string, on: boolean): string[] {
  return world.at(near, far, (end) => end.take({ type: 'mute', on }));
}

describe('a mute session', () => {
  it('takes back what the comparison told, so that nobody waits for it', () => {
    const holder = new FeedHolder('alpha');
    holder.write('state', 5);
    const alpha = greetedEnd(holder);
    alpha.take(MUTE);
    const before = alpha.sent.length;
    compareFrontiers(alpha, [position('alpha', 'state', 2)]);
    assert.deepEqual(alpha.reads, []);
    const haves = said(alpha, before).filter(({ type }) => type === 'have');
    const lost = { ...position('alpha', 'state', 2), kind: 'lost' };
    assert.deepEqual(haves, [{ type: 'have', entries: [lost] }]);
  });

  it('sends what waited, from where it stopped, when that ends', () => {
    const holder = new FeedHolder('alpha');
    const alpha = liveEnd(holder);
    alpha.take(MUTE);
    alpha.take({ type: 'advanced', positions: [holder.write('state', 3)] });
    assert.deepEqual(alpha.reads, []);
    alpha.take(LOUD);
    assert.deepEqual(alpha.answerRead(), ['send run alpha/state 1-3 signed 3']);
  });

  it('does not send a run that was being read, and reads it again afterwards', () => {
    const holder = new FeedHolder('alpha');
    holder.write('state', 3);
    const alpha = liveEnd(holder);
    alpha.take(MUTE);
    assert.deepEqual(alpha.answerRead(), []);
    assert.deepEqual(alpha.take(LOUD), ['read alpha/state from 1']);
    assert.deepEqual(alpha.answerRead(), ['send run alpha/state 1-3 signed 3']);
  });

  it('keeps what was asked for, and answers it afterwards', () => {
    const holder = new FeedHolder('alpha');
    const gamma = new FeedHolder('gamma');
    gamma.write('state', 2);
    holder.store(gamma.read(position('gamma', 'state', 1))!);
    const alpha = liveEnd(holder);
    alpha.take(MUTE);
    assert.deepEqual(alpha.hear({ type: 'want', entries: [position('gamma', 'state', 1)] }), []);
    assert.deepEqual(alpha.take(LOUD), ['read gamma/state from 1']);
  });

  it('takes back what a peer did not take, which it would wait for', () => {
    const holder = new FeedHolder('alpha');
    holder.write('state', 3);
    const alpha = liveEnd(holder);
    alpha.answerRead();
    alpha.take(MUTE);
    const reset = { ...position('alpha', 'state', 0), kind: 'reset' } as const;
    const from = alpha.sent.length;
    alpha.hear({ type: 'stored', runs: 1 });
    alpha.hear({ type: 'have', entries: [reset] });
    assert.deepEqual(said(alpha, from), [{ type: 'have', entries: [{ ...reset, kind: 'lost' }] }]);
  });

  it('answers pings, confirms runs and asks', () => {
    const author = new FeedHolder('beta');
    author.write('state', 2);
    const alpha = liveEnd();
    alpha.take(MUTE);
    const from = alpha.sent.length;
    alpha.hear({ type: 'ping', token: 7n });
    alpha.hear({ type: 'run', run: author.read(position('beta', 'state', 1))! });
    alpha.answerStore();
    alpha.take({ type: 'want', positions: [position('gamma', 'state', 1)] });
    assert.deepEqual(
      said(alpha, from).map(({ type }) => type),
      ['pong', 'stored', 'want'],
    );
  });

  it('tells of forks when that ends, once', () => {
    const alpha = liveEnd();
    alpha.take(MUTE);
    alpha.holder.store(written('gamma', 'state', 2, 'this'));
    alpha.holder.store(written('gamma', 'state', 2, 'that'));
    const from = alpha.sent.length;
    alpha.take({ type: 'proved', forks: alpha.holder.forks() });
    assert.deepEqual(said(alpha, from), []);
    alpha.take(LOUD);
    alpha.take(MUTE);
    alpha.take(LOUD);
    assert.deepEqual(
      said(alpha, from).map(({ type }) => type),
      ['fork-proofs'],
    );
  });
});

const NODES = ['alpha', 'beta', 'gamma'] as const;
const LANES: readonly Lane[] = ['command', 'state', 'pulse'];
const PAIRS = [
  ['alpha', 'beta'],
  ['beta', 'gamma'],
  ['gamma', 'alpha'],
] as const;

const step = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    node: fc.constantFrom(...NODES),
    lane: fc.constantFrom(...LANES),
  }),
  fc.record({ do: fc.constant('mute' as const), on: fc.boolean() }),
  fc.record({ do: fc.constant('redial' as const), pair: fc.constantFrom(...PAIRS) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(10, 100, 1000, 5000) }),
  fc.record({ do: fc.constant('settle' as const) }),
);

describe('three that are linked, of whom one is mute now and then', () => {
  it('hear nothing of it meanwhile, and hold the same in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const world = new SessionWorld();
        let isMute = false;
        const link = (from: string, to: string): void => {
          world.dial(from, to);
          if (!isMute || (from !== 'alpha' && to !== 'alpha')) return;
          mute(world, 'alpha', from === 'alpha' ? to : from, true);
        };
        for (const [from, to] of PAIRS) link(from, to);
        world.settle();
        const sentBefore = new Map<SessionEnd, number>();
        const checkSilence = (): void => {
          for (const [end, from] of sentBefore)
            assert.deepEqual(said(end, from).filter(isData), []);
        };
        const muteAll = (on: boolean): void => {
          if (!on) checkSilence();
          isMute = on;
          sentBefore.clear();
          for (const far of ['beta', 'gamma']) {
            if (on) sentBefore.set(world.end('alpha', far), world.end('alpha', far).sent.length);
            mute(world, 'alpha', far, on);
          }
        };
        for (const one of steps) {
          if (one.do === 'write') world.write(one.node, one.lane);
          else if (one.do === 'mute') muteAll(one.on);
          else if (one.do === 'wait') world.wait(one.ms);
          else if (one.do === 'settle') world.settle();
          else {
            const [from, to] = one.pair;
            world.cut(from, to);
            world.settle();
            link(from, to);
            for (const far of isMute ? ['beta', 'gamma'] : []) {
              const end = world.end('alpha', far);
              if (!sentBefore.has(end)) sentBefore.set(end, 0);
            }
          }
        }
        muteAll(false);
        // Until nothing that is owed is waited for any more.
        for (let i = 0; i < 60; i++) {
          world.settle();
          world.wait(500);
        }
        for (const author of NODES) {
          for (const lane of LANES) {
            const held = NODES.map((node) => world.node(node).holds(author, lane));
            assert.deepEqual(new Set(held).size, 1, `${author}/${lane}: ${held.join()}`);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
