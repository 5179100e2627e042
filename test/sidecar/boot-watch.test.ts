// When two processes of one key are told from one that was started again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BootWatch } from '../../src/sidecar/boot-watch.ts';

function watched(...links: readonly string[]): readonly string[] {
  const watch = new BootWatch();
  for (const link of links) watch.linked(link[0] as string, link);
  return watch.duplicates;
}

test('a process that links again, and one that was started anew, are one each', () => {
  assert.deepEqual(watched('a1', 'a1', 'a2', 'a2', 'a3', 'b1', 'a3'), []);
});

test('a process that comes back behind a later one runs beside it', () => {
  assert.deepEqual(watched('a1', 'b1', 'a2', 'b1', 'a1', 'a2'), ['a']);
});

test('what is remembered has a limit', () => {
  const many = Array.from({ length: 1024 }, (_, n) => [`n${n}`, `boot${n}`] as const);
  const watch = new BootWatch();
  watch.linked('first', 'one');
  watch.linked('first', 'two');
  for (const [node, boot] of many) watch.linked(node, boot);
  watch.linked('first', 'one');
  assert.deepEqual(watch.duplicates, [], 'it was forgotten');
});
