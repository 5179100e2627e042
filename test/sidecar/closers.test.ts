// Closing in reverse, completely, once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Closers } from '../../src/sidecar/closers.ts';

test('what was opened last is closed first, also when one fails', async () => {
  const closed: string[] = [];
  const closers = new Closers();
  for (const name of ['store', 'mesh', 'api']) {
    closers.defer(async () => {
      closed.push(name);
      if (name === 'mesh') throw new Error('the mesh did not close');
    });
  }
  await assert.rejects(closers.close(), /the mesh did not close/);
  assert.deepEqual(closed, ['api', 'mesh', 'store']);
  await closers.close();
  assert.equal(closed.length, 3);
});
