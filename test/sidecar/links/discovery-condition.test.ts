// What operators read of a discovery that runs: over what it looks, and what keeps it from looking.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dhtCondition } from '../../../src/sidecar/links/dht-service.ts';
import { lanCondition } from '../../../src/sidecar/links/lan-discovery.ts';

describe('discovery on the LAN', () => {
  it('names each interface once, whatever families it has', () => {
    const eth0 = { interface: 'eth0', state: 'open' } as const;
    const wlan0 = { interface: 'wlan0', state: 'opening' } as const;
    const told = lanCondition([eth0, { ...eth0, state: 'failed' }, wlan0, eth0]);
    assert.deepEqual(told, { isTroubled: false, note: 'on eth0, wlan0' });
  });

  it('names those that carry no multicast, and is in trouble when none does', () => {
    const tun0 = { interface: 'tun0', state: 'failed' } as const;
    const mixed = lanCondition([tun0, { interface: 'eth0', state: 'open' }]);
    assert.deepEqual(mixed, { isTroubled: false, note: 'on eth0, not on tun0 (the log says why)' });
    const alone = lanCondition([tun0, tun0]);
    assert.deepEqual(alone, { isTroubled: true, note: 'not on tun0 (the log says why)' });
  });

  it('without an interface is in trouble', () => {
    assert.equal(lanCondition([]).isTroubled, true);
    assert.match(lanCondition([]).note, /no network interface/);
  });
});

describe('discovery in the DHT', () => {
  it('says which DHT it is and whether it answers', () => {
    const status = { isOpen: false, nodes: 3 };
    const told = (state: 'starting' | 'answering' | 'silent') =>
      dhtCondition({ ...status, state }, 'own');
    assert.deepEqual(told('starting'), { isTroubled: false, note: 'of your own, no answer yet' });
    assert.deepEqual(told('answering'), { isTroubled: false, note: 'of your own, answers' });
    assert.deepEqual(told('silent'), { isTroubled: true, note: 'of your own, nobody answers' });
    const open = dhtCondition({ state: 'answering', isOpen: true, nodes: 40 }, 'public');
    assert.equal(open.note, 'the public one, answers, our port is open');
  });
});
