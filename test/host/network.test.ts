// Bytes over interfaces: each byte once, and rates only where both readings are of the same run of the interfaces.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { networkRates, parseNetDev } from '../../src/host/network.ts';

const HEAD = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
`;

function line(name: string, received: number, sent: number): string {
  return `${name.padStart(6)}: ${received}    7    0    0    0     0          0         0   ${sent}    9    0    0    0     0       0          0\n`;
}

suite('/proc/net/dev', () => {
  test('is summed over what brings traffic in or out, and nothing that passes it on', () => {
    const others = ['lo', 'veth1a2b', 'docker0', 'br-9f', 'br0', 'virbr0', 'wg0', 'tun0', 'bond0'];
    const passing = [...others, 'eth0.12', 'cni0', 'cali12'].map((name) => line(name, 1e6, 1e6));
    const text = `${HEAD}${line('eth0', 100, 10)}${line('wlan0', 20, 2)}${line('enp3s0', 3, 1)}${passing.join('')}`;
    assert.deepEqual(parseNetDev(text), { received: 123, sent: 13 });
  });

  test('names a column without a blank behind the colon, as old kernels write it', () => {
    assert.deepEqual(parseNetDev('eth0:100 0 0 0 0 0 0 0 50 0 0 0 0 0 0 0'), {
      received: 100,
      sent: 50,
    });
  });

  test('that is empty, cut off or of loopback alone says nothing', () => {
    for (const text of ['', HEAD, 'eth0: 12', 'eth0: x 0 0 0 0 0 0 0 5', line('lo', 1, 1)]) {
      assert.equal(parseNetDev(text), undefined, text);
    }
  });
});

suite('rates', () => {
  const before = { received: 1_000, sent: 500 };
  test('are bytes a second of the window', () => {
    assert.deepEqual(networkRates(before, { received: 4_000, sent: 501 }, 2_000), {
      received: 1_500,
      sent: 1,
    });
  });

  test('are not known without a window, and after a counter went back', () => {
    assert.equal(networkRates(undefined, before, 2_000), undefined);
    assert.equal(networkRates(before, undefined, 2_000), undefined);
    assert.equal(networkRates(before, before, 0), undefined);
    assert.equal(networkRates(before, { received: 999, sent: 600 }, 2_000), undefined);
  });
});
