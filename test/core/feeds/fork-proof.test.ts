// Proofs of forks: any two sides that differ make one, what is equal or forged never does, and bytes are read strictly.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { MAX_FORK_PROOFS_OF_AUTHOR, MAX_UNSIGNED_COMMITS } from '../../../src/core/config.ts';
import { type Commit, CommitSeal, encodeOps } from '../../../src/core/feeds/commit.ts';
import { FeedTable } from '../../../src/core/feeds/feed.ts';
import { WHOLE_FEED } from '../../../src/core/feeds/feed-head.ts';
import {
  branchOf,
  decodeForkProof,
  doubtForkProof,
  encodeForkProof,
  type ForkBranch,
  type ForkProof,
} from '../../../src/core/feeds/fork-proof.ts';
import { ForkTable } from '../../../src/core/feeds/fork-table.ts';
import { createIncarnation, hlcOf, type Run, toHex } from '../../../src/core/index.ts';
import { MalformedBytesError, utf8 } from '../../../src/core/values/bytes.ts';
import { createSigner, sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';

const FLEET_ID = new Uint8Array(32).fill(9);
const START_MS = 1_800_000_000_000;
const signer = createSigner(sodiumCrypto.blake2b(utf8('author')));
const author = toHex(signer.publicKey);
const seal = new CommitSeal(FLEET_ID, sodiumCrypto);

function feedStarted(ms: number) {
  const incarnation = createIncarnation(author, ms, new Uint8Array(4), sodiumCrypto);
  return { author, incarnation, lane: 'state' as const };
}

const feed = feedStarted(START_MS);

/** Commits of the author, each signed, with these payloads. */
function written(payloads: readonly string[], at = feed): Commit[] {
  const table = new FeedTable({
    fleetId: FLEET_ID,
    crypto: sodiumCrypto,
    signer,
    own: (lane) => ({ ...at, lane }),
    heads: [],
  });
  return payloads.map((text, i) => table.append('state', hlcOf(START_MS + i), utf8(text)));
}

/** From a place on, only the last of so many signed. */
function branch(commits: readonly Commit[], from: number, count: number): ForkBranch {
  const part = commits.slice(from - 1, from - 1 + count);
  const thinned = part.map((commit, i) =>
    i === part.length - 1 ? commit : { ...commit, signature: undefined },
  );
  const made = branchOf((part[0] as Commit).previous, thinned, sodiumCrypto);
  assert.ok(made !== undefined);
  return made;
}

const payloads = fc.array(fc.string({ maxLength: 3 }), { minLength: 1, maxLength: 12 });
const length = fc.integer({ min: 1, max: MAX_UNSIGNED_COMMITS });

function someProof(at = feed): ForkProof {
  const [a, b] = [written(['one', 'two'], at), written(['other', 'two'], at)];
  return { feed: at, seq: 1, branches: [branch(a, 1, 2), branch(b, 1, 1)] };
}

describe('two sides of a feed', () => {
  test('that part anywhere prove it at every place from there on, and at none before', () => {
    fc.assert(
      fc.property(payloads, payloads, payloads, length, length, (both, left, right, m, n) => {
        fc.pre(left[0] !== right[0]);
        const [a, b] = [written([...both, ...left]), written([...both, ...right])];
        for (let seq = 1; seq <= Math.min(a.length, b.length); seq++) {
          const proof: ForkProof = { feed, seq, branches: [branch(a, seq, m), branch(b, seq, n)] };
          const read = decodeForkProof(encodeForkProof(proof));
          const doubt = doubtForkProof(read, seal, sodiumCrypto);
          assert.equal(doubt === undefined, seq > both.length, `${seq}: ${doubt}`);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('of which one has no signature in reach make no branch', () => {
    const many = written(Array.from({ length: MAX_UNSIGNED_COMMITS + 1 }, (_, i) => `${i}`));
    const unsigned = many.map((commit, i) =>
      i < MAX_UNSIGNED_COMMITS ? { ...commit, signature: undefined } : commit,
    );
    assert.equal(branchOf(unsigned[0]!.previous, unsigned, sodiumCrypto), undefined);
    assert.ok(branchOf(unsigned[1]!.previous, unsigned.slice(1), sodiumCrypto) !== undefined);
  });
});

describe('bytes of a proof', () => {
  test('prove nothing when any one of them is another', () => {
    const bytes = encodeForkProof(someProof());
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] as number) ^ 1;
      try {
        assert.notEqual(doubtForkProof(decodeForkProof(changed), seal, sodiumCrypto), undefined);
      } catch (error) {
        assert.ok(error instanceof MalformedBytesError, String(error));
      }
    }
  });

  test('are malformed when cut short or with anything behind them', () => {
    const bytes = encodeForkProof(someProof());
    for (let end = 0; end < bytes.length; end++) {
      assert.throws(() => decodeForkProof(bytes.subarray(0, end)), MalformedBytesError);
    }
    assert.throws(() => decodeForkProof(new Uint8Array([...bytes, 0])), MalformedBytesError);
  });

  test('of one fleet prove nothing in another (invariant 14)', () => {
    const other = new CommitSeal(utf8('another fleet'), sodiumCrypto);
    assert.match(doubtForkProof(someProof(), other, sodiumCrypto) ?? '', /is not its author's/);
  });

  test('of commits that are in other feeds of the author prove nothing', () => {
    const proof = { ...someProof(), feed: { ...feed, lane: 'pulse' as const } };
    assert.match(doubtForkProof(proof, seal, sodiumCrypto) ?? '', /is not its author's/);
  });
});

describe('the proofs that are kept', () => {
  test('are the newest of an author whatever the order, and void everything older (invariant 13)', () => {
    const many = MAX_FORK_PROOFS_OF_AUTHOR + 6;
    const proofs = Array.from({ length: many }, (_, i) => someProof(feedStarted(START_MS + i)));
    const forwards = new ForkTable(proofs);
    const backwards = new ForkTable(proofs.toReversed());
    for (const table of [forwards, backwards]) {
      assert.equal(table.size, MAX_FORK_PROOFS_OF_AUTHOR);
      for (const proof of proofs) assert.ok(table.isVoid(proof.feed));
      assert.ok(
        table.isVoid(feedStarted(START_MS - 1)),
        'never forked, and older than all of them',
      );
      assert.ok(!table.isVoid(feedStarted(START_MS + many)));
    }
  });
});

/** A node that holds what it is given. */
function receiver(): FeedTable {
  const self = createSigner(sodiumCrypto.blake2b(utf8('receiver')));
  const nodeId = toHex(self.publicKey);
  const incarnation = createIncarnation(nodeId, START_MS, new Uint8Array(4), sodiumCrypto);
  return new FeedTable({
    fleetId: FLEET_ID,
    crypto: sodiumCrypto,
    signer: self,
    own: (lane) => ({ author: nodeId, incarnation, lane }),
    heads: [],
  });
}

function runOf(commits: readonly Commit[], from: number, withPrevious: boolean): Run {
  const part = commits.slice(from - 1);
  const previous = withPrevious && from > 1 ? { previous: part[0]!.previous } : {};
  return { feed, firstSeq: from, commits: part, ...previous };
}

describe('a feed of which three commits are held', () => {
  const held = written(['a', 'b', 'c']);
  const longer = written(['a', 'b', 'c', 'd', 'e']);
  const fork = written(['a', 'B', 'C', 'D', 'E']);
  const forged = fork.map((commit) => ({ ...commit, signature: new Uint8Array(64) }));
  for (const [what, run, expected] of [
    ['what follows', runOf(longer, 4, false), 'accepted'],
    ['what follows, with what is before it', runOf(longer, 4, true), 'accepted'],
    ['what is held, with what is before it', runOf(held, 3, true), 'accepted'],
    ['the other side, as if it followed', runOf(fork, 4, false), 'held, audit'],
    ['the other side, with what is before it', runOf(fork, 4, true), 'held, audit'],
    ['the other side from the last commit on', runOf(fork, 3, true), 'forked'],
    ['the other side, as long as ours', runOf(fork.slice(0, 3), 3, true), 'forked'],
    ['the other side from its beginning', runOf(fork, 1, false), 'forked'],
    ['forged commits, as if they followed', runOf(forged, 4, false), 'held, audit'],
    ['forged commits that stand for themselves', runOf(forged, 3, true), 'refused'],
  ] as const) {
    test(`meets ${what}: ${expected}`, () => {
      const table = receiver();
      assert.equal(table.accept(runOf(held, 1, false)).type, 'accepted');
      const outcome = table.accept(run);
      const audit = outcome.type === 'held' && outcome.audit === true ? ', audit' : '';
      assert.equal(`${outcome.type}${audit}`, expected);
      if (outcome.type !== 'forked') return;
      const proof = table.prove(feed, outcome.seq, outcome.branch, held[2] as Commit);
      assert.ok(proof !== undefined && receiver().doubt(proof) === undefined);
    });
  }

  test('is held no more once it is void, and taken no more, without blame', () => {
    const table = receiver();
    table.accept(runOf(held, 1, false));
    table.takeNews();
    assert.ok(table.void(someProof()));
    assert.deepEqual(table.positions(), []);
    const { closed, forks } = table.takeNews();
    assert.deepEqual([closed, forks.kept.map((proof) => proof.feed)], [[feed], [feed]]);
    assert.deepEqual(table.accept(runOf(longer, 4, false)), { type: 'accepted', commits: [] });
    assert.ok(!table.void(someProof()), 'nothing new');
  });

  test('is over once a later incarnation covers it as a whole, although others hold more', () => {
    const table = receiver();
    table.accept(runOf(longer, 1, false));
    const later = feedStarted(START_MS + 1);
    const cover = { incarnation: feed.incarnation, seq: WHOLE_FEED };
    const checkpoint = { commits: 1, closedBeforeMs: 0, covers: [cover] };
    table.accept({ feed: later, firstSeq: 1, commits: checkpointed(later, checkpoint) });
    assert.deepEqual(
      table.positions().map((position) => position.feed),
      [later],
    );
    assert.ok(table.isOver(feed));
    assert.deepEqual(table.accept(runOf(longer, 4, false)), { type: 'accepted', commits: [] });
  });
});

function checkpointed(
  at: typeof feed,
  checkpoint: Parameters<typeof encodeOps>[1],
): readonly Commit[] {
  const own = (lane: string) => ({ ...at, lane }) as typeof feed;
  const parts = { fleetId: FLEET_ID, crypto: sodiumCrypto, signer, heads: [] };
  const table = new FeedTable({ ...parts, own });
  return [table.append('state', hlcOf(START_MS), encodeOps([], checkpoint))];
}
