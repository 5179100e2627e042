// Every message that a session may send, for property tests.
import fc from 'fast-check';
import { concatBytes, LANES, type Lane, toHex } from '../../../src/core/index.ts';
import type { OwnMessage } from '../../../src/mesh/protocol/index.ts';

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const hex = (length: number) => bytes(length).map(toHex);
const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const uint64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const seq = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
/** What is printable stays as it is; the codec's tests look at the rest. */
const text = fc.string({
  unit: fc.constantFrom('a', 'Z', '7', ' ', 'é', '漢', '🛰'),
  maxLength: 50,
});

const feed = record({
  author: hex(32),
  incarnation: hex(16),
  lane: fc.constantFrom<Lane>(...LANES, 'lane9', 'lane255'),
});
const commit = record({
  clock: uint64,
  payload: fc.uint8Array({ maxLength: 100 }),
  signature: fc.option(bytes(64), { nil: undefined }),
});

export const anyMessage: fc.Arbitrary<OwnMessage> = fc.oneof(
  record({
    type: fc.constant('hello' as const),
    versionMin: uint32,
    versionMax: uint32,
    nodeId: hex(32),
    bootId: hex(16),
    capabilities: uint64,
    membershipProof: bytes(32),
    signature: bytes(64),
    chain: fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 16 }),
  }),
  record({ type: fc.constant('introduction' as const), name: text }),
  record({
    type: fc.constant('frontier-digest' as const),
    frontier: bytes(16),
    roster: bytes(16),
    feeds: uint32,
  }),
  record({
    type: fc.constant('frontier-digest' as const),
    frontier: bytes(16),
    roster: bytes(16),
    feeds: uint32,
    forks: bytes(16),
    trust: bytes(32),
  }),
  record({
    type: fc.constant('statement-ids' as const),
    ids: fc.array(hex(8), { maxLength: 5 }),
    last: fc.boolean(),
  }),
  record({
    type: fc.constant('statements' as const),
    statements: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }),
  }),
  record({
    type: fc.constant('fork-proofs' as const),
    proofs: fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 5 }),
  }),
  fc.array(record({ seq, head: bytes(4) }), { minLength: 1, maxLength: 5 }).map((rows) => ({
    type: 'frontier-vector' as const,
    seqs: rows.map((row) => row.seq),
    heads: concatBytes(...rows.map((row) => row.head)),
    last: true,
  })),
  record({
    type: fc.constant('frontier' as const),
    positions: fc.array(record({ feed, seq, head: bytes(8) }), { maxLength: 5 }),
    last: fc.boolean(),
  }),
  record({
    type: fc.constant('frontier-vector' as const),
    seqs: fc.array(seq, { maxLength: 5 }),
    last: fc.boolean(),
  }),
  record({
    type: fc.constant('frontier-buckets' as const),
    hashes: fc.uint8Array({ maxLength: 64 }),
  }),
  record({
    type: fc.constant('frontier' as const),
    positions: fc.array(record({ feed, seq }), { maxLength: 5 }),
    last: fc.boolean(),
  }),
  record({
    type: fc.constant('have' as const),
    entries: fc.array(
      record({
        feed,
        seq,
        kind: fc.constantFrom('held' as const, 'reset' as const, 'lost' as const),
      }),
      { maxLength: 5 },
    ),
  }),
  record({
    type: fc.constant('want' as const),
    entries: fc.array(record({ feed, seq }), { maxLength: 5 }),
  }),
  record({ type: fc.constant('stop' as const), feeds: fc.array(feed, { maxLength: 5 }) }),
  record({
    type: fc.constant('run' as const),
    run: record({ feed, firstSeq: seq, commits: fc.array(commit, { maxLength: 5 }) }),
  }),
  record({
    type: fc.constant('run' as const),
    run: record({
      feed,
      firstSeq: seq,
      previous: bytes(32),
      commits: fc.array(commit, { maxLength: 5 }),
    }),
  }),
  record({ type: fc.constant('stored' as const), runs: uint32 }),
  record({ type: fc.constant('ping' as const), token: uint64 }),
  record({
    type: fc.constant('ping' as const),
    token: uint64,
    wallMs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  }),
  record({ type: fc.constant('pong' as const), token: uint64 }),
  record({
    type: fc.constant('goodbye' as const),
    reason: fc.constantFrom(
      'stopping',
      'version',
      'paused',
      'duplicate',
      'protocol',
      'stalled',
      'renewal',
      'ejected',
      'twin',
      'other',
    ),
    message: text,
    versionMin: uint32,
    versionMax: uint32,
  }),
);
