// Ranges of keys: what belongs to an author, and nothing else, whatever bytes its key has.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/core/index.ts';
import { authorRange, commitKey } from '../../../src/sidecar/store/keys.ts';

/** Keys of Ed25519 may have any bytes; the ends of the alphabet are what ranges stumble over. */
const author = fc
  .array(fc.oneof(fc.constantFrom(0, 1, 0xfe, 0xff), fc.integer({ min: 0, max: 255 })), {
    minLength: 32,
    maxLength: 32,
  })
  .map((bytes) => toHex(Uint8Array.from(bytes)));
const incarnation = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => toHex(bytes));

test('the range of an author has all its commits and no other, also where its key ends in 0xff', () => {
  fc.assert(
    fc.property(
      author,
      author,
      incarnation,
      fc.integer({ min: 1, max: 2 ** 40 }),
      (a, b, inc, seq) => {
        const { from, to } = authorRange(a);
        const isIn = (key: Uint8Array): boolean =>
          Buffer.compare(from, key) <= 0 && Buffer.compare(key, to) < 0;
        const keyOf = (name: string): Uint8Array =>
          commitKey({ author: name, incarnation: inc, lane: 'state' }, seq);
        assert.ok(isIn(keyOf(a)));
        assert.equal(isIn(keyOf(b)), a === b);
      },
    ),
    { examples: [['ff'.repeat(32), `${'ff'.repeat(31)}fe`, '00'.repeat(16), 1]] },
  );
});
