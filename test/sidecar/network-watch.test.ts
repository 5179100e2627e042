<<<<<<< HEAD
// The watch on network interfaces: what changed is told once, and nobody is asked while nobody listens.
import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import { createNetworkWatch, type InterfaceAddress } from '../../src/sidecar/network-watch.ts';
import { ManualClock } from '../../src/testing/index.ts';

const ETH0: InterfaceAddress = { interface: 'eth0', address: '192.0.2.7', isIPv6: false };
const WLAN0: InterfaceAddress = { interface: 'wlan0', address: '198.51.100.7', isIPv6: false };

test('tells everybody of a change within five seconds, and of none twice', () => {
  const clock = new ManualClock();
  let present: InterfaceAddress[] = [ETH0];
  const watch = createNetworkWatch(clock, () => present);
  assert.deepEqual(watch.list(), [ETH0]);
  const told = [0, 0];
  const ends = told.map((_, i) => watch.onChange(() => (told[i] = (told[i] ?? 0) + 1)));
  clock.advance(60_000);
  assert.deepEqual(told, [0, 0]);
  present = [ETH0, WLAN0];
  clock.advance(5_000);
  assert.deepEqual(told, [1, 1]);
  assert.deepEqual(watch.list(), [ETH0, WLAN0]);
  clock.advance(60_000);
  assert.deepEqual(told, [1, 1]);
  ends[0]?.();
  present = [];
  clock.advance(5_000);
  assert.deepEqual(told, [1, 2]);
  ends[1]?.();
  assert.equal(clock.pending, 0);
});

test('what changed while nobody listened is no news to who listens then', () => {
  const clock = new ManualClock();
  let present: InterfaceAddress[] = [];
  const watch = createNetworkWatch(clock, () => present);
  watch.onChange(() => assert.fail('nobody listens'))();
  present = [ETH0];
  clock.advance(60_000);
  let told = 0;
  watch.onChange(() => told++);
  clock.advance(60_000);
  assert.equal(told, 0);
});

test('the real one lists addresses of other machines’ kind', () => {
  const watch = createNetworkWatch(new ManualClock());
  for (const one of watch.list()) {
    assert.equal(one.isIPv6, isIPv6(one.address), one.address);
    assert.doesNotMatch(one.address, /^127\.|^::1$/);
  }
=======
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
>>>>>>> wt-mesh
});
