// Slots: the newest command counts, everywhere the same, also when two hubs did not know of each other.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TestNode } from '../../support/test-node.ts';
import { claim, issue, offered, report, settle, show } from './support.ts';

const SLOT = { slot: 'version:app' };

describe('commands of one slot', () => {
  it('replace what is not begun, and say by what', () => {
    const north = new TestNode('north');
    const [first, second, other] = [
      issue(north, 'north', { ...SLOT, args: { n: 1 } }),
      issue(north, 'north', { ...SLOT, args: { n: 2 } }),
      issue(north, 'north', { args: { n: 3 } }),
    ];
    assert.deepEqual(new Set(offered(north)), new Set([second, other]));
    settle(north);
    const { state, replacedBy, attempt } = show(north, first as string);
    assert.deepEqual([state, replacedBy, attempt], ['superseded', second, 0]);
  });

  it('wait for what is begun; that one says that it was replaced after it had run', () => {
    const north = new TestNode('north');
    const first = issue(north, 'north', SLOT);
    assert.equal(claim(north, first), true);
    const second = issue(north, 'north', SLOT);
    assert.deepEqual(offered(north), []);
    assert.equal(claim(north, second), false);
    report(north, first, 'succeeded');
    assert.deepEqual(offered(north), [second]);
    assert.equal(claim(north, second), true);
    settle(north);
    assert.deepEqual(
      [show(north, first).state, show(north, first).replacedBy],
      ['succeeded', second],
    );
  });

  it('keep the order of one turn, in which the clock stands still', () => {
    const north = new TestNode('north');
    const ids = Array.from({ length: 5 }, (_, n) =>
      issue(north, 'north', { ...SLOT, args: { n } }),
    );
    assert.deepEqual(offered(north), ids.slice(-1));
  });
});

describe('two hubs in two partitions', () => {
  it('end on one winner at every agent, whatever arrives first (issue order decides, then the id)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ hub: fc.nat(1), waitMs: fc.nat(5) }), { minLength: 1, maxLength: 6 }),
        fc.boolean(),
        fc.boolean(),
        (issues, eastFirst, runsEarly) => {
          const hubs = [new TestNode('east'), new TestNode('west')] as const;
          const ids = issues.map(({ hub, waitMs }, n) => {
            const node = hubs[hub] as TestNode;
            node.nowMs += waitMs;
            return issue(node, 'north', { ...SLOT, args: { n } });
          });
          const north = new TestNode('north');
          const twin = new TestNode('north');
          const order = eastFirst ? hubs : ([hubs[1], hubs[0]] as const);
          for (const hub of order) {
            assert.equal(north.receive(hub.runs()), undefined);
            if (runsEarly) for (const id of offered(north)) finish(north, id);
          }
          for (const hub of [...order].reverse()) {
            assert.equal(twin.receive(hub.runs()), undefined);
          }
          assert.equal(offered(twin).length, 1, 'one of them is to be run');
          const [winner = ''] = offered(twin);
          for (const id of offered(north)) finish(north, id);
          settle(north);
          assert.equal(show(north, winner).state, 'succeeded');
          assert.equal(show(north, winner).replacedBy, '', 'nothing came after the winner');
          for (const id of ids.filter((other) => other !== winner)) {
            const { state, replacedBy } = show(north, id);
            assert.ok(['superseded', 'succeeded'].includes(state));
            assert.notEqual(replacedBy, '', `${state} without saying by what`);
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});

function finish(node: TestNode, id: string): void {
  if (claim(node, id)) report(node, id, 'succeeded');
}
