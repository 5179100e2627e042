// Nodes whose clock is wrong: what they write others take, what they are sent is not lost, and nothing is started or forgotten by it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClockWatch, hlcMs } from '../../src/core/index.ts';
import type { TrustSet } from '../../src/core/trust/index.ts';
import { claimOf, issueOf } from '../support/command-requests.ts';
import { ADMIN, ALWAYS_DUE, agent, refusal, START_MS, TestNode } from '../support/test-node.ts';
import { actor, StatedFleet } from './trust/support/fleet.ts';

const DAY_MS = 86_400_000;
const IN_2100_MS = Date.UTC(2100, 0, 1);
const BOUNDS = { floorMs: START_MS - 30 * DAY_MS, ceilingMs: START_MS + 2000 * DAY_MS };
const HOUR_MS = 3_600_000;
const WRONG = [
  { name: '1970', wallMs: 0 },
  { name: '2100', wallMs: IN_2100_MS },
] as const;

function nodeAt(name: string, nowMs: number, trust?: TrustSet): TestNode {
  const clockWatch = new ClockWatch(BOUNDS);
  return new TestNode(name, undefined, undefined, {
    ...{ nowMs, clockWatch, checkpointDue: ALWAYS_DUE },
    ...(trust && { trust }),
  });
}

function hear(node: TestNode, from: TestNode): void {
  node.turn({ type: 'clock-heard', nodeId: from.nodeId, wallMs: from.nowMs });
}

function reports(node: TestNode): string[] {
  return node.effects.flatMap((effect) => (effect.type === 'report' ? [effect.event] : []));
}

for (const { name, wallMs } of WRONG) {
  describe(`a node in ${name}`, () => {
    it('writes commits at once that others take, and that count', () => {
      const [wrong, right] = [nodeAt('north', wallMs), nodeAt('south', START_MS)];
      wrong.put('deployments/north:a', { n: 1 });
      assert.equal(right.receive(wrong.runs()), undefined);
      assert.deepEqual(right.read('deployments/north:a'), { n: 1 });
      for (const { commit } of wrong.stored) {
        assert.ok(hlcMs(commit.clock) >= BOUNDS.floorMs && hlcMs(commit.clock) <= START_MS);
      }
    });

    it('takes what others write as soon as it hears from one of them what time it is', () => {
      const [wrong, right] = [nodeAt('north', wallMs), nodeAt('south', START_MS)];
      right.put('deployments/south:a', { n: 1 });
      assert.match(wrong.receive(right.runs()) ?? '', /more than ten minutes ahead of ours/);
      assert.equal(wrong.request('summary', {}).heldFeeds.length, 1);
      hear(wrong, right);
      assert.equal(wrong.receive(right.runs()), undefined);
      assert.deepEqual(wrong.request('summary', {}).heldFeeds, []);
      wrong.put('deployments/north:a', { n: 2 });
      assert.equal(right.receive(wrong.runs()), undefined);
      assert.equal(right.stateHash, wrong.stateHash);
    });

    it('starts no command and lets none expire, and does both once its clock is right', () => {
      const [wrong, hub] = [nodeAt('north', wallMs), nodeAt('south', START_MS)];
      const issue = (from: TestNode, ttlMs: number) =>
        from.request('issueCommand', {
          ...issueOf({ agent: 'north', kind: 'say', args: {}, ttlMs, idempotencyKey: '' }),
        }).command.id;
      assert.throws(() => issue(wrong, HOUR_MS), refusal('CLOCK_SUSPECT'));
      const [lasting, brief] = [issue(hub, HOUR_MS), issue(hub, 1000)];
      hear(wrong, hub);
      assert.equal(wrong.receive(hub.runs()), undefined);
      const claim = (id: string) =>
        wrong.request('acknowledgeCommand', claimOf(id), agent('north'));
      for (const id of [lasting, brief]) {
        assert.throws(() => claim(id), refusal('CLOCK_SUSPECT'));
      }
      const beat = { agent: 'north', ack: 'memory' } as const;
      assert.equal(wrong.request('heartbeat', beat, agent('north')).pendingCommands, 0);
      wrong.nowMs = START_MS + 5000;
      hub.nowMs = START_MS + 5000;
      hear(wrong, hub);
      assert.ok(reports(wrong).includes('clock.trusted'));
      assert.equal(wrong.request('summary', {}).clockSuspect, undefined);
      assert.equal(claim(lasting).claimed, true);
      assert.throws(() => claim(brief), refusal('COMMAND_EXPIRED'));
    });

    it('forgets nothing by age', () => {
      const node = nodeAt('north', START_MS);
      node.put('notes/kept', { n: 1 });
      node.request('delete', { collection: 'notes', id: 'kept' }, ADMIN);
      const { command } = node.request('issueCommand', {
        ...issueOf({ agent: 'north', kind: 'say', args: {}, ttlMs: 1000, idempotencyKey: '' }),
      });
      node.nowMs = wallMs;
      node.look();
      assert.notEqual(node.request('summary', {}).clockSuspect, undefined);
      assert.ok(node.read(`commands/north/${command.id}`));
      const repeated = node.stored.filter(({ ops }) => ops.some(({ key }) => key === 'notes/kept'));
      assert.notEqual(repeated.length, 0);
    });
  });
}

describe('a time that a hub signed', () => {
  const fleet = new StatedFleet();
  const [hub, edge, other] = [actor('hub'), actor('edge'), actor('other')];
  const CONFIG = {
    collection: 'config',
    class: 'shared',
    writers: new Set(['hub'] as const),
  } as const;
  const life = { notBeforeMs: START_MS - 20 * DAY_MS, expiresMs: START_MS + 160 * DAY_MS };
  const trust = () =>
    fleet.set(
      fleet.certify(hub, ['hub', 'agent'], fleet.root, life),
      fleet.certify(edge, ['agent'], fleet.root, life),
      fleet.certify(other, ['agent'], fleet.root, life),
      fleet.policy(1, [CONFIG], fleet.root),
    );

  it('is believed by a node in 1970, which then takes what the other members wrote until then', () => {
    const [node, ofHub, ofOther] = [
      nodeAt('edge', 0, trust()),
      nodeAt('hub', START_MS, trust()),
      nodeAt('other', START_MS - 1000, trust()),
    ];
    ofHub.put('deployments/hub:a', { n: 1 });
    ofOther.put('deployments/other:a', { n: 1 });
    assert.match(node.receive(ofOther.runs()) ?? '', /more than ten minutes ahead/);
    assert.equal(node.receive(ofHub.runs()), undefined);
    assert.equal(node.receive(ofOther.runs()), undefined);
    node.put('deployments/edge:a', { n: 2 });
    const newest = node.stored.at(-1)?.commit.clock ?? 0n;
    assert.ok(hlcMs(newest) >= START_MS);
  });

  it('is not believed beyond the life of its certificate, nor by a node whose clock is believed', () => {
    const late = nodeAt('hub', life.expiresMs + DAY_MS, trust());
    late.put('deployments/hub:a', { n: 1 });
    for (const nowMs of [0, START_MS]) {
      const node = nodeAt('edge', nowMs, trust());
      assert.match(node.receive(late.runs()) ?? '', /more than ten minutes ahead/);
    }
    const early = nodeAt('hub', START_MS + DAY_MS, trust());
    early.put('deployments/hub:a', { n: 1 });
    assert.match(
      nodeAt('edge', START_MS, trust()).receive(early.runs()) ?? '',
      /ten minutes ahead/,
    );
  });
});
