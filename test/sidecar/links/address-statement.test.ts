// What is stated of this machine's addresses, and what is taken of what others state.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../../../src/core/index.ts';
import type { NetworkInterface } from '../../../src/mesh/index.ts';
import { addressKind } from '../../../src/sidecar/links/address-kind.ts';
import {
  type AddressStatement,
  encodeStatement,
  MAX_STATED_ADDRESSES,
  reachableAddresses,
  readStatement,
} from '../../../src/sidecar/links/address-statement.ts';
import { jsonObject } from '../../support/json-arbitrary.ts';

const KEY = 'ab'.repeat(32);

function read(value: JsonObject, takesLoopback = false) {
  return readStatement(value, { takesLoopback });
}

function on(...addresses: readonly string[]): NetworkInterface[] {
  const own = addresses.map((address) => ({
    family: address.includes(':') ? (6 as const) : (4 as const),
    ...{ address, prefixBits: 24 },
  }));
  return [{ name: 'eth0', internal: false, index: 2, addresses: own }];
}

describe('addresses of other members', () => {
  test('are read as they were stated', () => {
    const statement: AddressStatement = {
      addresses: ['192.0.2.7:7677', '[2001:db8::7]:7677', 'edge-7.example:17677'],
      noiseKey: KEY,
      dht: true,
    };
    assert.deepEqual(read(encodeStatement(statement)), { statement, faults: [] });
  });

  test('are known by one spelling, and once', () => {
    const { statement, faults } = read({
      addresses: ['Edge-7.Example:07677', 'edge-7.example:7677'],
    });
    assert.deepEqual(statement, { addresses: ['edge-7.example:7677'], noiseKey: '', dht: false });
    assert.deepEqual(faults, []);
  });

  const USELESS: readonly JsonValue[] = [
    ...['', 'edge-7', 'edge-7:0', 'fd00::7:7677', 'http://edge-7:7677', `dht:${KEY}`],
    ...['127.0.0.1:7677', '127.9.9.9:1', '[::1]:7677', 'localhost:7677', 'a.localhost:7677'],
    ...['[::ffff:127.0.0.1]:7677', '[fe80::1]:7677', '[fe80::1%eth0]:7677'],
    ...['0.0.0.0:7677', '[::]:7677', '224.0.0.251:5353', '255.255.255.255:9', '[ff02::fb]:5353'],
    ...[7, null, ['192.0.2.7:7677'], { address: '192.0.2.7:7677' }, `${'x'.repeat(60_000)}:1`],
  ];
  for (const [index, address] of USELESS.entries()) {
    const shown = JSON.stringify(address).slice(0, 40);
    test(`are left out where they lead nowhere: ${index}, ${shown}`, () => {
      const { statement, faults } = read({ addresses: [address, '192.0.2.7:7677'] });
      assert.deepEqual(statement.addresses, ['192.0.2.7:7677']);
      assert.equal(faults.length, 1);
      assert.ok((faults[0]?.length ?? 0) < 120, 'a fault is a line of a log');
    });
  }

  test('may be loopback where everybody is on one machine', () => {
    const addresses = ['127.0.0.1:7677', '[::1]:7677', 'localhost:7677'];
    assert.deepEqual(read({ addresses }, true), {
      statement: { addresses, noiseKey: '', dht: false },
      faults: [],
    });
  });

  test('are read up to the limit', () => {
    const addresses = Array.from({ length: 1000 }, (_, i) => `192.0.2.7:${i + 1}`);
    const { statement, faults } = read({ addresses });
    assert.deepEqual(statement.addresses, addresses.slice(0, 16));
    assert.deepEqual(faults, ['1000 addresses, at most 16 are read']);
  });

  test('count for the DHT only with a key', () => {
    for (const noise_key of [undefined, '', 'AB'.repeat(32), 'ab', 7, null] as const) {
      const value = noise_key === undefined ? {} : { noise_key };
      const { statement, faults } = read({ ...value, dht: true });
      assert.equal(statement.dht, false);
      assert.ok(faults.includes('dht without a noise_key'));
    }
    assert.equal(read({ noise_key: KEY, dht: 'yes' }).statement.dht, false);
    assert.equal(read({ noise_key: KEY, dht: true }).statement.dht, true);
  });

  test('of any value whatever are at most sixteen that can be dialled', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, fc.boolean(), (value, addresses, isList) => {
        const listed: JsonValue = isList ? Object.values(addresses) : addresses;
        const { statement } = read({ ...value, addresses: listed as JsonValue });
        assert.ok(statement.addresses.length <= MAX_STATED_ADDRESSES);
        assert.ok(!statement.dht || statement.noiseKey.length === 64);
      }),
    );
  });
});

describe('addresses of this machine', () => {
  const INTERFACES = on(
    '192.0.2.7',
    '10.8.0.2',
    '2001:db8::7',
    'fd00::7',
    'fe80::7',
    '169.254.1.2',
  );

  test('are those of its interfaces for a listener on all of IPv4', () => {
    assert.deepEqual(reachableAddresses('0.0.0.0:7677', INTERFACES), [
      '10.8.0.2:7677',
      '169.254.1.2:7677',
      '192.0.2.7:7677',
    ]);
  });

  test('are IPv6 too, without link-local ones, for a listener on everything', () => {
    assert.deepEqual(reachableAddresses('[::]:7677', INTERFACES), [
      ...['10.8.0.2:7677', '169.254.1.2:7677', '192.0.2.7:7677'],
      ...['[2001:db8::7]:7677', '[fd00::7]:7677'],
    ]);
  });

  test('are in the same order whatever the order of the interfaces', () => {
    const one = reachableAddresses('[::]:7677', INTERFACES);
    assert.deepEqual(reachableAddresses('[::]:7677', INTERFACES.toReversed()), one);
  });

  test('are the one that it listens at', () => {
    assert.deepEqual(reachableAddresses('192.0.2.7:7677', INTERFACES), ['192.0.2.7:7677']);
    assert.deepEqual(reachableAddresses('[fd00::7]:7677', INTERFACES), ['[fd00::7]:7677']);
  });

  test('are none on loopback, and none without a listener', () => {
    assert.deepEqual(reachableAddresses('127.0.0.1:7677', INTERFACES), []);
    assert.deepEqual(reachableAddresses('[::1]:7677', INTERFACES), []);
    assert.deepEqual(reachableAddresses('', INTERFACES), []);
  });

  test('are sixteen at most, IPv4 first', () => {
    const many = on(
      ...Array.from({ length: 40 }, (_, i) => (i % 2 ? `fd00::${i}` : `10.0.0.${i}`)),
    );
    const stated = reachableAddresses('[::]:7677', many);
    assert.equal(stated.length, 16);
    assert.ok(stated.every((address) => address.startsWith('10.')));
  });
});

test('an IPv4 address in the clothes of IPv6 is judged as what it is', () => {
  assert.equal(addressKind('::ffff:127.0.0.1'), 'loopback');
  assert.equal(addressKind('::ffff:192.0.2.7'), 'usable');
});
