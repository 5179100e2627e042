// Presence: what an agent is called by its age, by what this node could hear, and by what happened before. Bad judgements, and a
// model that listens second by second, to compare with.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Run } from '../../../src/core/feeds/run.ts';
import { DeafTimes } from '../../../src/core/presence/deaf-times.ts';
import { judgePresence } from '../../../src/core/presence/presence.ts';
import { agent, refusal, START_MS, TestNode } from '../../support/test-node.ts';

const INTERVAL_MS = 1000;

function beat(node: TestNode): void {
  const body = { agent: node.name, intervalMs: INTERVAL_MS, ack: 'local' as const };
  node.request('heartbeat', body, agent(node.name));
}

/** `alive heartbeats` */
function seen(node: TestNode, name: string): string {
  const { presence, presenceReason } = node.request('getPlatform', { agent: name }).freshness;
  return `${presence} ${presenceReason}`;
}

/** An agent on its own sidecar, and another sidecar that hears of it. */
class Pair {
  readonly far = new TestNode('far');
  readonly here = new TestNode('here');

  pass(ms: number): void {
    this.far.nowMs += ms;
    this.here.nowMs += ms;
  }

  /** A heartbeat that arrives. */
  beat(): void {
    beat(this.far);
    this.tell();
  }

  tell(): void {
    const held: Run[] = this.far.runs();
    this.here.receive(held);
  }

  /** This sidecar does not run for so long, and finds out when it runs again. */
  stall(ms: number): void {
    const fromMs = this.here.nowMs - START_MS;
    this.pass(ms);
    this.here.turn({ type: 'stalled', fromMs, untilMs: fromMs + ms });
  }

  link(links: number): void {
    this.here.turn({ type: 'linked', links });
  }

  get presence(): string {
    return seen(this.here, 'far');
  }
}

describe('the rule', () => {
  const of = (ageMs: number, silentMs = ageMs, flags = {}): string => {
    const evidence = { ageMs, silentMs, intervalMs: 1000, isReturning: false, isCutOff: false };
    const { presence, reason } = judgePresence({ ...evidence, ...flags });
    return `${presence} ${reason}`;
  };

  test('three intervals to suspect, ten to unreachable, and exactly at the limit still better', () => {
    assert.deepEqual(
      [0, 3000, 3001, 10_000, 10_001].map((ageMs) => of(ageMs)),
      [
        'alive heartbeats',
        'alive heartbeats',
        'suspect heartbeats',
        'suspect heartbeats',
        'unreachable heartbeats',
      ],
    );
  });

  test('nobody is unreachable who was not listened to for ten intervals, and nobody alive whose beat is old', () => {
    assert.equal(of(60_000, 10_000), 'suspect settling');
    assert.equal(of(60_000, 10_001), 'unreachable heartbeats');
    assert.equal(of(3001, 0), 'suspect heartbeats');
    assert.equal(of(3001, 0, { isCutOff: true }), 'suspect cut-off');
    assert.equal(of(60_000, 5000, { isCutOff: true }), 'suspect cut-off');
    assert.equal(of(0, 0, { isReturning: true }), 'suspect returning');
  });
});

describe('a node that did not run', () => {
  test('does not bury whom it could not hear, and does after it has listened for as long as ever (invariant 16)', () => {
    const pair = new Pair();
    pair.beat();
    pair.stall(60_000);
    assert.equal(pair.presence, 'suspect settling');
    // One interval for what came meanwhile to be read, and ten of silence.
    pair.pass(11_000);
    assert.equal(pair.presence, 'suspect settling');
    pair.pass(1);
    assert.equal(pair.presence, 'unreachable heartbeats');
  });

  test('sees an agent alive again with its next heartbeat, and counts no return', () => {
    const pair = new Pair();
    pair.beat();
    pair.stall(60_000);
    pair.beat();
    assert.equal(pair.presence, 'alive heartbeats');
    assert.equal(pair.here.request('getPlatform', { agent: 'far' }).returns, 0);
  });

  test('still counts the silence before and after', () => {
    const pair = new Pair();
    pair.beat();
    pair.pass(6000);
    pair.stall(20_000);
    pair.pass(5000);
    assert.equal(pair.presence, 'suspect settling');
    pair.pass(1);
    assert.equal(pair.presence, 'unreachable heartbeats');
  });
});

describe('a node without a link', () => {
  test('says that it does not know, and buries nobody (invariant 16)', () => {
    const pair = new Pair();
    pair.link(1);
    pair.beat();
    pair.link(0);
    pair.pass(3000);
    assert.equal(pair.presence, 'alive heartbeats');
    pair.pass(1);
    assert.equal(pair.presence, 'suspect cut-off');
    pair.pass(86_400_000);
    assert.equal(pair.presence, 'suspect cut-off');
    pair.link(1);
    assert.equal(pair.presence, 'suspect settling');
    pair.pass(13_000);
    assert.equal(pair.presence, 'suspect settling');
    pair.pass(1);
    assert.equal(pair.presence, 'unreachable heartbeats');
  });

  test('leaves those unreachable who were before, and says that it does not know', () => {
    const pair = new Pair();
    pair.link(1);
    pair.beat();
    pair.pass(10_001);
    assert.equal(pair.presence, 'unreachable heartbeats');
    pair.link(0);
    assert.equal(pair.presence, 'unreachable cut-off');
  });

  test('judges its own agents as ever', () => {
    const node = new TestNode('here');
    node.turn({ type: 'linked', links: 0 });
    beat(node);
    node.nowMs += 10_001;
    assert.equal(seen(node, 'here'), 'unreachable heartbeats');
  });

  test('believes what comes another way, as old as it is', () => {
    const pair = new Pair();
    pair.link(0);
    pair.beat();
    assert.equal(pair.presence, 'alive heartbeats');
  });
});

describe('coming back', () => {
  test('takes two heartbeats in time after being unreachable, and is counted', () => {
    const pair = new Pair();
    pair.beat();
    assert.equal(pair.presence, 'alive heartbeats');
    pair.pass(10_001);
    pair.beat();
    assert.equal(pair.presence, 'suspect returning');
    pair.pass(3001);
    pair.beat();
    assert.equal(pair.presence, 'suspect returning', 'the second was late');
    pair.pass(1000);
    pair.beat();
    assert.equal(pair.presence, 'alive heartbeats');
    assert.equal(pair.here.request('getPlatform', { agent: 'far' }).returns, 1);
  });

  test('takes one after being suspect', () => {
    const pair = new Pair();
    pair.beat();
    pair.pass(9000);
    pair.beat();
    assert.equal(pair.presence, 'alive heartbeats');
  });

  test('after a restart of the observer is judged by what it listened since', () => {
    const pair = new Pair();
    pair.beat();
    pair.pass(86_400_000);
    const memory = { nowMs: pair.here.nowMs, disk: pair.here.disk };
    const again = new TestNode('here', {}, undefined, memory);
    assert.equal(seen(again, 'far'), 'suspect settling');
    again.nowMs += 10_001;
    assert.equal(seen(again, 'far'), 'unreachable heartbeats');
  });
});

describe('a goodbye', () => {
  test('is seen everywhere at once, and ended by the next heartbeat without a doubt', () => {
    const pair = new Pair();
    pair.beat();
    const left = pair.far.request('leave', { agent: 'far', by: 'agent' }, agent('far'));
    assert.deepEqual(left, { left: true, ack: 'local' });
    pair.tell();
    assert.equal(pair.presence, 'left goodbye');
    pair.pass(86_400_000);
    assert.equal(pair.presence, 'left goodbye');
    pair.beat();
    assert.equal(pair.presence, 'alive heartbeats');
    assert.equal(pair.here.request('getPlatform', { agent: 'far' }).returns, 0);
  });

  test('is said once, and only by who was there', () => {
    const node = new TestNode('here');
    const leave = (by: 'agent' | 'sidecar') =>
      node.request('leave', { agent: 'here', by }, agent('here')).left;
    assert.throws(() => leave('agent'), refusal('NOT_FOUND'));
    assert.equal(leave('sidecar'), false);
    beat(node);
    assert.deepEqual([leave('sidecar'), leave('sidecar'), leave('agent')], [true, false, false]);
    beat(node);
    node.nowMs += 10_001;
    assert.equal(leave('sidecar'), false, 'whether it left is not known');
    assert.equal(leave('agent'), true);
  });

  test('keeps what the agent said before', () => {
    const node = new TestNode('here');
    const said = { status: 'ok', workloads: [], labels: { a: 'b' }, versions: {} };
    const body = { agent: 'here', beat: { ...said, telemetry: {}, extra: {} }, ack: 'memory' };
    node.request('heartbeat', { ...body, ack: 'memory' as const }, agent('here'));
    node.request('leave', { agent: 'here', by: 'agent' }, agent('here'));
    assert.deepEqual(node.request('getPlatform', { agent: 'here' }).beat.labels, { a: 'b' });
    beat(node);
    assert.equal(node.read('platforms/here')?.left, undefined);
  });
});

describe('listening', () => {
  /** Stalls and cuts as they follow each other, in whole seconds. */
  const course = fc.array(
    fc.record({
      what: fc.constantFrom('runs' as const, 'stalls' as const, 'cut' as const),
      seconds: fc.integer({ min: 1, max: 40 }),
    }),
    // Fewer periods of each kind than are remembered one by one.
    { maxLength: 14 },
  );

  test('is all time but that in which nobody could be heard, and a little after it, counted second by second', () => {
    fc.assert(
      fc.property(course, fc.integer({ min: 0, max: 60 }), fc.boolean(), (parts, from, isNear) => {
        const deaf = new DeafTimes();
        const hears: boolean[] = [];
        let [waitsUntil, isCut] = [0, false];
        for (const { what, seconds } of parts) {
          const start = hears.length;
          if ((what === 'cut') !== isCut) {
            if (isCut && !isNear) waitsUntil = Math.max(waitsUntil, start + 6);
            isCut = what === 'cut';
            deaf.linked(isCut ? 0 : 1, start * 1000);
          }
          for (let i = 0; i < seconds; i++) {
            const isDeaf = what === 'stalls' || (what === 'cut' && !isNear);
            hears.push(!isDeaf && hears.length >= waitsUntil);
          }
          if (what !== 'stalls') continue;
          deaf.stalled({ fromMs: start * 1000, untilMs: hears.length * 1000 });
          waitsUntil = Math.max(waitsUntil, hears.length + 2);
        }
        const listened = hears.slice(from).filter(Boolean).length;
        const now = Math.max(from, hears.length);
        assert.equal(deaf.listenedMs(from * 1000, now * 1000, 2000, isNear), listened * 1000);
      }),
      { numRuns: 500 },
    );
  });

  test('is never more for being told of more stalls than are remembered', () => {
    const spans = fc.array(fc.tuple(fc.nat({ max: 5000 }), fc.nat({ max: 5000 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(spans, (all) => {
        const deaf = new DeafTimes();
        let atMs = 0;
        let deafMs = 0;
        for (const [runsMs, stallMs] of all) {
          deaf.stalled({ fromMs: atMs + runsMs, untilMs: atMs + runsMs + stallMs });
          atMs += runsMs + stallMs;
          deafMs += stallMs;
        }
        const listenedMs = deaf.listenedMs(0, atMs, 100, false);
        assert.ok(listenedMs <= atMs - deafMs, `${listenedMs} of ${atMs - deafMs}`);
        assert.equal(deaf.listenedMs(0, atMs + 10_000, 100, false) >= 9900, true);
      }),
    );
  });
});
