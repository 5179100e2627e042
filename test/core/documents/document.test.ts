// One document against plain JSON: whatever is put is read, here and wherever its changes arrive, in whatever order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_CHANGE_BYTES } from '../../../src/core/config.ts';
import { LiveDocument } from '../../../src/core/documents/document.ts';
import { HoldfastError, type JsonObject, jsonEqual } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { jsonObject } from '../../support/json-arbitrary.ts';

const ALICE = '00112233445566778899aabbccddeeff';
const BOB = 'ffeeddccbbaa99887766554433221100';

function assertHolds(document: LiveDocument, value: JsonObject): void {
  assert.ok(
    jsonEqual(document.read(), value),
    `${JSON.stringify(document.read())} is not ${JSON.stringify(value)}`,
  );
}

test('a founded document reads the same at its writer and at a reader, heads included', () => {
  fc.assert(
    fc.property(jsonObject, (value) => {
      const writer = new LiveDocument(ALICE, sodiumCrypto);
      const change = writer.found(value);
      const reader = new LiveDocument(BOB, sodiumCrypto);
      reader.apply([change]);
      assertHolds(writer, value);
      assertHolds(reader, value);
      assert.deepEqual(writer.heads(), reader.heads());
      writer.free();
      reader.free();
    }),
    { numRuns: 300 },
  );
});

test('what it was given is its own: also of a Buffer, nothing of what it came in stays with it', () => {
  const writer = new LiveDocument(ALICE, sodiumCrypto);
  const changes = [writer.found({ a: 1 }), writer.put({ a: 2 }) ?? assert.fail('no change')];
  for (const copy of [
    (bytes: Uint8Array) => Buffer.from(bytes),
    (bytes: Uint8Array) => new Uint8Array(bytes),
  ]) {
    const reader = new LiveDocument(BOB, sodiumCrypto);
    const given = changes.map((change) => copy(change));
    reader.apply(given);
    for (const change of given) change.fill(0);
    assertHolds(reader, { a: 2 });
    assert.deepEqual(reader.skipped(), []);
    reader.free();
  }
  writer.free();
});

test('puts in sequence arrive as written, in bulk or one by one, and shuffled', () => {
  fc.assert(
    fc.property(
      fc.array(jsonObject, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat()),
      (values, order) => {
        const writer = new LiveDocument(ALICE, sodiumCrypto);
        const changes: Uint8Array[] = [writer.found(values[0] as JsonObject)];
        const oneByOne = new LiveDocument(BOB, sodiumCrypto);
        oneByOne.apply(changes);
        for (const value of values.slice(1)) {
          const change = writer.put(value);
          assert.equal(change === undefined, jsonEqual(oneByOne.read(), value));
          if (change !== undefined) {
            changes.push(change);
            oneByOne.apply([change]);
          }
          assertHolds(oneByOne, value);
        }
        const shuffled = new LiveDocument(BOB, sodiumCrypto);
        shuffled.apply(
          changes
            .map((change) => ({ change, at: order.next().value as number }))
            .sort((a, b) => a.at - b.at)
            .map(({ change }) => change),
        );
        assertHolds(shuffled, values.at(-1) as JsonObject);
        assert.deepEqual(shuffled.heads(), writer.heads());
      },
    ),
    { numRuns: 200 },
  );
});

test('two writers of one document end equal whichever change arrives first', () => {
  fc.assert(
    fc.property(jsonObject, jsonObject, jsonObject, (base, a, b) => {
      const alice = new LiveDocument(ALICE, sodiumCrypto);
      const bob = new LiveDocument(BOB, sodiumCrypto);
      bob.apply([alice.found(base)]);
      const fromAlice = alice.put(a);
      const fromBob = bob.put(b);
      if (fromBob !== undefined) alice.apply([fromBob]);
      if (fromAlice !== undefined) bob.apply([fromAlice]);
      assert.deepEqual(alice.read(), bob.read());
      assert.deepEqual(alice.heads(), bob.heads());
    }),
    { numRuns: 200 },
  );
});

test('a put writes only what differs', () => {
  const document = new LiveDocument(ALICE, sodiumCrypto);
  const value = Object.fromEntries(
    Array.from({ length: 28 }, (_, i) => [`field-${i}`, `value-${i}`]),
  );
  const founding = document.found(value);
  const change = document.put({ ...value, 'field-3': 'other' });
  assert.ok(
    change !== undefined && change.length < founding.length / 3,
    'one of 28 fields costs under a third',
  );
  assert.equal(document.put({ ...value, 'field-3': 'other' }), undefined);
});

test('a change is a plain chunk, never a compressed one', () => {
  const plainChunk = 1;
  const document = new LiveDocument(ALICE, sodiumCrypto);
  const first = document.found({ text: 'same '.repeat(5000) });
  const second = document.put({ text: 'other '.repeat(5000) });
  assert.equal(first[8], plainChunk);
  assert.equal(second?.[8], plainChunk);
});

test('a change over the limit is refused', () => {
  const document = new LiveDocument(ALICE, sodiumCrypto);
  assert.throws(
    () => document.found({ text: 'x'.repeat(MAX_CHANGE_BYTES) }),
    (error) => error instanceof HoldfastError && error.reason === 'DOCUMENT_TOO_LARGE',
  );
});
