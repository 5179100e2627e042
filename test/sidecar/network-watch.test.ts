// Another network is noticed within seconds, once, and a system that does not tell is no change.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import { createNetworkWatch, type NetworkChange } from '../../src/sidecar/network-watch.ts';
import { ManualClock } from '../../src/testing/index.ts';

const LOOK_MS = 5_000;

test('what comes and what goes is told once, within five seconds', () => {
  const clock = new ManualClock();
  let addresses = ['eth0 10.0.0.1/24'];
  const changes: NetworkChange[] = [];
  const watch = createNetworkWatch(clock, () => addresses);
  watch.start((change) => changes.push(change));
  clock.advance(60_000);
  assert.deepEqual(changes, []);
  addresses = ['eth0 10.1.0.7/24', 'wlan0 192.168.1.4/24'];
  clock.advance(LOOK_MS);
  addresses = [];
  clock.advance(LOOK_MS);
  assert.deepEqual(changes, [
    { added: ['eth0 10.1.0.7/24', 'wlan0 192.168.1.4/24'], removed: ['eth0 10.0.0.1/24'] },
    { added: [], removed: ['eth0 10.1.0.7/24', 'wlan0 192.168.1.4/24'] },
  ]);
  clock.advance(60_000);
  assert.equal(changes.length, 2);
});

test('a system that does not tell for a while changed nothing', () => {
  const clock = new ManualClock();
  let fails = true;
  let told = 0;
  const watch = createNetworkWatch(clock, () => {
    if (fails) throw new Error('too many open files');
    return ['eth0 10.0.0.1/24'];
  });
  watch.start(() => told++);
  clock.advance(LOOK_MS);
  fails = false;
  clock.advance(LOOK_MS);
  assert.equal(told, 1, 'what was never known before is new');
  fails = true;
  clock.advance(LOOK_MS);
  fails = false;
  clock.advance(LOOK_MS);
  assert.equal(told, 1);
});

test('when it is stopped it looks no more', () => {
  const clock = new ManualClock();
  const watch = createNetworkWatch(clock);
  watch.start(() => assert.fail('nothing changes here'));
  assert.equal(clock.pending, 1);
  watch.stop();
  watch.stop();
  assert.equal(clock.pending, 0);
  assert.ok(networkInterfaces() !== undefined);
});
