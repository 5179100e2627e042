// From where each feed is pulled: one provider, the best there is, another one when it falls silent.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { FeedId } from '../../../src/core/index.ts';
import { type SubscriptionAction, Subscriptions } from '../../../src/mesh/protocol/index.ts';
import { feedOf, membershipOf, nameOf } from '../support/names.ts';

const FEED = feedOf('alpha', 'state');
const at = (seq: number, feed: FeedId = FEED) => ({ feed, seq });
const node = (name: string) => membershipOf(name).nodeId;

function text(actions: readonly SubscriptionAction[]): string[] {
  return actions.map((action) => {
    if (action.type === 'stalled') return `stalled ${action.link}`;
    if (action.type === 'stop') return `stop ${action.link}`;
    return `want ${action.link} from ${action.position.seq}`;
  });
}

/** Links 1, 2, … to these peers. */
function linked(...names: string[]): Subscriptions {
  const subscriptions = new Subscriptions(() => 0);
  for (const [i, name] of names.entries()) subscriptions.linkUp(i + 1, node(name), 0);
  return subscriptions;
}

describe('a feed that two neighbours offer', () => {
  it('is pulled from one of them, the one with the shorter round trip', () => {
    const pull = linked('beta', 'gamma');
    assert.deepEqual(text(pull.peerHas(1, [at(9)], 0)), ['want 1 from 1']);
    assert.deepEqual(text(pull.peerHas(2, [at(9)], 0)), []);
    const other = linked('beta', 'gamma');
    other.roundTrip(1, 80);
    other.roundTrip(2, 20);
    other.held(1, at(0), 100, 0);
    other.peerHas(1, [at(9)], 0);
    other.peerHas(2, [at(9)], 0);
    assert.deepEqual(text(other.tick(100)), ['want 2 from 1']);
  });

  it('is taken from its author at once when that is linked, who needs no asking', () => {
    const pull = linked('beta', 'alpha');
    pull.peerHas(1, [at(9)], 0);
    assert.deepEqual(text(pull.peerHas(2, [at(9)], 0)), ['stop 1']);
    assert.equal(pull.providerOf(FEED), 2);
  });

  it('is taken from the other when its provider falls silent, and from whoever is left when that goes', () => {
    const pull = linked('beta', 'gamma');
    pull.peerHas(1, [at(9)], 0);
    pull.peerHas(2, [at(9)], 0);
    assert.deepEqual(text(pull.tick(499)), []);
    assert.deepEqual(text(pull.tick(500)), ['stop 1', 'want 2 from 1']);
    // Twice the patience, so that two slow ones are not asked in turns for ever.
    assert.deepEqual(text(pull.tick(1499)), []);
    assert.deepEqual(text(pull.linkDown(2, 1499)), ['want 1 from 1']);
  });

  it('stays where it moves', () => {
    const pull = linked('beta', 'gamma');
    pull.peerHas(1, [at(90)], 0);
    pull.peerHas(2, [at(90)], 0);
    for (let i = 1; i < 50; i++) {
      assert.deepEqual(text(pull.moved(1, at(i), i * 400)), []);
      assert.deepEqual(text(pull.advanced([at(i)], i * 400)), []);
      assert.deepEqual(text(pull.tick(i * 400)), []);
    }
  });
});

describe('a feed of which a run was held', () => {
  it('is asked for again after the wait, from any link that has it, and not before', () => {
    const pull = linked('beta', 'gamma');
    pull.peerHas(1, [at(9)], 0);
    pull.peerHas(2, [at(9)], 0);
    assert.deepEqual(text(pull.held(1, at(3), 2000, 100)), []);
    assert.deepEqual(text(pull.peerHas(2, [at(10)], 1000)), []);
    assert.equal(pull.nextTickMs(1000), 1100);
    assert.deepEqual(text(pull.tick(2100)), ['want 1 from 4']);
  });

  it('is asked for from its author, too, who stopped sending it', () => {
    const pull = linked('alpha');
    assert.deepEqual(text(pull.peerHas(1, [at(9)], 0)), []);
    pull.held(1, at(3), 2000, 0);
    assert.deepEqual(text(pull.tick(2000)), ['want 1 from 4']);
  });
});

describe('a link over which nothing moves', () => {
  it('is given up after twice half a minute, and not when something came', () => {
    const pull = linked('beta');
    pull.peerHas(1, [at(9)], 0);
    for (let ms = 0; ms < 60_000; ms += 250) assert.deepEqual(text(pull.tick(ms)), []);
    assert.deepEqual(text(pull.tick(60_000)), ['stalled 1']);
    const moving = linked('beta');
    moving.peerHas(1, [at(9)], 0);
    for (let ms = 0; ms < 600_000; ms += 250) {
      if (ms % 29_000 === 0) moving.progress(1, ms);
      assert.deepEqual(text(moving.tick(ms)), []);
    }
  });

  it('is not blamed for what it lost, what is held, or what is not lacking', () => {
    const pull = linked('beta');
    pull.peerHas(1, [at(9)], 0);
    pull.peerHas(1, [{ ...at(0), kind: 'lost' }], 0);
    assert.equal(pull.nextTickMs(0), undefined);
    pull.peerHas(1, [at(9)], 0);
    pull.held(1, at(0), 300_000, 0);
    for (let ms = 0; ms < 300_000; ms += 1000) assert.deepEqual(text(pull.tick(ms)), []);
  });
});

describe('feeds that are forgotten', () => {
  it('are not asked for any more', () => {
    const pull = linked('beta', 'gamma');
    pull.peerHas(1, [at(9)], 0);
    pull.peerHas(2, [at(9)], 0);
    assert.deepEqual(text(pull.forgotten([FEED])), ['stop 1']);
    assert.deepEqual(text(pull.tick(100_000)), []);
    assert.equal(pull.nextTickMs(100_000), undefined);
  });
});

const LINKS = 4;
const PEERS = ['alpha', 'beta', 'gamma', 'delta'];
const step = fc.record({
  what: fc.constantFrom('up', 'down', 'has', 'has', 'moved', 'advanced', 'held', 'tick', 'lost'),
  link: fc.integer({ min: 1, max: LINKS }),
  seq: fc.integer({ min: 1, max: 20 }),
  ms: fc.integer({ min: 0, max: 2000 }),
});

/** Plays steps, and keeps what every link was last told. */
function play(steps: readonly { what: string; link: number; seq: number; ms: number }[]) {
  const pull = new Subscriptions(() => 0.5);
  const up = new Set<number>();
  const sends = new Set<number>();
  const has = new Map<number, number>();
  let nowMs = 0;
  let ours = 0;
  const obey = (actions: readonly SubscriptionAction[]): void => {
    for (const action of actions) {
      assert.ok(up.has(action.link), 'nothing is asked of a link that is gone');
      if (action.type === 'want') sends.add(action.link);
      else if (action.type === 'stop') sends.delete(action.link);
    }
    const others = [...sends].filter((link) => nameOf(node(PEERS[link - 1]!)) !== 'alpha');
    assert.ok(others.length <= 1, 'at most one besides the author is asked');
  };
  for (const { what, link, seq, ms } of steps) {
    nowMs += ms;
    if (what === 'up' && !up.has(link)) {
      up.add(link);
      pull.linkUp(link, node(PEERS[link - 1]!), nowMs);
    }
    if (!up.has(link)) continue;
    switch (what) {
      case 'down':
        up.delete(link);
        sends.delete(link);
        has.delete(link);
        obey(pull.linkDown(link, nowMs));
        break;
      case 'has':
        has.set(link, Math.max(has.get(link) ?? 0, seq));
        obey(pull.peerHas(link, [at(seq)], nowMs));
        break;
      case 'lost':
        has.set(link, seq);
        obey(pull.peerHas(link, [{ ...at(seq), kind: 'lost' }], nowMs));
        break;
      case 'moved':
        has.set(link, Math.max(has.get(link) ?? 0, seq));
        obey(pull.moved(link, at(seq), nowMs));
        break;
      case 'advanced':
        ours = Math.max(ours, seq);
        obey(pull.advanced([at(seq)], nowMs));
        break;
      case 'held':
        sends.delete(link);
        ours = seq;
        obey(pull.held(link, at(seq), 500, nowMs));
        break;
      case 'tick':
        obey(pull.tick(nowMs));
        break;
    }
  }
  return { pull, obey, has, ours, nowMs };
}

describe('a feed of which a link sends what does not follow', () => {
  it('is asked for again from the last commit that is held, and after that not for half a minute', () => {
    const pull = linked('beta', 'gamma');
    pull.advanced([at(5)], 0);
    assert.deepEqual(text(pull.peerHas(1, [at(9)], 0)), ['want 1 from 6']);
    assert.deepEqual(text(pull.audit(1, at(5), 10)), ['want 1 from 5']);
    assert.deepEqual(text(pull.audit(1, at(5), 20)), []);
    assert.deepEqual(text(pull.tick(30_000)), []);
    assert.deepEqual(text(pull.tick(30_020)), ['want 1 from 6']);
    assert.deepEqual(text(pull.audit(1, at(5), 30_030)), ['want 1 from 5']);
  });

  it('is asked for over that link, in place of the one it was pulled from', () => {
    const pull = linked('beta', 'gamma');
    pull.advanced([at(5)], 0);
    pull.peerHas(1, [at(9)], 0);
    assert.deepEqual(text(pull.audit(2, at(5), 10)), ['stop 1', 'want 2 from 5']);
    assert.equal(pull.providerOf(FEED), 2);
  });
});

describe('whatever happens', () => {
  it('a feed has never two providers, and soon one when somebody has more', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { pull, obey, has, ours, nowMs } = play(steps);
        obey(pull.tick(nowMs + 1000));
        const isLacking = [...has.values()].some((seq) => seq > ours);
        if (!isLacking) return;
        const provider = pull.providerOf(FEED);
        assert.ok(provider !== undefined);
        // If it is not the one who has more, its patience ends.
        for (let ms = 2000; ms < 40_000; ms += 250) {
          if ((has.get(pull.providerOf(FEED) ?? 0) ?? 0) > ours) return;
          obey(pull.tick(nowMs + ms));
        }
        assert.fail('it is never asked of who has it');
      }),
      { numRuns: 1000 },
    );
  });
});
