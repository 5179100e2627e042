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
});
