// Two frontiers are compared: both sides end with exactly what the other holds, and pay for what differs.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type FeedId, type FeedPosition, feedKey, type Lane } from '../../../src/core/index.ts';
import { FrontierExchange } from '../../../src/mesh/protocol/frontier.ts';
import { FrameReader, FrameWriter } from '../../../src/mesh/protocol/index.ts';
import type { FrontierMessage } from '../../../src/mesh/protocol/message.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

function feedNumber(n: number, lane: Lane = 'state'): FeedId {
  const digits = n.toString(16).padStart(8, '0');
  return { author: digits.repeat(8), incarnation: digits.repeat(4), lane };
}

interface Outcome {
  readonly theirs: [FeedPosition[], FeedPosition[]];
  readonly bytes: number;
}

/** Lets two frontiers talk through real frames until both are done. */
function compare(a: readonly FeedPosition[], b: readonly FeedPosition[]): Outcome {
  const ends = [a, b].map((positions) => ({
    exchange: new FrontierExchange(sodiumCrypto, positions),
    writer: new FrameWriter(),
    reader: new FrameReader(),
    theirs: undefined as FeedPosition[] | undefined,
  }));
  let bytes = 0;
  const queue = ends.map((end, from) => ({
    from,
    message: end.exchange.digest as FrontierMessage,
  }));
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const [near, far] = [ends[next.from]!, ends[1 - next.from]!];
    const frame = near.writer.encode(next.message);
    bytes += frame.length;
    const step = far.exchange.take(far.reader.decode(frame) as FrontierMessage);
    assert.notEqual(step.type, 'breach');
    if (step.type === 'done') far.theirs = [...step.theirs];
    if (step.type === 'more') {
      for (const message of step.send) queue.push({ from: 1 - next.from, message });
    }
  }
  const [first, second] = ends.map(({ theirs }) => theirs);
  assert.ok(first !== undefined && second !== undefined, 'both are done');
  return { theirs: [first, second], bytes };
}

function asMap(positions: readonly FeedPosition[]): Map<string, number> {
  return new Map(positions.map(({ feed, seq }) => [feedKey(feed), seq]));
}

const positions = fc
  .uniqueArray(
    fc.record({
      n: fc.integer({ min: 0, max: 300 }),
      lane: fc.constantFrom<Lane>('command', 'state', 'lane9'),
      seq: fc.integer({ min: 1, max: 1000 }),
    }),
    { selector: ({ n, lane }) => `${n} ${lane}`, maxLength: 200 },
  )
  .map((rows) => rows.map(({ n, lane, seq }) => ({ feed: feedNumber(n, lane), seq })));

describe('two frontiers', () => {
  it('of any kind: each side ends with what the other holds, of everything in which they differ', () => {
    fc.assert(
      fc.property(positions, positions, fc.boolean(), (a, fresh, isGrown) => {
        const b = isGrown
          ? a.map((row, i) => (i % 3 === 0 ? { ...row, seq: row.seq + 1 } : row))
          : fresh;
        const { theirs } = compare(a, b);
        for (const [mine, other, learned] of [
          [a, b, theirs[0]],
          [b, a, theirs[1]],
        ] as const) {
          const [ours, truth, known] = [asMap(mine), asMap(other), asMap(learned)];
          for (const key of new Set([...ours.keys(), ...truth.keys()])) {
            assert.equal(known.get(key) ?? 0, truth.get(key) ?? 0);
          }
        }
      }),
    );
  });

  it('that are equal cost two digests, however many feeds there are', () => {
    const many = Array.from({ length: 5000 }, (_, n) => ({ feed: feedNumber(n), seq: n + 1 }));
    const shuffled = many.toReversed();
    assert.ok(compare(many, shuffled).bytes <= 2 * 48);
  });

  it('of the same feeds cost a few bytes a feed', () => {
    const many = Array.from({ length: 1000 }, (_, n) => ({ feed: feedNumber(n), seq: 100 + n }));
    const grown = many.map((row, i) => (i % 100 === 0 ? { ...row, seq: row.seq + 9 } : row));
    assert.ok(compare(many, grown).bytes <= 2 * (48 + 3 * 1000));
  });

  it('of other feeds cost a hash for eight feeds, and positions near the differences alone', () => {
    const many = Array.from({ length: 2000 }, (_, n) => ({ feed: feedNumber(n), seq: n + 1 }));
    const { bytes } = compare(many, [...many, { feed: feedNumber(9999), seq: 1 }]);
    const buckets = 2 * 256 * 8;
    // One bucket differs: about eight positions of at most 70 bytes from each side, allowing for a full one.
    assert.ok(bytes <= buckets + 2 * 48 + 2 * 30 * 70, `${bytes}`);
  });
});

describe('a peer that does not keep to the exchange', () => {
  const exchange = () => new FrontierExchange(sodiumCrypto, [{ feed: feedNumber(1), seq: 1 }]);
  const none = new Uint8Array(16);
  const digest = { type: 'frontier-digest', frontier: none, roster: none, feeds: 3 } as const;

  it('is told what is wrong', () => {
    const first = exchange();
    assert.deepEqual(first.take({ type: 'frontier-vector', seqs: [], last: true }), {
      type: 'breach',
      what: 'a vector that nobody waits for',
    });
    first.take(digest);
    for (const [message, what] of [
      [digest, 'a second digest'],
      [{ type: 'frontier', positions: [], last: true }, 'positions that nobody waits for'],
      [{ type: 'frontier-buckets', hashes: new Uint8Array(9) }, '9 bytes of buckets instead of 8'],
    ] as const) {
      assert.deepEqual(first.take(message), { type: 'breach', what });
    }
  });

  it('may not send a vector longer or shorter than the roster, or in empty parts', () => {
    const sameRoster = {
      ...new FrontierExchange(sodiumCrypto, [{ feed: feedNumber(1), seq: 2 }]).digest,
    };
    for (const [seqs, last, what] of [
      [[1, 2], true, 'a vector longer than its roster'],
      [[], true, 'a vector shorter than its roster'],
      [[], false, 'an empty part of a vector'],
    ] as const) {
      const one = exchange();
      one.take(sameRoster);
      assert.deepEqual(one.take({ type: 'frontier-vector', seqs, last }), { type: 'breach', what });
    }
  });
});
