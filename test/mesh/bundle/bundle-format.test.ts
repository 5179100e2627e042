// The format of bundles: what was put in comes out, and nothing that was cut, altered, moved, or made by others passes for it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { concatBytes, type Run } from '../../../src/core/index.ts';
import { BundleError, type BundleItem, FrontierSketch } from '../../../src/mesh/bundle/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom } from '../../../src/testing/index.ts';
import { bundlePieces, describeRun, readBundle, readerOf } from '../support/bundle.ts';
import { written } from '../support/feed-holder.ts';
import { feedOf, OTHER_SECRET } from '../support/names.ts';

const RUNS = [
  written('anna', 'command', 3, 'order'),
  written('anna', 'state', 2, 'note'),
  written('bert', 'state', 4, 'note'),
];
/** So long and so random that each fills a section. */
const LARGE_RUNS = ['anna', 'bert', 'cleo'].map((name) => {
  const noise = createSeededRandom(name).bytes(40_000);
  return written(name, 'state', 2, Buffer.from(noise).toString('base64'));
});

function runsIn(items: readonly BundleItem[]): string[] {
  return items.flatMap((item) => (item.type === 'run' ? describeRun(item.run) : []));
}

function faultOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof BundleError) return error.fault;
    throw error;
  }
}

/** The beginning, a section for each large run, the end. */
function inSections(runs: readonly Run[]): Uint8Array[] {
  return bundlePieces({ runs }).filter(({ length }) => length > 0);
}

describe('a bundle', () => {
  test('holds what was put in, in pieces of any size', () => {
    const against = [{ feed: feedOf('anna', 'command'), seq: 9 }];
    const frontier = [
      { feed: feedOf('anna', 'command'), seq: 12 },
      { feed: feedOf('bert', 'state'), seq: 4 },
    ];
    const bytes = concatBytes(...bundlePieces({ runs: RUNS, against, frontier }));
    for (const piece of [1, 7, 100, bytes.length]) {
      const items = readBundle(bytes, { piece });
      assert.deepEqual(runsIn(items), RUNS.map(describeRun));
      const [header, made, held] = items;
      const { author: nodeId, incarnation } = feedOf('anna', 'state');
      assert.deepEqual(header, {
        type: 'header',
        header: { nodeId, incarnation, name: 'anna', createdMs: 1000 },
      });
      assert.ok(made?.type === 'against' && held?.type === 'frontier');
      assert.equal(made.sketch.holds(feedOf('anna', 'command'), sodiumCrypto), 9);
      assert.equal(held.sketch.holds(feedOf('bert', 'state'), sodiumCrypto), 4);
      assert.equal(held.sketch.holds(feedOf('bert', 'command'), sodiumCrypto), 0);
      assert.deepEqual(items.at(-1), {
        type: 'end',
        totals: { commits: 9, leftCommits: 0, leftBytes: 0 },
      });
    }
  });

  test('shows nothing of fleet, nodes or names', () => {
    const whole = Buffer.concat(bundlePieces({ runs: RUNS }));
    assert.equal(whole.subarray(0, 8).toString(), 'HFBUNDLE');
    assert.equal(whole.includes('anna'), false);
    assert.equal(whole.includes(Buffer.from(feedOf('anna', 'state').author, 'hex')), false);
  });

  test('that is cut anywhere is never whole, and gives what its whole sections hold', () => {
    const pieces = inSections(LARGE_RUNS);
    const bytes = concatBytes(...pieces);
    assert.ok(pieces.length >= 4, `${pieces.length} sections`);
    const small = concatBytes(...bundlePieces({ runs: RUNS }));
    for (let length = 0; length < small.length; length++) {
      const fault = faultOf(() => readBundle(small.subarray(0, length)));
      assert.equal(fault, length === 0 ? 'not-a-bundle' : 'cut-short', `cut at ${length}`);
    }
    const reader = readerOf();
    const [beginning, first, second] = pieces as [Uint8Array, Uint8Array, Uint8Array];
    const cut = bytes.subarray(0, beginning.length + first.length + second.length - 1);
    const runs = runsIn([...reader.take(cut)]);
    assert.deepEqual(runs, LARGE_RUNS.slice(0, runs.length).map(describeRun));
    assert.equal(runs.length, 1);
    assert.equal(
      faultOf(() => reader.finish()),
      'cut-short',
    );
  });

  test('with any byte altered is refused', () => {
    const bytes = concatBytes(...bundlePieces({ runs: RUNS }));
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of [1, 128]) {
        const altered = bytes.slice();
        altered[at] = (altered[at] ?? 0) ^ bit;
        const fault = faultOf(() => readBundle(altered));
        assert.ok(fault !== undefined, `byte ${at} of ${bytes.length}`);
      }
    }
  });

  test('with sections moved, repeated or left out is refused', () => {
    const [beginning, one, two, three, end] = inSections(LARGE_RUNS) as Uint8Array[];
    assert.ok(beginning && one && two && three && end);
    for (const order of [
      [beginning, two, one, three, end],
      [beginning, one, one, two, three, end],
      [beginning, one, three, end],
      [beginning, end],
      [beginning, one, two, three, end, end],
    ]) {
      assert.equal(
        faultOf(() => readBundle(concatBytes(...order))),
        'altered',
      );
    }
  });

  test('of another fleet, of a later version, or none at all is told apart', () => {
    const foreign = concatBytes(...bundlePieces({ runs: RUNS, fleetSecret: OTHER_SECRET }));
    assert.throws(() => readBundle(foreign), /belongs to another fleet/);
    const later = concatBytes(...bundlePieces({}));
    later[8] = 2;
    assert.throws(() => readBundle(later), /version 2, and only version 1/);
    assert.equal(
      faultOf(() =>
        readBundle(new TextEncoder().encode('%PDF-1.7 something else entirely'.repeat(9))),
      ),
      'not-a-bundle',
    );
    assert.equal(
      faultOf(() => readBundle(new TextEncoder().encode('short'))),
      'not-a-bundle',
    );
  });

  test('signed by somebody else than its header names is refused at its end', () => {
    const bytes = concatBytes(...bundlePieces({ maker: 'anna', signedBy: 'bert', runs: RUNS }));
    assert.throws(() => readBundle(bytes), /not made by the member that it names/);
  });

  test('cannot make a reader keep more than a section', () => {
    const reader = readerOf();
    const [beginning] = bundlePieces({}) as [Uint8Array];
    assert.equal([...reader.take(beginning)].length, 3);
    const length = Uint8Array.of(0, 0x10, 0, 0);
    assert.equal(
      faultOf(() => [...reader.take(length)]),
      'altered',
    );
  });
});

describe('a frontier in short', () => {
  const positions = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 2 ** 40 })), {
      selector: ([name]) => name,
    })
    .map((rows) => rows.map(([name, seq]) => ({ feed: feedOf(`p${name}`, 'state'), seq })));

  test('says what was put in, and of others nothing', () => {
    fc.assert(
      fc.property(positions, (held) => {
        const read = FrontierSketch.decode(FrontierSketch.of(held, sodiumCrypto).encode());
        for (const { feed, seq } of held) assert.equal(read.holds(feed, sodiumCrypto), seq);
        assert.equal(read.holds(feedOf('nobody', 'state'), sodiumCrypto), 0);
        assert.equal(read.size, held.length);
      }),
      { numRuns: 50 },
    );
  });

  test('has one spelling: what is out of order, short or long is refused', () => {
    const two = FrontierSketch.of(
      ['anna', 'bert'].map((name) => ({ feed: feedOf(name, 'state'), seq: 5 })),
      sodiumCrypto,
    ).encode();
    const swapped = concatBytes(two.subarray(0, 1), two.subarray(8), two.subarray(1, 8));
    for (const bytes of [swapped, two.subarray(0, -1), concatBytes(two, Uint8Array.of(0))]) {
      assert.equal(
        faultOf(() => FrontierSketch.decode(bytes)),
        'malformed',
      );
    }
  });

  test('is raised by what was brought, and never lowered', () => {
    const [anna, bert] = [feedOf('anna', 'state'), feedOf('bert', 'state')];
    const held = FrontierSketch.of([{ feed: anna, seq: 5 }], sodiumCrypto);
    const raised = held.raised(
      [
        { feed: anna, seq: 3 },
        { feed: bert, seq: 2 },
      ],
      sodiumCrypto,
    );
    assert.equal(raised.holds(anna, sodiumCrypto), 5);
    assert.equal(raised.holds(bert, sodiumCrypto), 2);
  });
});
