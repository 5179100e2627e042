// Checkpoints as bytes: what begins one, and the ops that it repeats.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_COVERED_INCARNATIONS, MAX_FEED_COMMITS } from '../../../src/core/config.ts';
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from '../../../src/core/feeds/checkpoint.ts';
import { checkpointOf, decodeOps, encodeOps, type Op } from '../../../src/core/feeds/commit.ts';
import {
  ByteWriter,
  EMPTY,
  fromHex,
  MalformedBytesError,
  toHex,
} from '../../../src/core/values/bytes.ts';

const someCheckpoint: fc.Arbitrary<Checkpoint> = fc.record(
  {
    commits: fc.integer({ min: 1, max: MAX_FEED_COMMITS }),
    closedBeforeMs: fc.nat({ max: 2 ** 48 }),
    covers: fc.array(
      fc.record(
        {
          incarnation: fc.uint8Array({ minLength: 16, maxLength: 16 }).map(toHex),
          seq: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
        },
        { noNullPrototype: true },
      ),
      { maxLength: MAX_COVERED_INCARNATIONS },
    ),
  },
  { noNullPrototype: true },
);

const BEAT: Op = { key: 'platforms/a', kind: 'beat', generation: 0, bytes: EMPTY };

test('a checkpoint survives its encoding, alone and at the beginning of a payload', () => {
  fc.assert(
    fc.property(someCheckpoint, (checkpoint) => {
      assert.deepEqual(decodeCheckpoint(encodeCheckpoint(checkpoint)), checkpoint);
      assert.deepEqual(checkpointOf(encodeOps([BEAT], checkpoint)), checkpoint);
    }),
  );
});

test('its bytes are those of the protocol', () => {
  const incarnation = '01a3185c5000c752fa94ea7f00000001';
  const encoded = encodeCheckpoint({
    commits: 2,
    closedBeforeMs: 258,
    covers: [{ incarnation, seq: 300 }],
  });
  assert.equal(toHex(encoded), `02${'0000000000000102'}01${incarnation}ac02`);
});

test('what a checkpoint of a later version says behind its fields is skipped', () => {
  const checkpoint: Checkpoint = { commits: 3, closedBeforeMs: 5, covers: [] };
  const longer = new ByteWriter().raw(encodeCheckpoint(checkpoint)).text('later').finish();
  assert.deepEqual(decodeCheckpoint(longer), checkpoint);
});

test('a checkpoint of no commits, of too many, or with too many covers is malformed', () => {
  const cover = { incarnation: '00'.repeat(16), seq: 1 };
  const covers = Array.from({ length: MAX_COVERED_INCARNATIONS + 1 }, () => cover);
  for (const wrong of [
    { commits: 0, closedBeforeMs: 0, covers: [] },
    { commits: MAX_FEED_COMMITS + 1, closedBeforeMs: 0, covers: [] },
    { commits: 1, closedBeforeMs: 0, covers },
  ]) {
    assert.throws(() => decodeCheckpoint(encodeCheckpoint(wrong)), MalformedBytesError);
    assert.equal(checkpointOf(encodeOps([], wrong)), undefined, 'and begins nothing');
  }
});

test('no bytes make a payload be taken for a checkpoint by an error', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 60 }),
        someCheckpoint.map((checkpoint) => encodeOps([], checkpoint).slice(0, 40)),
      ),
      (bytes) => void checkpointOf(bytes),
    ),
  );
});

test('a checkpoint that is not the first op begins nothing', () => {
  const checkpoint = fromHex('0100000000000000000000');
  const op = new ByteWriter().byte(5).text('').varint(0).chunk(checkpoint).finish();
  const beat = decodeOpsOf(encodeOps([BEAT]));
  const payload = new ByteWriter().varint(2).chunk(beat).chunk(op).finish();
  assert.equal(checkpointOf(payload), undefined);
  assert.deepEqual(meaningOf(payload), [BEAT], 'and its other ops count');
});

/** The bytes of the only op of a payload. */
function decodeOpsOf(payload: Uint8Array): Uint8Array {
  return payload.slice(2);
}

/** The ops of a payload that are ops of documents. */
function meaningOf(payload: Uint8Array): Op[] {
  return decodeOps(payload).filter(({ kind }) => kind !== 'checkpoint' && kind !== 'other');
}

test('repeated ops keep their kind, their bytes and their first clock', () => {
  const someOp = fc.record(
    {
      key: fc.constantFrom('notes/a', 'platforms/b'),
      kind: fc.constantFrom('change', 'refound', 'delete', 'beat'),
      generation: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
      bytes: fc.uint8Array({ maxLength: 40 }),
      clock: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(fc.array(someOp, { maxLength: 8 }), someCheckpoint, (ops, checkpoint) => {
      assert.deepEqual(meaningOf(encodeOps(ops, checkpoint)), ops);
      const kinds = decodeOps(encodeOps(ops, checkpoint)).map(({ kind }) => kind);
      assert.deepEqual(kinds, ['checkpoint', ...ops.map(({ kind }) => kind)]);
    }),
  );
});

test('the bytes of a repeated op are those of the protocol', () => {
  const op: Op = { key: 'notes/a', kind: 'delete', generation: 1, bytes: EMPTY, clock: 258n };
  // count, length, kind 2, key, generation, length of what follows, its own kind, its clock
  assert.equal(
    toHex(encodeOps([op])),
    '01140207' + '6e6f7465732f61' + '01' + '0903' + '0000000000000102',
  );
});

test('a repeated op of a later kind means nothing here', () => {
  const inner = new ByteWriter().byte(77).uint64(5n).finish();
  const op = new ByteWriter().byte(2).text('notes/a').varint(0).chunk(inner).finish();
  const payload = new ByteWriter().varint(1).chunk(op).finish();
  assert.deepEqual(meaningOf(payload), []);
  assert.equal(decodeOps(payload)[0]?.kind, 'other');
});
