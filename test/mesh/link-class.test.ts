// Which class a link has: what an operator may write, what matches it, and what is so without a word.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classOfLink, type LinkClassRule, parseLinkClassRule } from '../../src/mesh/link-class.ts';
import type { LinkPath } from '../../src/mesh/transport/transport.ts';

const DHT = `dht:${'ab'.repeat(32)}`;

function rule(text: string): LinkClassRule {
  const parsed = parseLinkClassRule(text);
  if (typeof parsed === 'string') throw new Error(`${text} ${parsed}`);
  return parsed;
}

function classOf(rules: readonly string[], path: LinkPath, ...addresses: string[]): string {
  return classOfLink(rules.map(rule), { path, addresses });
}

describe('without a rule', () => {
  it('a LAN link within the site is lan', () => {
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.7.7',
      '169.254.3.4',
      '[::1]',
      '[fe80::1]',
      '[fe80::1%eth0]',
      '[fd00::7]',
      '[::ffff:10.0.0.7]',
    ]) {
      assert.equal(classOf([], 'lan', '', `${host}:7677`), 'lan', host);
    }
  });

  it('everything else is wan', () => {
    for (const host of ['172.32.0.1', '192.0.2.7', '100.64.0.1', '[2001:db8::1]', 'hub.example']) {
      assert.equal(classOf([], 'lan', `${host}:7677`), 'wan', host);
    }
    assert.equal(classOf([], 'lan', '', 'unknown:0'), 'wan');
    assert.equal(classOf([], 'dht', DHT, '10.0.0.7:4000'), 'wan');
    assert.equal(classOf([], 'relay', DHT), 'wan');
  });
});

describe('a rule', () => {
  it('matches by range, IPv4 and IPv6', () => {
    const rules = ['satellite=10.9.0.0/16', 'satellite=fd09::/16', 'wan=10.8.0.7'];
    assert.equal(classOf(rules, 'lan', '', '10.9.255.1:4000'), 'satellite');
    assert.equal(classOf(rules, 'lan', '', '[::ffff:10.9.0.1]:4000'), 'satellite', 'v4-mapped');
    assert.equal(classOf(rules, 'lan', '[fd09:1::1]:7677', ''), 'satellite');
    assert.equal(classOf(rules, 'lan', '', '10.10.0.1:4000'), 'lan');
    assert.equal(classOf(rules, 'lan', '', '10.8.0.7:4000'), 'wan', 'one address');
    assert.equal(classOf(rules, 'lan', '', '10.8.0.8:4000'), 'lan');
    assert.equal(classOf(['satellite=10.9.1.0/16'], 'lan', '', '10.9.7.7:1'), 'satellite');
    assert.equal(classOf(['satellite=0.0.0.0/0'], 'lan', '', '192.0.2.1:1'), 'satellite');
  });

  it('matches by the address as it is dialled, by name and by path', () => {
    assert.equal(classOf(['satellite=Hub.Example:7677'], 'lan', 'hub.example:7677'), 'satellite');
    assert.equal(classOf(['satellite=hub.example:7677'], 'lan', 'hub.example:7678'), 'wan');
    assert.equal(classOf([`satellite=${DHT}`], 'dht', DHT), 'satellite');
    const names = ['lan=*.example.net'];
    assert.equal(classOf(names, 'lan', 'a.b.example.net:7677'), 'lan');
    assert.equal(classOf(names, 'lan', 'example.net:7677'), 'wan', 'not the name itself');
    assert.equal(classOf(names, 'lan', 'badexample.net:7677'), 'wan');
    assert.equal(classOf(['satellite=relay'], 'relay', DHT), 'satellite');
    assert.equal(classOf(['satellite=relay'], 'dht', DHT), 'wan');
    assert.equal(classOf(['satellite=lan'], 'lan', '', '10.0.0.1:1'), 'satellite');
  });

  it('counts before those that follow it', () => {
    const rules = ['wan=10.9.1.0/24', 'satellite=10.9.0.0/16'];
    assert.equal(classOf(rules, 'lan', '', '10.9.1.1:1'), 'wan');
    assert.equal(classOf(rules.toReversed(), 'lan', '', '10.9.1.1:1'), 'satellite');
  });

  it('has one spelling', () => {
    assert.equal(rule('wan=*.Example.NET').text, 'wan=*.example.net');
    assert.equal(rule('satellite=HUB.example:07677').text, 'satellite=hub.example:7677');
    assert.equal(rule('satellite=FD00::/8').text, 'satellite=fd00::/8');
  });

  it('that is none is refused with what to write', () => {
    for (const text of ['', 'satellite', '=10.0.0.0/8', 'radio=10.0.0.0/8', '10.0.0.0/8']) {
      assert.match(String(parseLinkClassRule(text)), /write lan=, wan= or satellite=/, text);
    }
    for (const pattern of [
      '',
      '10.9.0.0/33',
      'fd00::/129',
      '10.9.0/16',
      '10.9.0.0/',
      'example.net',
      '*example.net',
      '*.',
      '*.exa mple',
      'hub.example:0',
      'dht:abc',
      'radio',
      'fe80::1%eth0/64',
    ]) {
      assert.match(String(parseLinkClassRule(`wan=${pattern}`)), /has no pattern/, pattern);
    }
  });
});
