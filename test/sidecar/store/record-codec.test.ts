// Sealed records: every change of a bit is noticed, and so is a record under another key.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import {
  openRecord,
  RECORD_OVERHEAD_BYTES,
  sealRecord,
} from '../../../src/sidecar/store/record-codec.ts';

const bytes = fc.uint8Array({ maxLength: 80 });

describe('record codec', () => {
  it('gives back what was sealed', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, payload) => {
        const record = sealRecord(key, payload, sodiumCrypto);
        assert.equal(record.length, payload.length + RECORD_OVERHEAD_BYTES);
        assert.deepEqual(openRecord(key, record, sodiumCrypto), payload);
      }),
    );
  });

  it('notices any flipped bit', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.nat(), (key, payload, place) => {
        const record = sealRecord(key, payload, sodiumCrypto);
        const bit = place % (record.length * 8);
        record[bit >>> 3]! ^= 1 << (bit & 7);
        assert.equal(openRecord(key, record, sodiumCrypto), undefined);
      }),
      { numRuns: 1000 },
    );
  });

  it('notices every cut and every addition', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (key, payload, tail) => {
        const record = sealRecord(key, payload, sodiumCrypto);
        for (let length = 0; length < record.length; length++) {
          assert.equal(openRecord(key, record.subarray(0, length), sodiumCrypto), undefined);
        }
        fc.pre(tail.length > 0);
        const longer = Uint8Array.from([...record, ...tail]);
        assert.equal(openRecord(key, longer, sodiumCrypto), undefined);
      }),
    );
  });

  it('notices a record under another key, also when bytes move between key and payload', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (key, other, payload) => {
        fc.pre(Buffer.compare(key, other) !== 0);
        const record = sealRecord(key, payload, sodiumCrypto);
        assert.equal(openRecord(other, record, sodiumCrypto), undefined);
      }),
    );
    const record = sealRecord(Uint8Array.of(7), Uint8Array.of(8), sodiumCrypto);
    assert.equal(openRecord(Uint8Array.of(7, 1), record, sodiumCrypto), undefined);
    assert.equal(openRecord(Uint8Array.of(), record, sodiumCrypto), undefined);
  });

  it('has the layout that is on the disks: format, payload, 8 bytes of hash', () => {
    const record = sealRecord(Buffer.from('key'), Buffer.from('payload'), sodiumCrypto);
    assert.equal(Buffer.from(record).toString('hex'), GOLDEN_RECORD);
  });
});

/** By another implementation of BLAKE2b. Changes only with the format byte: later versions read the stores of today. */
const GOLDEN_RECORD = '017061796c6f61643eb77a9568fb8d7e';
