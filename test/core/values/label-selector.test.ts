// Label selectors: what they mean, what is refused and at which place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HoldfastError, matchesSelector, parseSelector } from '../../../src/core/index.ts';

const NORTH = { site: 'north', tier: 'prod', rack: 'a', empty: '' };

const holds = (text: string, labels: Record<string, string> = NORTH): boolean =>
  matchesSelector(parseSelector(text), labels);

const refusal = (text: string): HoldfastError => {
  try {
    parseSelector(text, 'target.selector');
  } catch (error) {
    if (error instanceof HoldfastError) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
};

const MEANINGS: readonly (readonly [string, boolean])[] = [
  ['site=north', true],
  ['site==north', true],
  ['site = north', true],
  ['site=south', false],
  ['site!=south', true],
  ['site!=north', false],
  ['missing=x', false],
  ['missing!=x', true],
  ['rack in (a,b)', true],
  ['rack in ( b , c )', false],
  ['rack in(a)', true],
  ['rack notin (b,c)', true],
  ['rack notin (a)', false],
  ['missing notin (a)', true],
  ['missing in (a)', false],
  ['site', true],
  ['missing', false],
  ['!missing', true],
  ['! site', false],
  ['empty', true],
  ['empty=', true],
  ['empty=,site=north', true],
  ['site=', false],
  ['missing=', false],
  ['empty in (,x)', true],
  ['site=north,tier!=test,rack in (a,b),role notin (db),empty,!broken', true],
  ['site=north,tier=test', false],
  ['  site=north  ,  rack=a  ', true],
];

test('a selector holds where all its conditions do', () => {
  for (const [text, expected] of MEANINGS) assert.equal(holds(text), expected, text);
});

test('labels named like operators, or like members of every object, are labels', () => {
  assert.equal(holds('in in (in)', { in: 'in' }), true);
  assert.equal(holds('notin', { notin: 'x' }), true);
  assert.equal(holds('constructor', {}), false);
  assert.equal(holds('toString!=x', {}), true);
  assert.equal(holds('example.org/site=north', { 'example.org/site': 'north' }), true);
});

const REFUSALS: readonly (readonly [string, string])[] = [
  ['', 'at character 1 of the label selector, before the end: the key of a label was expected'],
  ['   ', 'at character 4 of the label selector, before the end'],
  ['site=north,', 'at character 12 of the label selector, before the end: the key'],
  [',site', 'at character 1 of the label selector, before ",site": the key'],
  ['site north', 'at character 6 of the label selector, before "north": one of "="'],
  ['site=north south', 'at character 12 of the label selector, before "south": "," or the end'],
  ['rack in a', 'at character 9 of the label selector, before "a": "(" was expected'],
  ['rack in (a', 'at character 11 of the label selector, before the end: "," or ")" was expected'],
  ['rack in (a b)', 'at character 12 of the label selector, before "b)": "," or ")"'],
  ['!', 'at character 2 of the label selector, before the end'],
  ['!site=north', 'at character 6 of the label selector, before "=north": "," or the end'],
  ['-site', 'at character 1 of the label selector, before "-site": a key is'],
  ['cores>4', 'at character 6 of the label selector, before ">4": labels are not compared by size'],
  ['site=north)', 'at character 11 of the label selector, before ")"'],
  ['a===b', 'at character 4 of the label selector, before "=b"'],
];

test('what is none is refused with the place and what was expected there', () => {
  for (const [text, message] of REFUSALS) {
    const error = refusal(text);
    assert.equal(error.reason, 'INVALID_FIELD');
    assert.equal(error.field, 'target.selector');
    assert.ok(error.message.startsWith(`target.selector: ${message}`), `${text}: ${error.message}`);
  }
});

test('a selector has limits, and what is at them is taken', () => {
  const many = (count: number): string =>
    Array.from({ length: count }, (_, n) => `k${n}`).join(',');
  assert.equal(parseSelector(many(32)).length, 32);
  assert.ok(refusal(many(33)).message.includes('at most 32 conditions'));
  assert.equal(parseSelector(`k in (${many(64)})`).length, 1);
  assert.ok(refusal(`k in (${many(65)})`).message.includes('at most 64 values'));
  assert.equal(parseSelector(`k=${'v'.repeat(256)}`).length, 1);
  assert.ok(refusal(`k=${'v'.repeat(257)}`).message.includes('a value has at most 256 bytes'));
  assert.equal(parseSelector('k'.repeat(63)).length, 1);
  assert.ok(refusal('k'.repeat(64)).message.includes('a key is 1 to 63'));
  assert.equal(parseSelector('k'.padEnd(1024)).length, 1);
  assert.ok(refusal('k'.padEnd(1025)).message.includes('1025 bytes'));
});
