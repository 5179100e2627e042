// Reading base32: the inverse of what the core writes, and nothing else.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { toBase32 } from '../../../src/core/index.ts';
import { parseBase32 } from '../../../src/sidecar/identity/base32.ts';

describe('parseBase32', () => {
  it('reads what the core writes, in either case', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        assert.deepEqual(parseBase32(toBase32(bytes)), bytes);
        assert.deepEqual(parseBase32(toBase32(bytes).toUpperCase()), bytes);
      }),
    );
  });

  it('accepts one spelling of each value', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z2-7]{0,20}$/), (text) => {
        const bytes = parseBase32(text);
        if (bytes !== undefined) assert.equal(toBase32(bytes), text);
      }),
    );
    for (const text of ['a', 'aaa', 'ab', 'aaaaaaaaa']) assert.equal(parseBase32(text), undefined);
  });

  it('refuses other characters', () => {
    for (const text of ['a0', 'a1', 'a8', 'a=', 'a ', 'aä', 'a-']) {
      assert.equal(parseBase32(text), undefined);
    }
  });
});
