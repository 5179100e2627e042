// The history is filled from platforms of this sidecar and of others, seldom, and goes on after a store that failed.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { HoldfastError, type JsonObject } from '../../../src/core/index.ts';
import type { Submit } from '../../../src/sidecar/submit.ts';
import { TelemetryHistory } from '../../../src/sidecar/telemetry/history.ts';
import {
  HistoryFeed,
  READ_INTERVAL_MS,
  REST_SHARE,
} from '../../../src/sidecar/telemetry/history-feed.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { agent, START_MS, TestNode } from '../../support/test-node.ts';

class World {
  readonly clock = new ManualClock(START_MS);
  readonly node = new TestNode('here');
  readonly history = new TelemetryHistory({ maxSamples: 100, maxBytes: 1 << 20 });
  readonly listeners = new Set<() => void>();
  asked = 0;
  fails = false;
  /** Told with how many platforms a step has brought up to date. */
  onAsked: (refreshed: number) => void = () => {};
  /** What one step costs. */
  stepMs = 0;
  readonly feed: HistoryFeed;

  constructor() {
    const submit: Submit = async (method, caller, body) => {
      this.asked += 1;
      if (this.fails) throw new HoldfastError('STORE_FAILED', 'it is opened again');
      if ('refresh' in body && body.refresh !== undefined) this.onAsked(body.refresh.length);
      if (this.stepMs > 0) this.clock.advance(this.stepMs);
      return this.node.request(method, body, caller);
    };
    this.feed = new HistoryFeed({
      ...{ history: this.history, clock: this.clock, timers: this.clock, submit },
      onChange: (listener) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
      },
    });
  }

  beat(node: TestNode, name: string, telemetry: JsonObject | undefined): void {
    node.nowMs = this.clock.now().wallMs;
    const beat = telemetry && {
      ...{ status: 'ok', workloads: [], labels: {}, versions: {}, telemetry, extra: {} },
    };
    node.request('heartbeat', { agent: name, ack: 'local', ...(beat && { beat }) }, agent(name));
    this.tell();
  }

  tell(): void {
    for (const listener of this.listeners) listener();
  }

  cpus(name: string): (number | undefined)[] {
    const query = { agent: name, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER, maxPoints: 100 };
    return this.history.read(query).samples.map(({ figures }) => figures.cpuPercent);
  }
}

suite('the history', () => {
  test('has each measurement of an own agent once, and nothing of "still here"', async () => {
    const world = new World();
    world.beat(world.node, 'here', { cpuPercent: 1 });
    await world.clock.advanceSettled(10_000);
    world.beat(world.node, 'here', undefined);
    await world.clock.advanceSettled(10_000);
    world.beat(world.node, 'here', { cpuPercent: 3 });
    await world.clock.advanceSettled(10_000);
    assert.deepEqual(world.cpus('here'), [1, 3]);
    world.feed.close();
    assert.deepEqual([world.clock.pending, world.listeners.size], [0, 0]);
  });

  test('has those of agents of other members, at the time their sidecar wrote them', async () => {
    const world = new World();
    const there = new TestNode('there');
    world.beat(there, 'there', { cpuPercent: 7 });
    const writtenMs = there.nowMs;
    await world.clock.advanceSettled(3_000);
    world.node.nowMs = world.clock.now().wallMs;
    world.node.receive(there.runs());
    world.tell();
    await world.clock.advanceSettled(READ_INTERVAL_MS * 2);
    assert.deepEqual(world.cpus('there'), [7]);
    const query = { agent: 'there', fromMs: 0, toMs: writtenMs, maxPoints: 9 };
    assert.equal(world.history.read(query).samples[0]?.observedAtMs, writtenMs);
    world.feed.close();
  });

  test('asks nothing while nothing changes, and once for many changes', async () => {
    const world = new World();
    await world.clock.advanceSettled(60_000);
    const before = world.asked;
    await world.clock.advanceSettled(600_000);
    assert.equal(world.asked, before);
    for (let n = 0; n < 50; n++) world.tell();
    await world.clock.advanceSettled(60_000);
    assert.equal(world.asked, before + 1);
    world.feed.close();
  });

  test('rests a multiple of what a step took', async () => {
    const world = new World();
    await world.clock.advanceSettled(60_000);
    world.stepMs = 1_000;
    world.tell();
    await world.clock.advanceSettled(READ_INTERVAL_MS);
    const before = world.asked;
    world.onAsked = () => world.tell();
    world.tell();
    await world.clock.advanceSettled(READ_INTERVAL_MS + 1_000);
    assert.equal(world.asked, before + 1);
    await world.clock.advanceSettled(REST_SHARE * 1_000 - 2_000);
    assert.equal(world.asked, before + 1);
    await world.clock.advanceSettled(2_000);
    assert.equal(world.asked, before + 2);
    world.feed.close();
  });

  test('of many agents has a few brought up to date at a time, each in its turn', async () => {
    const world = new World();
    const there = new TestNode('there');
    const names = [...Array(100).keys()].map((n) => `agent-${n}`);
    for (const [n, name] of names.entries()) world.beat(there, name, { cpuPercent: n });
    world.node.nowMs = world.clock.now().wallMs;
    world.node.receive(there.runs());
    world.tell();
    const broughtUp: number[] = [];
    world.onAsked = (refreshed) => broughtUp.push(refreshed);
    await world.clock.advanceSettled(60_000);
    assert.ok(Math.max(...broughtUp) <= 16, `${broughtUp}`);
    assert.equal(
      broughtUp.reduce((sum, count) => sum + count, 0),
      100,
    );
    for (const [n, name] of names.entries()) assert.deepEqual(world.cpus(name), [n]);
    world.feed.close();
  });

  test('goes on where it was after a store that failed', async () => {
    const world = new World();
    world.beat(world.node, 'here', { cpuPercent: 1 });
    await world.clock.advanceSettled(10_000);
    world.fails = true;
    world.beat(world.node, 'here', { cpuPercent: 2 });
    await world.clock.advanceSettled(30_000);
    world.fails = false;
    await world.clock.advanceSettled(30_000);
    assert.deepEqual(world.cpus('here'), [1, 2]);
    world.feed.close();
  });
});
