// Runs as they travel: signed at the end whatever is left out, and never larger than a frame.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Run } from '../../../src/core/index.ts';
import { encodeFrame } from '../../../src/mesh/protocol/index.ts';
import { limitRun, thinSignatures } from '../../../src/mesh/protocol/run.ts';
import { MAX_FRAME_BYTES } from '../../../src/mesh/transport/transport.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { feedOf } from '../support/names.ts';

const random = createSeededRandom('payloads');
const SIGNATURE = new Uint8Array(64).fill(1);

/** A run of commits with payloads of those sizes; all signed unless it is said which are. */
function runOf(sizes: readonly number[], isSigned = (_index: number): boolean => true): Run {
  const commits = sizes.map((size, index) => ({
    clock: BigInt(index),
    // Nothing that packing makes smaller.
    payload: random.bytes(size),
    signature: isSigned(index) ? SIGNATURE : undefined,
  }));
  return { feed: feedOf('alpha', 'pulse'), firstSeq: 7, commits };
}

/** Places of the commits that carry a signature, from 1. */
function signedOf(run: Run): number[] {
  return run.commits.flatMap(({ signature }, index) =>
    signature === undefined ? [] : [index + 1],
  );
}

describe('thinSignatures', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 80 });

  it('leaves one signature in sixteen, and the last', () => {
    assert.deepEqual(signedOf(thinSignatures(runOf(new Array(40).fill(10)))), [16, 32, 40]);
    assert.deepEqual(signedOf(thinSignatures(runOf([10]))), [1]);
  });

  it('leaves one in 64 KiB', () => {
    const sizes = [65_536, 1, 65_535, 1, 1];
    assert.deepEqual(signedOf(thinSignatures(runOf(sizes))), [1, 3, 5]);
  });

  it('changes nothing but signatures, always keeps the last, and keeps to both limits', () => {
    fc.assert(
      fc.property(sizes, (sizes) => {
        const run = runOf(sizes);
        const thin = thinSignatures(run);
        const unsigned = ({ clock, payload }: Run['commits'][number]) => ({ clock, payload });
        assert.deepEqual(thin.commits.map(unsigned), run.commits.map(unsigned));
        assert.equal(thin.commits.at(-1)?.signature, SIGNATURE);
        let [commits, bytes] = [0, 0];
        for (const { payload, signature } of thin.commits) {
          // Before this commit the limit was not reached, or it would be covered already.
          assert.ok(commits < 16 && bytes < 65_536);
          [commits, bytes] = signature ? [0, 0] : [commits + 1, bytes + payload.length];
        }
      }),
    );
  });

  it('keeps a signature when the next one there is would be too far away', () => {
    const run = runOf(new Array(40).fill(10), (index) => index % 10 === 9);
    assert.deepEqual(signedOf(thinSignatures(run)), [10, 20, 30, 40]);
  });
});

describe('limitRun', () => {
  it('leaves a run of the usual size whole', () => {
    const run = runOf([100, 64 * 1024, 64 * 1024]);
    assert.deepEqual(limitRun(run), run);
  });

  it('cuts a run of many small commits, which weigh more than their payloads', () => {
    // What a store counts as 128 KiB: a day of heartbeats, each signed.
    const run = runOf(new Array(6000).fill(22));
    assert.ok(encodeFrame({ type: 'run', run }).length > MAX_FRAME_BYTES);
    const limited = limitRun(run);
    const { length } = encodeFrame({ type: 'run', run: limited });
    assert.ok(length < MAX_FRAME_BYTES && length > MAX_FRAME_BYTES / 4, `${length}`);
  });

  it('fits a frame, ends in a signature and is as long as it may be, however a store filled it', () => {
    const commit = fc.tuple(fc.integer({ min: 0, max: 50_000 }), fc.boolean());
    fc.assert(
      fc.property(fc.array(commit, { maxLength: 60 }), (commits) => {
        const run = runOf(
          commits.map(([size]) => size),
          // A peer may leave out at most 64 KiB of signatures; this does about as much.
          (index) => commits[index]![1] || index % 4 === 3,
        );
        const limited = limitRun(run);
        assert.deepEqual(limited.commits, run.commits.slice(0, limited.commits.length));
        assert.ok(encodeFrame({ type: 'run', run: limited }).length <= MAX_FRAME_BYTES);
        assert.ok(limited.commits.length === 0 || limited.commits.at(-1)?.signature !== undefined);
        const next = signedOf(run).find((place) => place > limited.commits.length);
        const more = { ...run, commits: run.commits.slice(0, next) };
        const { length } = encodeFrame({ type: 'run', run: more });
        assert.ok(next === undefined || length > MAX_FRAME_BYTES / 4);
      }),
    );
  });

  it('sends nothing of commits that no signature covers', () => {
    assert.deepEqual(limitRun(runOf([1, 1], () => false)).commits, []);
    assert.equal(limitRun(runOf([1, 1, 1], (index) => index === 1)).commits.length, 2);
  });

  it('sends the first signature however far it is: a relay passes on what it got', () => {
    const run = runOf(new Array(40).fill(10_000), (index) => index === 39);
    assert.equal(limitRun(run).commits.length, 40);
  });
});
