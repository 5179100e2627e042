// Interfaces of the machine: in what form they are told, that changes are noticed, and that nobody looks when nobody asks.
import assert from 'node:assert/strict';
import type { networkInterfaces } from 'node:os';
import { describe, it } from 'node:test';
import { createNetworkWatch } from '../../../src/sidecar/links/network-watch.ts';
import { ManualClock } from '../../../src/testing/index.ts';

type System = ReturnType<typeof networkInterfaces>;

const four = (address: string) => ({
  ...{ family: 'IPv4' as const, address, netmask: '255.255.255.0', mac: '', internal: false },
  cidr: `${address}/24`,
});
const six = (address: string, scopeid: number) => ({
  ...{ family: 'IPv6' as const, address, netmask: 'ffff::', mac: '', internal: false },
  ...{ cidr: `${address}/64`, scopeid },
});

describe('the watch of network interfaces', () => {
  it('tells each with its addresses and its number', () => {
    const system: System = { eth0: [four('10.0.0.1'), six('fe80::1', 7)] };
    assert.deepEqual(createNetworkWatch(new ManualClock(), () => system).list(), [
      {
        ...{ name: 'eth0', internal: false, index: 7 },
        addresses: [
          { family: 4, address: '10.0.0.1', prefixBits: 24 },
          { family: 6, address: 'fe80::1', prefixBits: 64 },
        ],
      },
    ]);
  });

  it('calls back within five seconds of a change, and only then', () => {
    const clock = new ManualClock();
    let system: System = { eth0: [four('10.0.0.1')] };
    const watch = createNetworkWatch(clock, () => system);
    let changes = 0;
    const stop = watch.onChange(() => changes++);
    clock.advance(60_000);
    assert.equal(changes, 0);
    system = { eth0: [four('10.0.0.2')] };
    clock.advance(5000);
    assert.equal(changes, 1);
    assert.equal(watch.list()[0]?.addresses[0]?.address, '10.0.0.2');
    // The same name and address, but another device.
    system = { eth0: [four('10.0.0.2'), six('fe80::1', 8)] };
    clock.advance(5000);
    system = { eth0: [four('10.0.0.2'), six('fe80::1', 9)] };
    clock.advance(5000);
    assert.equal(changes, 3);
    stop();
    assert.equal(clock.pending, 0);
  });

  it('believes what it saw before when the system does not answer', () => {
    const clock = new ManualClock();
    let fails = false;
    const watch = createNetworkWatch(clock, () => {
      if (fails) throw new Error('uv_interface_addresses returned Unknown system error');
      return { eth0: [four('10.0.0.1')] };
    });
    let changes = 0;
    const stop = watch.onChange(() => changes++);
    fails = true;
    clock.advance(60_000);
    assert.deepEqual([changes, watch.list()[0]?.name], [0, 'eth0']);
    stop();
  });
});
