// Presence between members: what a link that ends, a pause and a stop make of it, and the stall that is noticed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { StallMonitor } from '../../src/sidecar/member/stall-monitor.ts';
import { createMemoryStore } from '../../src/sidecar/store/memory-store.ts';
import { ManualClock } from '../../src/testing/manual-clock.ts';
import { ADMIN } from '../support/test-node.ts';
import { type RunningMember, TestFleet } from './support/test-fleet.ts';

async function seen(at: RunningMember, agent: string): Promise<string> {
  const { freshness } = await at.member.request('getPlatform', ADMIN, { agent });
  return `${freshness.presence} ${freshness.presenceReason}`;
}

async function linked(): Promise<{ fleet: TestFleet; north: RunningMember; south: RunningMember }> {
  const fleet = new TestFleet();
  const south = await fleet.start('south');
  const north = await fleet.start('north', { peers: ['south'] });
  await fleet.quiet();
  return { fleet, north, south };
}

describe('a member whose links ended', () => {
  test('says that it is cut off, and judges again some time after a link is back (invariant 16)', async () => {
    const { fleet, north, south } = await linked();
    await north.heartbeat('ok', 'local');
    await fleet.clock.advanceSettled(1000);
    assert.equal(await seen(south, 'north'), 'alive heartbeats');
    await south.member.pause();
    await fleet.clock.advanceSettled(600_000);
    assert.equal(await seen(south, 'north'), 'suspect cut-off');
    assert.equal(await seen(north, 'north'), 'unreachable heartbeats', 'its own it hears');
    await south.member.resume();
    await fleet.clock.advanceSettled(60_000);
    assert.equal(await seen(south, 'north'), 'suspect settling');
    await fleet.clock.advanceSettled(140_000);
    assert.equal(await seen(south, 'north'), 'unreachable heartbeats');
  });

  test('is no judge from its start on, before it has a link', async () => {
    const { fleet, north, south } = await linked();
    await north.heartbeat('ok', 'local');
    await fleet.quiet();
    await south.member.close();
    const store = createMemoryStore();
    const third = await fleet.start('third', { store, peers: ['north'] });
    await fleet.quiet();
    // What is its own takes what it heard to the disk.
    await third.heartbeat('ok', 'local');
    await third.die();
    await north.member.close();
    const again = await fleet.start('third', { store: store.snapshotSynced(), peers: ['north'] });
    await fleet.clock.advanceSettled(600_000);
    assert.equal(await seen(again, 'north'), 'suspect cut-off');
  });
});

describe('a goodbye', () => {
  test('of a member that stops reaches those who are linked before it is gone', async () => {
    const { fleet, north, south } = await linked();
    await north.heartbeat('ok', 'local');
    await fleet.clock.advanceSettled(1000);
    assert.equal(await seen(south, 'north'), 'alive heartbeats');
    const leaving = north.member.leave().then(() => north.member.close());
    await fleet.clock.advanceSettled(2000);
    await leaving;
    assert.equal(await seen(south, 'north'), 'left goodbye');
  });

  test('ends after a second where nobody answers, and writes nothing where nobody was there', async () => {
    const { fleet, north, south } = await linked();
    const before = (await north.summary()).commits;
    await north.member.leave();
    assert.equal((await north.summary()).commits, before);
    await north.heartbeat('ok', 'local');
    await south.die();
    let isOver = false;
    const leaving = north.member.leave().then(() => {
      isOver = true;
    });
    await fleet.clock.advanceSettled(1100);
    assert.equal(isOver, true);
    await leaving;
  });
});

describe('a stall', () => {
  test('is what passed since the last look, told once; a look in time is none', () => {
    const clock = new ManualClock();
    const startMs = clock.now().monotonicMs;
    let lateMs = 0;
    const late = () => {
      const { wallMs, monotonicMs } = clock.now();
      return { wallMs: wallMs + lateMs, monotonicMs: monotonicMs + lateMs };
    };
    const monitor = new StallMonitor({ clock: { now: late }, timers: clock });
    clock.advance(5400);
    assert.deepEqual(monitor.take(), []);
    lateMs = 20_000;
    assert.deepEqual(monitor.take(), [{ fromMs: startMs + 5000, untilMs: startMs + 25_400 }]);
    assert.deepEqual(monitor.take(), []);
    lateMs = 50_000;
    clock.advance(600);
    assert.deepEqual(monitor.take(), [{ fromMs: startMs + 25_400, untilMs: startMs + 56_000 }]);
    monitor.close();
    assert.equal(clock.pending, 0);
  });

  test('of which nobody asks is remembered within bounds', () => {
    const clock = new ManualClock();
    let lateMs = 0;
    const now = () => ({ wallMs: 0, monotonicMs: clock.now().monotonicMs + lateMs });
    const monitor = new StallMonitor({ clock: { now }, timers: clock });
    for (let i = 0; i < 100; i++) {
      lateMs += 5000;
      clock.advance(1000);
    }
    const stalls = monitor.take();
    assert.equal(stalls.length, 16);
    assert.equal(stalls.at(-1)?.untilMs, now().monotonicMs);
    monitor.close();
  });
});
