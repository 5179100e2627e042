// Which interfaces discovery uses, what it announces on each, and which addresses count as next to this machine.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  chooseLines,
  createNeighbourhood,
  dialledHost,
  type NetworkInterface,
} from '../../../src/mesh/discovery/network-interfaces.ts';

const INTERFACES: readonly NetworkInterface[] = [
  {
    ...{ name: 'lo', internal: true, index: 0 },
    addresses: [{ family: 4, address: '127.0.0.1', prefixBits: 8 }],
  },
  {
    ...{ name: 'eth0', internal: false, index: 2 },
    addresses: [
      { family: 4, address: '10.0.0.7', prefixBits: 24 },
      { family: 6, address: 'fd00::7', prefixBits: 64 },
      { family: 6, address: 'fe80::7', prefixBits: 64 },
    ],
  },
  {
    ...{ name: 'radio', internal: false, index: 3 },
    addresses: [{ family: 4, address: '192.168.9.7', prefixBits: 28 }],
  },
];

const chosen = (rules: readonly string[], host: string) =>
  chooseLines(INTERFACES, rules, host).map(
    ({ name, family, announced }) => `${name}/${family}: ${announced.join(' ')}`,
  );

describe('the lines of discovery', () => {
  it('are all interfaces but loopback, in both families', () => {
    assert.deepEqual(chosen([], '::'), [
      'eth0/4: 10.0.0.7',
      'radio/4: 192.168.9.7',
      'eth0/6: fe80::7',
    ]);
  });

  it('without IPv6 at the listener only look there', () => {
    assert.deepEqual(chosen([], '0.0.0.0'), [
      'eth0/4: 10.0.0.7',
      'radio/4: 192.168.9.7',
      'eth0/6: ',
    ]);
  });

  it('of a listener at one address are those with that address', () => {
    assert.deepEqual(chosen([], 'fd00::7'), ['eth0/6: fd00::7']);
    assert.deepEqual(chosen([], '127.0.0.1'), []);
    assert.deepEqual(chosen([], '10.0.0.8'), []);
  });

  it('are those that are allowed, less those that are denied; loopback by name alone', () => {
    assert.deepEqual(chosen(['radio'], '::'), ['radio/4: 192.168.9.7']);
    assert.deepEqual(chosen(['!eth0'], '::'), ['radio/4: 192.168.9.7']);
    assert.deepEqual(chosen(['lo'], '127.0.0.1'), ['lo/4: 127.0.0.1']);
    assert.deepEqual(chosen(['eth0', '!eth0'], '::'), []);
  });

  it('are a limited number', () => {
    const many = Array.from({ length: 100 }, (_, n) => ({ ...INTERFACES[1]!, name: `eth${n}` }));
    assert.equal(chooseLines(many, [], '::').length, 32);
  });

  it('know who is next to them: strangers beyond are not dialled', () => {
    const [four, six] = chooseLines(INTERFACES, ['eth0'], '::').map(createNeighbourhood);
    assert.deepEqual(
      ['10.0.0.99', '10.0.1.1', '8.8.8.8', 'fe80::1', 'name', ''].map((address) => four?.(address)),
      [true, false, false, false, false, false],
    );
    assert.deepEqual(
      ['fe80::99', 'fd00::1', 'fd01::1', '10.0.0.99', 'fe80::1%eth0'].map((address) =>
        six?.(address),
      ),
      [true, true, false, false, false],
    );
  });

  it('dial link-local addresses through their interface', () => {
    const line = chooseLines(INTERFACES, ['eth0'], '::')[1]!;
    assert.equal(dialledHost(line, 'fe80::99'), 'fe80::99%eth0');
    assert.equal(dialledHost(line, 'fd00::1'), 'fd00::1');
  });
});
