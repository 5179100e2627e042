// The parts of the DHT that decide: limits of handshakes, whether it answers, what is worth knowing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TokenBucket } from '../../../src/core/values/token-bucket.ts';
import { lookAtHealth, startHealth } from '../../../src/mesh/dht/dht-health.ts';
import {
  addressOfMember,
  type KnownNodes,
  MAX_KNOWN_NODES,
  NOTHING_KNOWN,
  withMember,
  withNodes,
} from '../../../src/mesh/dht/known-nodes.ts';
import { ManualClock } from '../../../src/testing/index.ts';

describe('a token bucket', () => {
  it('gives so many at once, then so many a second, and never saves up more', () => {
    const clock = new ManualClock();
    const bucket = new TokenBucket({ perSecond: 2, atOnce: 3 }, clock.now().monotonicMs);
    const takenNow = (): number => {
      let taken = 0;
      while (bucket.take(clock.now().monotonicMs)) taken++;
      return taken;
    };
    assert.equal(takenNow(), 3);
    clock.advance(400);
    assert.equal(takenNow(), 0);
    clock.advance(100);
    assert.equal(takenNow(), 1, 'what was earned in parts counts together');
    clock.advance(60_000);
    assert.equal(takenNow(), 3);
  });
});

describe('the health of the DHT', () => {
  const silentAfterMs = 15_000;
  const start = startHealth(1_000);

  it('is starting until something is known, then silent or answering', () => {
    const early = lookAtHealth(start, { answers: 0, nowMs: 15_999, silentAfterMs });
    assert.equal(early.state, 'starting');
    assert.equal(lookAtHealth(early, { answers: 0, nowMs: 16_000, silentAfterMs }).state, 'silent');
    assert.equal(
      lookAtHealth(early, { answers: 1, nowMs: 16_000, silentAfterMs }).state,
      'answering',
    );
  });

  it('turns silent by the last answer, not by the last look, and back with the next', () => {
    let health = lookAtHealth(start, { answers: 5, nowMs: 10_000, silentAfterMs });
    health = lookAtHealth(health, { answers: 5, nowMs: 20_000, silentAfterMs });
    assert.equal(health.state, 'answering');
    health = lookAtHealth(health, { answers: 5, nowMs: 25_000, silentAfterMs });
    assert.equal(health.state, 'silent');
    health = lookAtHealth(health, { answers: 6, nowMs: 26_000, silentAfterMs });
    assert.equal(health.state, 'answering');
  });
});

describe('what is known of the DHT', () => {
  const node = (port: number) => ({ host: '192.0.2.1', port });

  it('keeps what was known when nobody is heard of', () => {
    const known = withNodes(NOTHING_KNOWN, [node(1), node(2)]);
    assert.deepEqual(withNodes(known, []).nodes, [node(1), node(2)]);
  });

  it('puts whom it hears of first, each once, and forgets the oldest over the limit', () => {
    const many = Array.from({ length: MAX_KNOWN_NODES }, (_, i) => node(i + 1));
    const { nodes } = withNodes(withNodes(NOTHING_KNOWN, many), [node(64), node(100)]);
    assert.equal(nodes.length, MAX_KNOWN_NODES);
    assert.deepEqual(nodes.slice(0, 3), [node(64), node(100), node(1)]);
    assert.ok(!nodes.some(({ port }) => port === 63));
  });

  it('has one address a member, the last, and 64 members', () => {
    let known: KnownNodes = NOTHING_KNOWN;
    for (let i = 0; i < 70; i++) known = withMember(known, `key ${i}`, node(i + 1));
    known = withMember(known, 'key 69', node(999));
    assert.deepEqual(addressOfMember(known, 'key 69'), node(999));
    assert.equal(known.members.length, 64);
    assert.equal(addressOfMember(known, 'key 5'), undefined);
    assert.deepEqual(addressOfMember(known, 'key 6'), node(7));
  });
});
