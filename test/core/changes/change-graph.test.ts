// A document among hostile changes: what does not count is named, the rest is read by everybody alike, and it can be written.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_FOREIGN_DEPTH } from '../../../src/core/config.ts';
import { LiveDocument } from '../../../src/core/documents/document.ts';
import { inspectChange, type JsonObject, jsonDepth } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { createSeededRandom } from '../../../src/testing/seeded-random.ts';
import { nest } from '../../fuzz/change-target.ts';
import { encodeForgery, type Forgery, parseForgery } from '../../fuzz/forge.ts';

const ALICE = '00112233445566778899aabbccddeeff';
const BOB = 'ffeeddccbbaa99887766554433221100';
const READER = '7f000000000000000000000000000001';

function hashOf(change: Uint8Array): string {
  const inspection = inspectChange(change, sodiumCrypto);
  if (!inspection.ok) throw new Error(inspection.reason);
  return inspection.change.hash;
}

/** A document of Alice, and the change that Bob makes of it, altered. */
function given(alter: (forgery: Forgery) => void): { base: Uint8Array; hostile: Uint8Array } {
  const alice = new LiveDocument(ALICE, sodiumCrypto);
  const base = alice.found({ text: 'base', list: [1, 2] });
  const bob = new LiveDocument(BOB, sodiumCrypto);
  bob.apply([base]);
  const forgery = parseForgery(bob.put({ text: 'base', list: [1, 2], more: {} }) as Uint8Array);
  for (const document of [alice, bob]) document.free();
  alter(forgery);
  return { base, hostile: encodeForgery(forgery) };
}

/** What a reader makes of changes; it must be able to write afterwards. */
function read(changes: readonly Uint8Array[]): {
  value: JsonObject;
  skipped: string[];
  reasons: string;
} {
  const document = new LiveDocument(READER, sodiumCrypto);
  document.apply(changes);
  const value = document.read();
  const own = document.put({ ...value, own: true });
  assert.ok(own !== undefined);
  const fresh = new LiveDocument(BOB, sodiumCrypto);
  fresh.apply([own, ...changes.toReversed()]);
  assert.deepEqual(fresh.read(), { ...value, own: true });
  assert.deepEqual(fresh.heads(), document.heads());
  const skipped = document.skipped();
  for (const each of [document, fresh]) each.free();
  return {
    value,
    skipped: skipped.map(({ hash }) => hash),
    reasons: skipped.map(({ reason }) => reason).join(),
  };
}

describe('a change that does not fit its causes is skipped by everybody (invariant 1)', () => {
  const cases: Record<string, [alter: (forgery: Forgery) => void, reason: RegExp]> = {
    'ops that leave numbers out': [
      (f) => {
        f.startOp += 1000;
      },
      /expected was/,
    ],
    'a sequence number that leaves one out': [
      (f) => {
        f.seq = 2;
      },
      /does not build on the change/,
    ],
    'an object of a change it does not know': [
      (f) => {
        f.deps = [];
        f.startOp = 6;
      },
      /expected was 1/,
    ],
    'an op that nobody made': [
      (f) => {
        f.actors = [BOB, READER];
        for (const row of f.rows) row.replaced = [[1, 1]];
      },
      /names op 1/,
    ],
    'an object that is a value': [
      (f) => {
        f.actors = [BOB, ALICE];
        for (const row of f.rows) row.object = [1, 1];
      },
      /writes to 1@/,
    ],
  };
  for (const [name, [alter, reason]] of Object.entries(cases)) {
    it(name, () => {
      const { base, hostile } = given(alter);
      const { value, skipped, reasons } = read([base, hostile]);
      assert.deepEqual(value, { text: 'base', list: [1, 2] });
      assert.deepEqual(skipped, [hashOf(hostile)]);
      assert.match(reasons, reason);
    });
  }

  it('and what builds on it never counts', () => {
    const { base, hostile } = given((f) => {
      f.startOp += 1;
    });
    const next = given((f) => {
      f.deps = [hashOf(hostile)];
      f.actors = [READER];
      f.startOp += 2;
    }).hostile;
    assert.deepEqual(read([next, hostile, base]).value, { text: 'base', list: [1, 2] });
    const document = new LiveDocument(READER, sodiumCrypto);
    document.apply([next]);
    assert.equal(document.isWaiting, true, 'what it builds on may still come');
    document.apply([base, hostile]);
    assert.equal(document.isWaiting, false);
    assert.deepEqual(document.includes(), new Map([[ALICE, 1]]));
    document.free();
  });
});

describe('depth', () => {
  const deep = (levels: number) => given((forgery) => nest(forgery, levels));

  it('is counted over all changes of a document', () => {
    const whole = deep(MAX_FOREIGN_DEPTH);
    const { value, skipped } = read([whole.base, whole.hostile]);
    assert.deepEqual(skipped, []);
    assert.equal(jsonDepth(value, 100), MAX_FOREIGN_DEPTH + 1, 'the root is a level too');
    const deepest = parseForgery(whole.hostile);
    const more = encodeForgery({
      deps: [hashOf(whole.hostile)],
      actors: [READER, BOB],
      seq: 1,
      startOp: deepest.startOp + deepest.rows.length,
      time: 0,
      rows: [
        {
          object: [deepest.startOp + deepest.rows.length - 1, 1],
          key: 'x',
          insert: false,
          action: 0,
          type: 0,
          value: new Uint8Array(),
          replaced: [],
        },
      ],
    });
    const document = new LiveDocument(ALICE, sodiumCrypto);
    document.apply([whole.base, whole.hostile, more]);
    assert.equal(jsonDepth(document.read(), 100), MAX_FOREIGN_DEPTH + 1);
    assert.match(document.skipped()[0]?.reason ?? '', /deeper than 32/);
    document.free();
  });

  it('of one level too many in one change is refused', () => {
    const { base, hostile } = deep(MAX_FOREIGN_DEPTH + 1);
    const { value, reasons } = read([base, hostile]);
    assert.deepEqual(value, { text: 'base', list: [1, 2] });
    assert.match(reasons, /deeper than 32/);
  });
});

describe('an actor that makes two changes with one number', () => {
  const twins = ['one', 'two', 'three'].map((text) =>
    given((forgery) => {
      const row = forgery.rows[0];
      if (row !== undefined) row.key = text;
    }),
  );
  const smallest = twins.map(({ hostile }) => hashOf(hostile)).sort()[0];

  it('is left with the one of the smallest hash, in every order (invariant 1)', () => {
    const changes = twins.map(({ hostile }) => hostile);
    const random = createSeededRandom('twins');
    const base = twins[0]?.base as Uint8Array;
    for (let round = 0; round < 12; round++) {
      const order = [base, ...changes].sort(() => random.fraction() - 0.5);
      const document = new LiveDocument(READER, sodiumCrypto);
      for (const change of order) {
        document.apply([change]);
        document.read();
      }
      assert.deepEqual(document.heads(), [smallest]);
      assert.equal(document.skipped().length, 2);
      assert.equal(document.takeSkipped().length, 2);
      assert.deepEqual(document.takeSkipped(), [], 'each is reported once');
      document.free();
    }
  });
});
