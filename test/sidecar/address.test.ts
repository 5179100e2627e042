// Addresses to listen at: those of peers, and a free port.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListenAddress } from '../../src/sidecar/address.ts';
import { isLoopback } from '../../src/sidecar/loopback.ts';

for (const [text, host, port] of [
  ['127.0.0.1:7677', '127.0.0.1', 7677],
  ['hub.example.com:1', 'hub.example.com', 1],
  ['127.0.0.1:0', '127.0.0.1', 0],
  ['[::1]:0', '::1', 0],
  ['[::]:7680', '::', 7680],
] as const) {
  test(`${text} is an address`, () => {
    assert.deepEqual(parseListenAddress(text), { host, port });
  });
}

for (const text of ['', '0', ':0', 'hub', 'hub:', '::1:0', 'http://hub:0', 'a b:0', 'hub:65536']) {
  test(`${JSON.stringify(text)} is none`, () => {
    assert.equal(parseListenAddress(text), undefined);
  });
}

test('loopback is 127.0.0.0/8, ::1 and localhost, and no look-alike', () => {
  assert.deepEqual(['127.0.0.1', '127.9.9.9', '::1', 'localhost'].filter(isLoopback).length, 4);
  assert.deepEqual(['127.example.com', '0.0.0.0', '::', '10.0.0.1'].filter(isLoopback), []);
});
