// Addresses of peers: what is one, what is none, and that both are told apart whatever people type.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatPeerAddress, parsePeerAddress } from '../../../src/mesh/transport/address.ts';

describe('parsePeerAddress', () => {
  const good: Record<string, readonly [host: string, port: number]> = {
    '127.0.0.1:7677': ['127.0.0.1', 7677],
    'localhost:1': ['localhost', 1],
    'Alpha.Fleet.Example:65535': ['alpha.fleet.example', 65_535],
    ' hub:7677\n': ['hub', 7677],
    'node_1:80': ['node_1', 80],
    'a-b.c-d:80': ['a-b.c-d', 80],
    '3com:80': ['3com', 80],
    '[::1]:7677': ['::1', 7677],
    '[FE80::1%eth0]:7677': ['fe80::1%eth0', 7677],
    '[FE80::1%wlanAP]:7677': ['fe80::1%wlanAP', 7677],
    '[::ffff:10.0.0.1]:7677': ['::ffff:10.0.0.1', 7677],
  };
  for (const [text, [host, port]] of Object.entries(good)) {
    it(`takes ${JSON.stringify(text)}`, () => {
      assert.deepEqual(parsePeerAddress(text), { host, port });
    });
  }

  const bad = [
    ['', 'nothing'],
    ['hub', 'no port'],
    ['hub:', 'an empty port'],
    [':7677', 'no host'],
    ['hub:0', 'port 0, which cannot be dialled'],
    ['hub:65536', 'a port that is too large'],
    ['hub:007677', 'a port of six digits'],
    ['hub:-1', 'a negative port'],
    ['hub:+1', 'a sign'],
    ['hub:1e3', 'an exponent'],
    ['hub:0x50', 'hex'],
    ['hub:80a', 'letters behind the port'],
    ['hub:٧', 'digits of another script'],
    ['http://hub:80', 'a URL'],
    ['hub:80/path', 'a path'],
    ['user@hub:80', 'a user'],
    ['hub 1:80', 'a space inside'],
    ['::1:7677', 'IPv6 without brackets'],
    ['[::1]', 'IPv6 without a port'],
    ['[::1:7677', 'a missing bracket'],
    ['[]:80', 'empty brackets'],
    ['[hub]:80', 'a name in brackets'],
    ['[127.0.0.1]:80', 'IPv4 in brackets'],
    ['[[::1]]:80', 'two pairs of brackets'],
    ['256.0.0.1:80', 'an IPv4 number over 255'],
    ['1.2.3:80', 'IPv4 with a number missing'],
    ['1.2.3.4.5:80', 'IPv4 with a number too many'],
    ['10.0.0.01:80', 'IPv4 with a leading zero'],
    ['7677:7677', 'a number for a host'],
    ['.hub:80', 'an empty label in front'],
    ['hub.:80', 'an empty label behind'],
    ['a..b:80', 'an empty label inside'],
    ['-hub:80', 'a hyphen in front'],
    ['hub-:80', 'a hyphen behind'],
    [`${'a'.repeat(64)}:80`, 'a label of 64 characters'],
    [`${'abcdefg.'.repeat(32)}com:80`, 'a name of 259 characters'],
    ['hüb:80', 'a letter that DNS does not have'],
    ['hub\0:80', 'a zero byte'],
  ] as const;
  for (const [text, what] of bad) {
    it(`refuses ${what}`, () => assert.equal(parsePeerAddress(text), undefined));
  }

  it('gives back what formatPeerAddress wrote', () => {
    const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), (name, port) => {
        const address = { host: name.toLowerCase(), port };
        assert.deepEqual(parsePeerAddress(formatPeerAddress(address)), address);
      }),
    );
  });

  it('never throws, and what it takes can be written and read again', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9.:[\]%-]{0,30}$/)), (text) => {
        const address = parsePeerAddress(text);
        if (address === undefined) return;
        assert.deepEqual(parsePeerAddress(formatPeerAddress(address)), address);
      }),
      { numRuns: 1000 },
    );
  });
});
