// JSON helpers against JSON.stringify and the examples of RFC 7396.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson, type JsonValue, jsonDepth, jsonEqual } from '../../../src/core/index.ts';
import { mergePatch } from '../../../src/core/values/json.ts';
import { jsonObject, jsonValue } from '../../support/json-arbitrary.ts';

test('canonical text parses back to an equal value and ignores the order of keys', () => {
  fc.assert(
    fc.property(jsonObject, (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      assert.equal(canonicalJson(value), canonicalJson(reversed));
      assert.ok(jsonEqual(JSON.parse(canonicalJson(value)) as JsonValue, value));
    }),
  );
});

test('two values are equal exactly if their canonical texts are', () => {
  fc.assert(
    fc.property(jsonValue, jsonValue, (a, b) => {
      assert.equal(jsonEqual(a, b), canonicalJson(a) === canonicalJson(b));
      assert.ok(jsonEqual(a, structuredClone(a)));
    }),
  );
});

test('depth counts levels and stops at the limit', () => {
  assert.equal(jsonDepth('x', 9), 0);
  assert.equal(jsonDepth({}, 9), 1);
  assert.equal(jsonDepth({ a: [{ b: 1 }], c: 2 }, 9), 3);
  const bomb = JSON.parse('['.repeat(5000) + ']'.repeat(5000)) as JsonValue;
  assert.equal(jsonDepth(bomb, 16), 17);
});

// The table of RFC 7396, appendix A.
const RFC_7396: readonly [target: JsonValue, patch: JsonValue, result: JsonValue][] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test('merge patch does what RFC 7396 says', () => {
  for (const [target, patch, result] of RFC_7396)
    assert.deepEqual(mergePatch(target, patch), result);
});

test('a merge patch leaves its arguments alone', () => {
  const target = { a: { b: 1 } };
  mergePatch(target, { a: { b: 2 } });
  assert.deepEqual(target, { a: { b: 1 } });
});
