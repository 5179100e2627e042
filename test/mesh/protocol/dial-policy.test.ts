// When to dial again and which of two links to keep: bounds, and that two sides decide alike without asking each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { dialDelayMs, keepsNewLink } from '../../../src/mesh/protocol/index.ts';

const MAX_DELAY_MS = 60_000;
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a wait is between half and all of 250 ms at first, and never over 60 s', () => {
  assert.equal(dialDelayMs(1, 0), 125);
  assert.ok(dialDelayMs(1, 0.999_999) < 250);
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fraction, (attempt, chance) => {
      const delayMs = dialDelayMs(attempt, chance);
      assert.ok(delayMs >= 125 && delayMs <= MAX_DELAY_MS, `${delayMs}`);
    }),
  );
});

test('waits only grow with the attempts, double until the limit, and stay there for ever', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fraction, (attempt, chance) => {
      const [delayMs, nextMs] = [dialDelayMs(attempt, chance), dialDelayMs(attempt + 1, chance)];
      assert.ok(nextMs >= delayMs);
      assert.ok(nextMs === 2 * delayMs || nextMs > MAX_DELAY_MS / 2 - 1);
    }),
  );
  assert.equal(dialDelayMs(Number.MAX_SAFE_INTEGER, 0), MAX_DELAY_MS / 2);
});

test('peers that lost each other together do not come back together', () => {
  const waits = [0, 0.25, 0.5, 0.75].map((chance) => dialDelayMs(10, chance));
  assert.deepEqual(waits, [30_000, 37_500, 45_000, 52_500]);
});

/** Both ends of a link, as they see it; its age, where it is the one that is held. */
function linkOf({
  by,
  hash,
  bootId = 'boot',
  ageMs = 0,
  pathRank = 0,
}: {
  by: 'smaller' | 'larger';
  hash: number;
  bootId?: string;
  ageMs?: number;
  pathRank?: number;
}) {
  const common = { handshakeHash: Uint8Array.of(hash), bootId, ageMs, pathRank };
  return {
    atSmaller: { ...common, initiator: by === 'smaller' },
    atLarger: { ...common, initiator: by === 'larger' },
  };
}

test('of a link from each side both keep the one that the smaller id dialled, in whatever order they see them', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      fc.pre(one !== other);
      const [smaller, larger] = one < other ? [one, other] : [other, one];
      const bySmaller = linkOf({ by: 'smaller', hash: 1 });
      const byLarger = linkOf({ by: 'larger', hash: 2 });
      // Each side may have seen either of the two links first.
      for (const [held, fresh] of [
        [bySmaller, byLarger],
        [byLarger, bySmaller],
      ] as const) {
        const keepsFresh = fresh === bySmaller;
        assert.equal(keepsNewLink(smaller, larger, held.atSmaller, fresh.atSmaller), keepsFresh);
        assert.equal(keepsNewLink(larger, smaller, held.atLarger, fresh.atLarger), keepsFresh);
      }
    }),
  );
});

test('of two young links from the same side both keep the same one, also when they see them in opposite order', () => {
  for (const by of ['smaller', 'larger'] as const) {
    const [one, other] = [linkOf({ by, hash: 1 }), linkOf({ by, hash: 2 })];
    // The smaller id saw `one` first, the larger one `other`.
    const smallerKeepsOther = keepsNewLink('a', 'b', one.atSmaller, other.atSmaller);
    const largerKeepsOne = keepsNewLink('b', 'a', other.atLarger, one.atLarger);
    assert.equal(smallerKeepsOther, !largerKeepsOne);
  }
});

test('of two links from the same side the newer is kept when the older held for a while, or the peer restarted', () => {
  for (const by of ['smaller', 'larger'] as const) {
    const fresh = linkOf({ by, hash: 1, bootId: 'second' });
    for (const held of [
      linkOf({ by, hash: 2, bootId: 'second', ageMs: 10_000 }),
      linkOf({ by, hash: 2, bootId: 'first' }),
    ]) {
      assert.equal(keepsNewLink('a', 'b', held.atSmaller, fresh.atSmaller), true);
      assert.equal(keepsNewLink('b', 'a', held.atLarger, fresh.atLarger), true);
    }
  }
});

test('of two links over different ways both sides keep the better one, whoever dialled and whichever is older', () => {
  const by = fc.constantFrom('smaller', 'larger');
  fc.assert(
    fc.property(by, by, fc.integer({ min: 0, max: 100_000 }), (one, other, ageMs) => {
      const better = linkOf({ by: one, hash: 1, ageMs, pathRank: 0 });
      const worse = linkOf({ by: other, hash: 2, ageMs, pathRank: 1 });
      for (const [held, fresh] of [
        [better, worse],
        [worse, better],
      ] as const) {
        const keepsFresh = fresh === better;
        assert.equal(keepsNewLink('a', 'b', held.atSmaller, fresh.atSmaller), keepsFresh);
        assert.equal(keepsNewLink('b', 'a', held.atLarger, fresh.atLarger), keepsFresh);
      }
    }),
  );
});
