// The shape of a site: everybody reaches everybody over few links and few hops, also while members come and go.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { NodeId } from '../../../src/core/index.ts';
import { wantedNeighbours } from '../../../src/mesh/protocol/topology.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { ChurnWorld, WINDOW } from '../support/churn-world.ts';
import {
  degrees,
  diameter,
  isConnected,
  linksOf,
  membersOf,
  siteOf,
} from '../support/site-graph.ts';

const seed = fc.nat().map(String);

/** Two a ring. */
const MOST_WANTED = 6;

function countChanges(before: ReadonlySet<string>, after: ReadonlySet<string>): number {
  return before.symmetricDifference(after).size;
}

/** Each of some, with that probability. */
function someOf(ids: readonly NodeId[], share: number, salt: string): NodeId[] {
  const random = createSeededRandom(salt);
  return ids.filter(() => random.fraction() < share);
}

describe('a small site', () => {
  it('of up to nine is a full mesh', () => {
    for (let count = 0; count <= 9; count++) {
      const members = membersOf(count, 'small');
      for (const member of members) {
        const others = members.filter((other) => other !== member);
        assert.deepEqual([...wantedNeighbours(member, others)], others);
      }
    }
  });

  it('of ten is none any more', () => {
    const members = membersOf(10, 'ten');
    for (const degree of degrees(siteOf(members))) assert.ok(degree <= MOST_WANTED);
  });
});

describe('a large site whose members know each other', () => {
  it('is connected, wanted by both ends, and asks two to six links of everybody', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), seed, (count, salt) => {
        const members = membersOf(count, salt);
        const site = siteOf(members);
        assert.ok(isConnected(site));
        for (const member of members) {
          const wanted = wantedNeighbours(member, members);
          // A link that only the other end wants would be in the site and not among those.
          assert.deepEqual(new Set(site.get(member)), new Set(wanted));
          assert.ok(!wanted.has(member));
          assert.ok(wanted.size >= 2 && wanted.size <= MOST_WANTED, `${wanted.size} links`);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('gives almost everybody three links or more, so that one loss cuts nobody off', () => {
    // All three rings give a member the same two neighbours with a probability of (2 / (9 * 8)) ** 2 among ten, and less beyond.
    let few = 0;
    for (let i = 0; i < 300; i++) {
      few += degrees(siteOf(membersOf(10 + (i % 20), `${i}`))).filter((links) => links < 3).length;
    }
    assert.ok(few <= 5, `${few} of 5850`);
  });

  it('depends on who is there and on nothing else', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 60 }), seed, (count, salt) => {
        const [self = '', ...others] = membersOf(count, salt);
        const mixed = [...others.toReversed(), self, ...others.slice(0, 5)];
        assert.deepEqual(
          [...wantedNeighbours(self, others)].sort(),
          [...wantedNeighbours(self, mixed)].sort(),
        );
      }),
    );
  });

  it('needs five hops at a hundred and six at three hundred', () => {
    for (let i = 0; i < 20; i++) {
      assert.ok(diameter(siteOf(membersOf(100, `hundred ${i}`))) <= 5);
    }
    for (let i = 0; i < 5; i++) assert.ok(diameter(siteOf(membersOf(300, `three ${i}`))) <= 6);
  });

  it('changes nine links in all when one joins a hundred, or leaves again', () => {
    fc.assert(
      fc.property(seed, (salt) => {
        const [newcomer = '', ...members] = membersOf(101, salt);
        const [before, after] = [linksOf(siteOf(members)), linksOf(siteOf([newcomer, ...members]))];
        // In each ring it comes between two: two links are new, one goes.
        assert.ok(countChanges(before, after) <= 9);
        const others = [...before.symmetricDifference(after)].filter((l) => !l.includes(newcomer));
        assert.ok(others.length <= 3, 'links between two others');
      }),
      { numRuns: 30 },
    );
  });

  it('stays together when three of ten go, and most links stay as they were', () => {
    fc.assert(
      fc.property(fc.integer({ min: 20, max: 150 }), seed, (count, salt) => {
        const members = membersOf(count, salt);
        const left = someOf(members, 0.7, `left ${salt}`);
        fc.pre(left.length >= 10);
        const after = siteOf(left);
        assert.ok(isConnected(after));
        const here = new Set(left);
        const kept = [...linksOf(siteOf(members))].filter((link) =>
          link.split(' ').every((member) => here.has(member)),
        );
        // A link between two that stay is never given up, because nobody has come between them.
        for (const link of kept) assert.ok(linksOf(after).has(link), link);
        // Each that left opens at most three gaps, and each gap takes one link.
        const fresh = linksOf(after).size - kept.length;
        assert.ok(fresh <= 3 * (count - left.length), `${fresh} new links`);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a large site whose members do not know everybody', () => {
  it('is connected all the same, and nobody has more than twenty links', () => {
    // Each wants six at most. In one direction of one ring a member is wanted by the one d places away if that one knows it and
    // none of the d - 1 between: with a fifth unknown by 0.8 * 0.2 ** (d - 1). Over all six that is six on average, and more
    // than 14 with a probability of about 1e-9.
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 200 }),
        fc.integer({ min: 80, max: 95 }),
        seed,
        (count, percent, salt) => {
          const members = membersOf(count, salt);
          const site = siteOf(members, (member) =>
            someOf(members, percent / 100, `${salt} ${member}`),
          );
          assert.ok(isConnected(site));
          assert.ok(Math.max(...degrees(site)) <= 20, `${Math.max(...degrees(site))} links`);
          assert.ok(
            linksOf(site).size <= MOST_WANTED * count,
            'each link has an end that wants it',
          );
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('churn', () => {
  it('leaves a connected site of few links, and never piles links up', () => {
    for (let i = 0; i < 300; i++) {
      const random = createSeededRandom(`churn ${i}`);
      const world = new ChurnWorld(16 + (i % 12), 30, `members ${i}`, random);
      for (let step = 0; step < 60; step++) {
        const size = world.graph.size;
        const what = random.fraction();
        if (what < 0.15) world.arrive();
        else if (what < 0.3 && size > 12) world.depart();
        world.pass();
        checkBound(world, `seed ${i}, step ${step}`);
      }
      for (let step = 0; step <= WINDOW; step++) world.pass();
      const { graph } = world;
      assert.ok(isConnected(graph), `seed ${i} is connected`);
      assert.deepEqual(
        linksOf(graph),
        linksOf(siteOf([...graph.keys()])),
        `seed ${i} has its shape`,
      );
    }
  });

  /**
   * Whoever is linked was wanted by an end whose view differed from the truth by what happened since, so in some ring no more
   * members stand between the two than came and went. A newcomer first knows only one.
   */
  function checkBound(world: ChurnWorld, when: string): void {
    const { recentEvents, graph } = world;
    const most = MOST_WANTED * (recentEvents + 1) + recentEvents;
    const degree = Math.max(...degrees(graph));
    assert.ok(degree <= most, `${when}: ${degree} links after ${recentEvents} events`);
    assert.ok(linksOf(graph).size <= 2 * MOST_WANTED * graph.size, `${when}: links in all`);
  }
});
