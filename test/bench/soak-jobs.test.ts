// The jobs of the soak: as many at once as they say, each counted by how it ended, and none left under way when it is over.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Job, runJobs, Tally } from '../../bench/soak/jobs.ts';
import { createSeededRandom } from '../../src/testing/index.ts';

function started(jobs: readonly Job[]) {
  const tally = new Tally();
  const ending = new AbortController();
  const random = createSeededRandom('jobs');
  const over = runJobs(jobs, { tally, random, signal: ending.signal });
  return { tally, end: () => ending.abort(), over };
}

/** Runs `act` each time, and resolves `seen` at the third. */
function thrice(act: (n: number) => Promise<void>) {
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  let runs = 0;
  const run = async (): Promise<void> => {
    runs++;
    if (runs === 3) resolve();
    await act(runs);
  };
  return { run, seen };
}

it('counts what was done, and failures by their reason', async () => {
  const good = thrice(async () => {});
  const bad = thrice(() => Promise.reject(new Error('no')));
  const { tally, end, over } = started([
    { name: 'good', everyMs: 1, atOnce: 1, run: good.run },
    { name: 'bad', everyMs: 1, atOnce: 1, run: bad.run },
  ]);
  await Promise.all([good.seen, bad.seen]);
  end();
  await over;
  assert.ok((tally.doneByJob.get('good') ?? 0) >= 3);
  assert.equal(tally.doneByJob.get('bad'), undefined);
  assert.equal(tally.doneCount, tally.doneByJob.get('good'));
  const [[reason, times = 0] = []] = tally.failures;
  assert.equal(reason, 'bad: no');
  assert.ok(times >= 2);
});

it('runs no more at once than it may, and waits at the end for what is under way', async () => {
  const gate = Promise.withResolvers<void>();
  let most = 0;
  let running = 0;
  const reached = Promise.withResolvers<void>();
  // So often would the slow one have been due again.
  const ticked = Promise.withResolvers<void>();
  const ticking = { left: Infinity };
  const clock = async (): Promise<void> => {
    ticking.left--;
    if (ticking.left === 0) ticked.resolve();
  };
  const { tally, end, over } = started([
    {
      ...{ name: 'slow', everyMs: 1, atOnce: 2 },
      run: async () => {
        running++;
        most = Math.max(most, running);
        if (running === 2) reached.resolve();
        await gate.promise;
        running--;
      },
    },
    { name: 'clock', everyMs: 1, atOnce: 1, run: clock },
  ]);
  await reached.promise;
  ticking.left = 20;
  await ticked.promise;
  end();
  let isOver = false;
  void over.then(() => {
    isOver = true;
  });
  await Promise.resolve();
  assert.equal(isOver, false);
  gate.resolve();
  await over;
  assert.equal(most, 2);
  assert.equal(running, 0);
  assert.equal(tally.doneByJob.get('slow'), 2);
});

it('does not call it a failure when what is under way is broken off at the end', async () => {
  const begun = Promise.withResolvers<void>();
  const { tally, end, over } = started([
    {
      ...{ name: 'cut off', everyMs: 1, atOnce: 1 },
      run: (signal) => {
        begun.resolve();
        return new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      },
    },
  ]);
  await begun.promise;
  end();
  await over;
  assert.deepEqual([...tally.failures], []);
  assert.equal(tally.doneCount, 0);
});
