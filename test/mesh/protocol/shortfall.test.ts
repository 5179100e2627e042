// What is known to be missing is told for as long as it is, also when nobody is left who could send it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FeedId } from '../../../src/core/index.ts';
import { Shortfall } from '../../../src/mesh/protocol/index.ts';
import { feedOf, membershipOf } from '../support/names.ts';

const ALPHA = feedOf('alpha', 'state');
const GAMMA = feedOf('gamma', 'pulse');
const BETA = membershipOf('beta').nodeId;
const DELTA = membershipOf('delta').nodeId;
const NOTHING = { feeds: 0, commits: 0, sinceMs: undefined };

class Scene {
  readonly held = new Map<FeedId, number>();
  lacks = false;
  readonly shortfall = new Shortfall({
    ours: (feed) => this.held.get(feed) ?? 0,
    lacks: () => this.lacks,
  });

  hold(feed: FeedId, seq: number): void {
    this.held.set(feed, seq);
    this.shortfall.advanced([{ feed, seq }]);
  }

  hear(from: string, feed: FeedId, seq: number, nowMs: number, kind?: 'lost' | 'reset'): void {
    this.shortfall.heard(from, [{ feed, seq, kind: kind ?? 'held' }], nowMs);
  }
}

describe('what is missing', () => {
  it('is all that somebody holds beyond what is held here, since the first of it was told', () => {
    const scene = new Scene();
    scene.hold(ALPHA, 5);
    scene.hear(BETA, ALPHA, 5, 10);
    assert.deepEqual(scene.shortfall.figure(20), NOTHING);
    scene.hear(BETA, ALPHA, 8, 100);
    scene.hear(DELTA, ALPHA, 9, 200);
    scene.hear(DELTA, ALPHA, 7, 250);
    scene.hear(DELTA, GAMMA, 2, 300);
    assert.deepEqual(scene.shortfall.figure(400), { feeds: 2, commits: 6, sinceMs: 100 });
    scene.hold(ALPHA, 8);
    assert.deepEqual(scene.shortfall.figure(400), { feeds: 2, commits: 3, sinceMs: 100 });
    scene.hold(ALPHA, 9);
    assert.deepEqual(scene.shortfall.figure(400), { feeds: 1, commits: 2, sinceMs: 300 });
    scene.hold(GAMMA, 2);
    assert.deepEqual(scene.shortfall.figure(400), NOTHING);
  });

  it('stays known when the link to whoever has it ends', () => {
    const scene = new Scene();
    scene.shortfall.linkUp(BETA, 0);
    scene.hear(BETA, ALPHA, 4, 10);
    scene.shortfall.linkDown(BETA);
    assert.deepEqual(scene.shortfall.figure(9e9), { feeds: 1, commits: 4, sinceMs: 10 });
  });

  it('is over when whoever told of it is linked again for a minute and does not offer it', () => {
    const scene = new Scene();
    scene.hear(BETA, ALPHA, 4, 10);
    scene.shortfall.linkUp(BETA, 1000);
    assert.equal(scene.shortfall.figure(60_999).commits, 4);
    scene.lacks = true;
    assert.equal(scene.shortfall.figure(61_000).commits, 4, 'it is offered');
    scene.lacks = false;
    assert.deepEqual(scene.shortfall.figure(61_000), NOTHING);
  });

  it('is less when whoever told of it takes that back, and not when another one does', () => {
    const scene = new Scene();
    scene.hear(BETA, ALPHA, 9, 10);
    scene.hear(DELTA, ALPHA, 2, 20, 'reset');
    assert.equal(scene.shortfall.figure(30).commits, 9);
    scene.hear(BETA, ALPHA, 2, 20, 'lost');
    assert.equal(scene.shortfall.figure(30).commits, 2);
    scene.hear(BETA, ALPHA, 0, 20, 'lost');
    assert.deepEqual(scene.shortfall.figure(30), NOTHING);
  });

  it('is nothing of feeds that nobody wants any more', () => {
    const scene = new Scene();
    scene.hear(BETA, ALPHA, 9, 10);
    scene.hear(BETA, GAMMA, 1, 10);
    scene.shortfall.forgotten([ALPHA]);
    assert.equal(scene.shortfall.figure(20).commits, 1);
    scene.shortfall.clear();
    assert.deepEqual(scene.shortfall.figure(20), NOTHING);
  });
});
