// A peer that is away for a day makes a line when it goes, one an interval, and none for each dial.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RepeatFilter } from '../../src/sidecar/repeat-filter.ts';

const MINUTE_MS = 60_000;

test('first and changed conditions pass at once, repeated ones once per interval with a count', () => {
  const filter = new RepeatFilter(MINUTE_MS);
  assert.deepEqual(filter.pass('hub', 'refused', 0), { silenced: 0 });
  assert.equal(filter.pass('hub', 'refused', 1_000), undefined);
  assert.equal(filter.pass('hub', 'refused', MINUTE_MS - 1), undefined);
  assert.deepEqual(filter.pass('hub', 'refused', MINUTE_MS), { silenced: 2 });
  assert.equal(filter.pass('hub', 'refused', MINUTE_MS + 1), undefined);
  assert.deepEqual(filter.pass('hub', 'timed out', MINUTE_MS + 2), { silenced: 1 });
});

test('subjects do not disturb each other', () => {
  const filter = new RepeatFilter(MINUTE_MS);
  filter.pass('a', 'refused', 0);
  assert.deepEqual(filter.pass('b', 'refused', 1), { silenced: 0 });
  assert.equal(filter.pass('a', 'refused', 2), undefined);
});

test('after the end the same condition passes again', () => {
  const filter = new RepeatFilter(MINUTE_MS);
  assert.equal(filter.end('hub'), undefined);
  filter.pass('hub', 'refused', 0);
  filter.pass('hub', 'refused', 1);
  assert.deepEqual(filter.end('hub'), { silenced: 1 });
  assert.deepEqual(filter.pass('hub', 'refused', 2), { silenced: 0 });
});

test('ten thousand subjects are not remembered: the longest unchanged goes first', () => {
  const filter = new RepeatFilter(MINUTE_MS);
  for (let i = 0; i < 10_000; i++) filter.pass(`peer-${i}`, 'refused', i);
  assert.deepEqual(filter.pass('peer-0', 'refused', 10_000), { silenced: 0 });
  assert.equal(filter.pass('peer-9999', 'refused', 10_000), undefined);
});
