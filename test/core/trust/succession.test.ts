// Certificates that were renewed often: a few are kept, and everybody keeps the same ones, in whatever order they came.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/core/index.ts';
import { actor, StatedFleet } from './support/fleet.ts';

const KEPT = 4;
const fleet = new StatedFleet();
const [hub, hub2, edge] = [actor('hub'), actor('hub-2'), actor('edge')];
const ranks = [
  fleet.certify(hub, ['hub', 'issuer'], fleet.root),
  fleet.certify(hub2, ['hub', 'issuer'], fleet.root),
];

/** One for each generation, by a hub; of one generation there may be several. */
function renewed(generation: number, by = hub, agents: readonly string[] = ['edge']) {
  return fleet.certify(edge, ['agent'], by, { generation, agents });
}

describe('certificates of one key', () => {
  it('are kept alike, whatever the order, and the newest are', () => {
    const drawn = fc.array(
      fc.record({
        generation: fc.integer({ min: 1, max: 9 }),
        by: fc.constantFrom(hub, hub2),
        agents: fc.constantFrom(['edge'], ['edge', 'pump']),
      }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(drawn, fc.infiniteStream(fc.nat()), (all, dice) => {
        const statements = all.map(({ generation, by, agents }) => renewed(generation, by, agents));
        const shuffled = statements
          .map((statement) => ({ statement, at: dice.next().value as number }))
          .sort((a, b) => a.at - b.at)
          .map(({ statement }) => statement);
        const [one, other] = [
          fleet.set(...ranks, ...statements),
          // Everything is told twice.
          fleet.set(...ranks, ...shuffled, ...statements),
        ];
        assert.equal(toHex(one.digest()), toHex(other.digest()));
        assert.ok(one.size <= ranks.length + 2 * KEPT);
        const highest = Math.max(...all.map(({ generation }) => generation));
        assert.equal(one.trust.members.get(edge.key)?.certificates[0]?.generation, highest);
      }),
    );
  });

  it('never become so many that their signer is refused', () => {
    const set = fleet.set(...ranks);
    for (let generation = 1; generation <= 100; generation++) {
      assert.equal(set.add(renewed(generation).bytes).type, 'added');
    }
    assert.equal(set.size, ranks.length + KEPT);
    assert.equal(set.add(renewed(1).bytes).type, 'known', 'it is as good as held');
  });

  it('that give a rank are all kept: what their holder signed rests on them', () => {
    const set = fleet.set(...ranks);
    for (let generation = 2; generation <= 9; generation++) {
      set.add(fleet.certify(hub, ['hub', 'issuer'], fleet.root, { generation }).bytes);
    }
    assert.equal(set.size, ranks.length + 8);
  });
});
