// What the sidecar of an agent does by itself: it says that a command came, ends what nobody ends, and refuses what its agent does not take.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { encodeOps } from '../../../src/core/feeds/commit.ts';
import { type FeedId, gateOps, type JsonObject, type Op } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { agent, refusal, TestNode } from '../../support/test-node.ts';
import {
  cancel,
  claim,
  issue,
  meet,
  offered,
  report,
  SECOND,
  SIDECAR,
  settle,
  show,
} from './support.ts';

const UNIT = {
  type: 'object',
  properties: { unit: { type: 'string', minLength: 1 } },
  required: ['unit'],
  additionalProperties: false,
};

function declare(node: TestNode, ...kinds: readonly [string, JsonObject | undefined][]): void {
  const declared = kinds.map(([kind, schema]) => ({ kind, schema, description: '' }));
  node.request('declareKinds', { kinds: declared }, agent(node.name));
}

describe('the sidecar of an agent', () => {
  it('says that a command came when nobody claims it at once, and only then', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    const id = issue(hub, 'north');
    meet(hub, north);
    assert.equal(settle(north), 0, 'a claim would say it as well');
    const { nextInMs } = north.request('dueCommands', { agents: ['north'] }, SIDECAR);
    assert.equal(nextInMs, SECOND);
    north.nowMs += SECOND;
    assert.equal(settle(north), 1);
    meet(hub, north);
    const { state, reachedAtMs, confirmed, via } = show(hub, id);
    assert.deepEqual([state, reachedAtMs, confirmed], ['pending', north.nowMs - SECOND, false]);
    assert.equal(via, '', 'nobody told by whom it came');
  });

  it('says by whom it came, where that is known', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    const id = issue(hub, 'north');
    const via = { kind: 'link', node: hub.nodeId } as const;
    north.turn({ type: 'runs-received', deliveryId: 1, runs: hub.runs(), via });
    claim(north, id);
    assert.equal(show(north, id).via, hub.nodeId);
  });

  it('says that it expired, so that nobody has to guess', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    const id = issue(hub, 'north', { ttlMs: 5 * SECOND });
    meet(hub, north);
    for (const node of [hub, north]) node.nowMs += 6 * SECOND;
    assert.deepEqual([show(hub, id).state, show(hub, id).confirmed], ['expired', false]);
    settle(north);
    meet(hub, north);
    assert.deepEqual([show(hub, id).state, show(hub, id).confirmed], ['expired', true]);
  });

  it('takes up ten thousand that came while its agent was away, each once, and ends those that came too late', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    const many = 10_000;
    for (let n = 0; n < many; n++) {
      issue(hub, 'north', { args: { n }, ttlMs: (n % 2 === 0 ? 10 : 100) * SECOND });
    }
    assert.equal(north.receive(hub.runs()), undefined);
    north.nowMs += 11 * SECOND;
    const begun = new Set<string>();
    for (let ids = offered(north); ids.length > 0; ids = offered(north)) {
      for (const id of ids) {
        assert.equal(claim(north, id), true);
        assert.ok(!begun.has(id));
        begun.add(id);
        report(north, id, 'succeeded');
      }
    }
    assert.equal(begun.size, many / 2);
    assert.equal(settle(north), many / 2);
    assert.equal(settle(north), 0);
  });

  it('is asked by nobody else', () => {
    const north = new TestNode('north');
    const ask = (): unknown => north.request('dueCommands', { agents: ['north'] }, agent('north'));
    assert.throws(ask, refusal('SCOPE_MISSING'));
  });
});

describe('a cancel', () => {
  it('that comes before its command ends it unbegun', () => {
    const [hub, other, north] = [new TestNode('hub'), new TestNode('other'), new TestNode('north')];
    const id = issue(hub, 'north');
    meet(hub, other);
    assert.equal(cancel(other, id, 'too early'), true);
    assert.equal(cancel(other, id), false, 'once is enough');
    meet(other, north);
    meet(hub, north);
    assert.deepEqual(offered(north), []);
    assert.equal(claim(north, id), false);
    const { state, message, requestedBy } = show(north, id);
    assert.deepEqual(
      [state, message, requestedBy],
      ['cancelled', 'cancelled: too early', 'hub/admin'],
    );
  });

  it('that comes too late says so, and changes nothing', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    const id = issue(hub, 'north');
    meet(hub, north);
    claim(north, id);
    cancel(hub, id);
    report(north, id, 'succeeded');
    meet(hub, north);
    for (const node of [hub, north]) {
      assert.deepEqual([show(node, id).state, show(node, id).cancelTooLate], ['succeeded', true]);
    }
  });

  it('reaches the agent that runs it as a reason to stop', () => {
    const north = new TestNode('north');
    const id = issue(north, 'north');
    claim(north, id);
    cancel(north, id, 'wrong host');
    const { claimed } = north.request('commandOffers', { limit: 10 }, agent('north'));
    assert.deepEqual(
      claimed.map(({ command, stop }) => [command.id, stop]),
      [[id, 'cancelled: wrong host']],
    );
    assert.equal(report(north, id, 'cancelled').state, 'cancelled');
  });
});

describe('the kinds that an agent declares', () => {
  it('are a door where the agent is known, and name the place at fault', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    declare(north, ['restart', UNIT]);
    assert.doesNotThrow(() => issue(hub, 'north', { kind: 'reboot' }), 'nobody knows it yet');
    meet(hub, north);
    const wrong = (kind: string, args: JsonObject) => () => issue(hub, 'north', { kind, args });
    assert.throws(wrong('reboot', {}), refusal('KIND_REFUSED', 'kind'));
    assert.throws(wrong('restart', {}), refusal('KIND_REFUSED', 'args'));
    assert.throws(
      wrong('restart', { unit: '' }),
      /^HoldfastError: args: unit: String is too short/,
    );
    const unknown = wrong('restart', { unit: 'nginx', force: true });
    assert.throws(unknown, /args: force: it is not among them\. Nothing was issued;/);
    assert.doesNotThrow(wrong('restart', { unit: 'nginx' }));
  });

  it('refuse for the agent what got through, also what came before it declared fewer', () => {
    const [hub, north] = [new TestNode('hub'), new TestNode('north')];
    const id = issue(hub, 'north', { kind: 'reboot' });
    declare(north, ['reboot', undefined], ['restart', undefined]);
    meet(hub, north);
    assert.deepEqual(offered(north), [id]);
    declare(north, ['restart', undefined]);
    assert.deepEqual(offered(north), []);
    settle(north);
    meet(hub, north);
    assert.equal(show(hub, id).state, 'rejected');
    assert.match(show(hub, id).message, /no commands of kind "reboot" \(it takes restart\)/);
  });

  it('do not take back what was claimed', () => {
    const north = new TestNode('north');
    const id = issue(north, 'north', { kind: 'reboot' });
    claim(north, id);
    declare(north, ['restart', undefined]);
    settle(north);
    assert.equal(report(north, id, 'succeeded').state, 'succeeded');
  });

  it('are refused with schemas that could run in circles or for hours, or that are none', () => {
    const north = new TestNode('north');
    const bad: readonly JsonObject[] = [
      { $ref: '#' },
      { properties: { a: { pattern: '(a+)+$' } } },
      { properties: [] },
      { anyOf: { type: 'string' } },
      { items: 5 },
    ];
    for (const schema of bad) {
      const declaring = (): void => declare(north, ['restart', schema]);
      assert.throws(declaring, refusal('INVALID_FIELD', 'kinds[0].schema'), JSON.stringify(schema));
    }
  });
});

describe('a command document', () => {
  it('is written once: what changes it is void at every receiver', () => {
    const hub = new TestNode('hub');
    const id = issue(hub, 'north', { args: { n: 1 } });
    const before = hub.stored.length;
    hub.put('notes/a', { n: 1 });
    hub.put('notes/a', { n: 2 });
    const [first, second] = hub.stored.slice(before).map(({ ops }) => ops[0]);
    assert.ok(first?.kind === 'change' && second?.kind === 'change');
    const feed = hub.stored[0]?.commit.feed;
    assert.ok(feed !== undefined && id !== '');
    const { voids } = gateForged(feed, `commands/north/${id}`, second);
    assert.match(voids[0] ?? '', /it changes what is written once/);
    assert.deepEqual(gateForged(feed, `commands/north/${id}`, first).voids, []);
  });
});

/** An op as it is judged when it is about another document. */
function gateForged(feed: FeedId, key: string, op: Op): ReturnType<typeof gateOps> {
  return gateOps(feed, encodeOps([{ ...op, key }]), sodiumCrypto);
}
