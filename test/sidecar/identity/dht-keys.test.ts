// What a fleet shares in the DHT: computed as the protocol says, other in every fleet and epoch.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deriveDhtKeys, OPEN_EPOCH } from '../../../src/sidecar/identity/dht-keys.ts';
import { keyPairFromSeed, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

const SECRET = new Uint8Array(32).map((_, i) => 0x20 + i);

/** H(secret; label ‖ u64 epoch). */
function keyed(label: string, epoch: number): Uint8Array {
  const input = Buffer.concat([Buffer.from(label), Buffer.alloc(7), Buffer.of(epoch)]);
  return sodiumCrypto.keyedBlake2b(SECRET, new Uint8Array(input));
}

test('topic and dial key are derived as the protocol says', () => {
  const { topic, dial } = deriveDhtKeys(SECRET, OPEN_EPOCH);
  assert.deepEqual(topic, keyed('holdfast/v1/dht/topic', 1));
  assert.deepEqual(dial, keyPairFromSeed(keyed('holdfast/v1/dht/dial', 1)));
});

test('another epoch or another fleet has others', () => {
  const own = deriveDhtKeys(SECRET, 1);
  const others = [deriveDhtKeys(SECRET, 2), deriveDhtKeys(new Uint8Array(32).fill(9), 1)];
  for (const other of others) {
    assert.notDeepEqual(other.topic, own.topic);
    assert.notDeepEqual(other.dial.publicKey, own.dial.publicKey);
  }
});
