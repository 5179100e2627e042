// Commits and feeds: what is signed is what arrives, and a run that is not its author's is refused whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_COMMIT_BYTES } from '../../../src/core/config.ts';
import { decodeOps, encodeOps, type Op } from '../../../src/core/feeds/commit.ts';
import { FeedTable } from '../../../src/core/feeds/feed.ts';
import type { Run } from '../../../src/core/feeds/run.ts';
import { createIncarnation, type FeedId, type Lane, toHex } from '../../../src/core/index.ts';
import { ByteWriter, MalformedBytesError, utf8 } from '../../../src/core/values/bytes.ts';
import { hlcOf } from '../../../src/core/values/time.ts';
import { createSigner, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

const FLEET = utf8('fleet');
const signer = createSigner(new Uint8Array(32).fill(1));
const AUTHOR = toHex(signer.publicKey);
const INCARNATION = createIncarnation(AUTHOR, 1000, new Uint8Array(4), sodiumCrypto);
const own = (lane: Lane): FeedId => ({ author: AUTHOR, incarnation: INCARNATION, lane });

function table(fleetId = FLEET): FeedTable {
  return new FeedTable({ fleetId, crypto: sodiumCrypto, signer, own, heads: [] });
}

/** A run of `count` commits as their author would send it. */
function runOf(count: number, firstSeq = 1): Run {
  const author = table();
  const commits = Array.from({ length: firstSeq - 1 + count }, (_, i) =>
    author.append('state', hlcOf(1000 + i), utf8(`payload ${i}`)),
  );
  return { feed: own('state'), firstSeq, commits: commits.slice(firstSeq - 1) };
}

const someOps: fc.Arbitrary<Op[]> = fc.array(
  fc.record(
    {
      key: fc.string({ maxLength: 20 }),
      kind: fc.constantFrom('change' as const, 'delete' as const, 'beat' as const),
      generation: fc.nat(),
      bytes: fc.uint8Array({ maxLength: 40 }),
    },
    { noNullPrototype: true },
  ),
  { maxLength: 8 },
);

test('ops survive their encoding', () => {
  fc.assert(fc.property(someOps, (ops) => assert.deepEqual(decodeOps(encodeOps(ops)), ops)));
});

test('bytes that are no ops are refused with an error of their own, whatever they are', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.uint8Array({ maxLength: 60 }), someOps.map(encodeOps)),
      fc.nat(59),
      fc.nat(255),
      (bytes, at, byte) => {
        const altered = bytes.slice();
        if (at < altered.length) altered[at] = byte;
        try {
          decodeOps(altered);
        } catch (error) {
          assert.ok(error instanceof MalformedBytesError, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('an op of a later version is skipped, and so are later fields of a known one', () => {
  const known = new ByteWriter()
    .byte(4)
    .text('platforms/a')
    .varint(0)
    .chunk(utf8(''))
    .text('a later field');
  const later = new ByteWriter().byte(99).text('whatever it means');
  const payload = new ByteWriter().varint(2).chunk(known.finish()).chunk(later.finish()).finish();
  assert.deepEqual(
    decodeOps(payload).map(({ kind, key }) => [kind, key]),
    [
      ['beat', 'platforms/a'],
      ['other', ''],
    ],
  );
});

test('a feed arrives in runs, repeated and overlapping ones included', () => {
  const whole = runOf(9);
  const receiver = table();
  const part = (from: number, to: number): Run => ({
    ...whole,
    firstSeq: from,
    commits: whole.commits.slice(from - 1, to),
  });
  for (const [run, fresh] of [
    [part(1, 3), 3],
    [part(1, 3), 0],
    [part(2, 6), 3],
    [part(7, 9), 3],
  ] as const) {
    const outcome = receiver.accept(run);
    assert.equal(outcome.type, 'accepted');
    assert.equal(outcome.type === 'accepted' && outcome.commits.length, fresh);
  }
  const positions = receiver.positions().map(({ feed, seq }) => ({ feed, seq }));
  assert.deepEqual(positions, [{ feed: own('state'), seq: 9 }]);
  assert.equal(receiver.commits, 9);
});

test('one signature at the end covers the run', () => {
  const { commits, ...rest } = runOf(5);
  const thin = {
    ...rest,
    commits: commits.map((commit, i) => (i < 4 ? { ...commit, signature: undefined } : commit)),
  };
  assert.equal(table().accept(thin).type, 'accepted');
});

/** Every way to make a run that its author did not. */
const FORGERIES: Readonly<Record<string, (run: Run) => Run>> = {
  'a gap': (run) => ({ ...run, firstSeq: 3 }),
  'an altered payload': (run) => alter(run, 1, { payload: utf8('forged') }),
  'an altered last payload': (run) => alter(run, 2, { payload: utf8('forged') }),
  'an altered clock': (run) => alter(run, 1, { clock: hlcOf(5) }),
  'no signature at the end': (run) => alter(run, 2, { signature: undefined }),
  'a wrong signature in the middle': (run) => alter(run, 1, { signature: new Uint8Array(64) }),
  'a short signature': (run) => alter(run, 2, { signature: new Uint8Array(63) }),
  'commits swapped': (run) => ({
    ...run,
    commits: [run.commits[1], run.commits[0], run.commits[2]] as Run['commits'],
  }),
  'another author': (run) => ({ ...run, feed: { ...run.feed, author: '22'.repeat(32) } }),
  'another incarnation': (run) => ({ ...run, feed: { ...run.feed, incarnation: '22'.repeat(16) } }),
  'another lane': (run) => ({ ...run, feed: { ...run.feed, lane: 'command' } }),
  'a payload over the limit': (run) =>
    alter(run, 0, { payload: new Uint8Array(MAX_COMMIT_BYTES + 1) }),
};

function alter(run: Run, index: number, change: Partial<Run['commits'][number]>): Run {
  return {
    ...run,
    commits: run.commits.map((commit, i) => (i === index ? { ...commit, ...change } : commit)),
  };
}

for (const [what, forge] of Object.entries(FORGERIES)) {
  test(`a run with ${what} is not taken and leaves no trace`, () => {
    const receiver = table();
    const outcome = receiver.accept(forge(runOf(3)));
    assert.equal(outcome.type, what === 'a gap' ? 'held' : 'refused');
    assert.deepEqual(receiver.positions(), []);
    assert.equal(receiver.accept(runOf(3)).type, 'accepted', 'the true run is still welcome');
  });
}

test('a commit of one fleet is no commit of another (invariant 14)', () => {
  assert.equal(table(utf8('another fleet')).accept(runOf(1)).type, 'refused');
});
