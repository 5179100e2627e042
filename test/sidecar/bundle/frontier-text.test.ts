// Frontiers as text: read back whatever a person did to the letters, and refused when one of them is wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrontierSketch } from '../../../src/mesh/index.ts';
import { formatFrontier, parseFrontier } from '../../../src/sidecar/bundle/frontier-text.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { FLEET_SECRET, feedOf, OTHER_SECRET } from '../../mesh/support/names.ts';

const FEEDS = ['anna', 'bert', 'cleo'].map((name) => feedOf(name, 'state'));
const SKETCH = FrontierSketch.of(
  FEEDS.map((feed, i) => ({ feed, seq: 100 + i })),
  sodiumCrypto,
);
const TEXT = formatFrontier(SKETCH, FLEET_SECRET, sodiumCrypto);

function read(text: string, secret = FLEET_SECRET): number[] {
  const sketch = parseFrontier(text, secret, sodiumCrypto);
  return FEEDS.map((feed) => sketch.holds(feed, sodiumCrypto));
}

test('is read back, also in capitals, in groups and over several lines', () => {
  assert.deepEqual(read(TEXT), [100, 101, 102]);
  const grouped = TEXT.toUpperCase().replaceAll(/(.{5})/g, '$1 ');
  assert.deepEqual(read(` ${grouped}\r\n`), [100, 101, 102]);
});

test('takes about twelve characters a feed', () => {
  assert.ok(TEXT.length <= 5 + 12 + 12 * FEEDS.length, `${TEXT.length} characters`);
});

test('of nothing is one, too', () => {
  const text = formatFrontier(FrontierSketch.EMPTY, FLEET_SECRET, sodiumCrypto);
  assert.deepEqual(read(text), [0, 0, 0]);
});

test('with a letter wrong, missing or too many is refused', () => {
  for (let at = 0; at < TEXT.length; at++) {
    const wrong = TEXT[at] === 'a' ? 'b' : 'a';
    const texts = [
      TEXT.slice(0, at) + wrong + TEXT.slice(at + 1),
      TEXT.slice(0, at) + TEXT.slice(at + 1),
      `${TEXT.slice(0, at)}q${TEXT.slice(at)}`,
    ];
    for (const text of texts) assert.throws(() => read(text), /not the frontier of a member/, text);
  }
});

test('of another fleet is told apart', () => {
  const foreign = formatFrontier(SKETCH, OTHER_SECRET, sodiumCrypto);
  assert.throws(() => read(foreign), /of another fleet/);
});
