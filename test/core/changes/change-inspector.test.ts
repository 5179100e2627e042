// The gate before Automerge: what this program writes passes, what could do harm does not, and the bytes alone decide.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as Automerge from '@automerge/automerge';
import fc from 'fast-check';
import { MAX_CHANGE_BYTES, MAX_CHANGE_OPS, MAX_DOCUMENT_BYTES } from '../../../src/core/config.ts';
import { LiveDocument } from '../../../src/core/documents/document.ts';
import { inspectChange, type JsonObject } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import {
  encodeForgery,
  type Forgery,
  type Row,
  repair,
  seal,
  sealColumns,
} from '../../fuzz/forge.ts';
import { jsonObject } from '../../support/json-arbitrary.ts';

const ACTORS = [
  '00112233445566778899aabbccddeeff',
  'ffeeddccbbaa99887766554433221100',
  '7f000000000000000000000000000001',
] as const;
const ALICE = ACTORS[0];
const NOTHING = new Uint8Array();
const SET: Row = {
  object: null,
  key: 'a',
  insert: false,
  action: 1,
  type: 0,
  value: NOTHING,
  replaced: [],
};

function forge(rows: readonly Partial<Row>[], header: Partial<Forgery> = {}): Uint8Array {
  const full = rows.map((row) => ({ ...SET, ...row }));
  return encodeForgery({
    deps: [],
    actors: [ALICE],
    seq: 1,
    startOp: 1,
    time: 0,
    ...header,
    rows: full,
  });
}

function reasonOf(change: Uint8Array): string | undefined {
  const inspection = inspectChange(change, sodiumCrypto);
  return inspection.ok ? undefined : inspection.reason;
}

/** Passes, and says what Automerge says. */
function assertPasses(change: Uint8Array): void {
  const inspection = inspectChange(change, sodiumCrypto);
  assert.ok(inspection.ok, inspection.ok ? '' : inspection.reason);
  const decoded = Automerge.decodeChange(change);
  const { hash, actor, seq, startOp, deps, opCount, maxOp } = inspection.change;
  assert.deepEqual(
    { hash, actor, seq, startOp, deps, opCount },
    {
      hash: decoded.hash,
      actor: decoded.actor,
      seq: decoded.seq,
      startOp: decoded.startOp,
      deps: decoded.deps.sort(),
      opCount: decoded.ops.length,
    },
  );
  assert.equal(maxOp, startOp + opCount - 1);
  const made = decoded.ops.filter(({ action }) => action.startsWith('make'));
  assert.deepEqual(
    inspection.change.made.map(({ parent, isList }) => ({ parent, isList })),
    made.map(({ obj, action }) => ({ parent: obj, isList: action === 'makeList' })),
  );
}

describe('what this program writes passes', () => {
  it('whatever three writers put into one document, concurrently or in turn', () => {
    const step = fc.tuple(fc.nat(2), jsonObject, fc.boolean());
    fc.assert(
      fc.property(jsonObject, fc.array(step, { maxLength: 8 }), (first, steps) => {
        const documents = ACTORS.map((actor) => new LiveDocument(actor, sodiumCrypto));
        let unsent = [(documents[0] as LiveDocument).found(first)];
        for (const document of documents.slice(1)) document.apply(unsent);
        for (const change of unsent) assertPasses(change);
        unsent = [];
        for (const [writer, value, share] of steps) {
          const change = (documents[writer] as LiveDocument).put(value);
          if (change !== undefined) {
            assertPasses(change);
            unsent.push(change);
          }
          if (!share) continue;
          for (const document of documents) document.apply(unsent);
          unsent = [];
        }
        for (const document of documents) {
          document.apply(unsent);
          document.read();
          assert.deepEqual(document.skipped(), []);
          document.free();
        }
      }),
      { numRuns: 250 },
    );
  });

  it('the documents of the largest size with the most ops, and one replaced by another', () => {
    const fill = (item: string): JsonObject => {
      const count = Math.floor((MAX_DOCUMENT_BYTES - 20) / (item.length + 1));
      return { list: Array.from({ length: count }, () => JSON.parse(item)) };
    };
    for (const item of ['0', '[]', '""']) {
      const document = new LiveDocument(ALICE, sodiumCrypto);
      assertPasses(document.found(fill(item)));
      const next = document.put({ other: fill('7').list ?? null, list: [] });
      assert.ok(next !== undefined);
      assert.equal(reasonOf(next), undefined);
      document.free();
    }
  });

  it('a write with more ops than a change may have is refused here, not everywhere else', () => {
    const [alice, bob] = [ALICE, ACTORS[1]].map((actor) => new LiveDocument(actor, sodiumCrypto));
    const many = (item: number, count: number): number[] => new Array(count).fill(item);
    assert.ok(alice !== undefined && bob !== undefined);
    const founding = alice.found({ list: [] });
    bob.apply([founding]);
    const changes = [alice, bob].map((document) => document.put({ list: many(1, 40_000) }));
    alice.apply([changes[1] as Uint8Array]);
    assert.equal((alice.read().list as number[]).length, 80_000);
    assert.throws(() => alice.put({ list: [] }), /DOCUMENT_TOO_LARGE|ops/);
    for (const document of [alice, bob]) document.free();
  });
});

describe('what could do harm is void', () => {
  const cases: Record<string, [change: Uint8Array, reason: RegExp]> = {
    'a checksum that is wrong': [forge([{}]).with(4, forge([{}])[4] === 0 ? 1 : 0), /checksum/],
    'a compressed change': [seal(NOTHING, 2), /no plain change/],
    'a whole document': [seal(NOTHING, 0), /no plain change/],
    'another length': [repair(Uint8Array.of(...forge([{}]), 0)), /length/],
    'too many bytes': [new Uint8Array(MAX_CHANGE_BYTES + 1), /bytes, at most/],
    nothing: [NOTHING, /ends too early/],
    'a million ops in a run': [
      sealColumns({ deps: [], actors: [ALICE], seq: 1, startOp: 1, time: 0 }, [
        [0x42, Uint8Array.of(0xc0, 0x84, 0x3d, 1)],
      ]),
      /1000000 ops/,
    ],
    'one op too many': [
      forge(Array.from({ length: MAX_CHANGE_OPS + 1 }, () => ({ key: 'a' }))),
      /ops, at most/,
    ],
    'a key written over and over': [forge([{}, {}]), /writes the key of the op before/],
    'the key __proto__': [forge([{ key: '__proto__' }]), /__proto__/],
    'a start beyond what Automerge can count': [forge([{}], { startOp: 2 ** 32 - 2 }), /begin at/],
    'a sequence number of nothing': [forge([{}], { seq: 0 }), /sequence number/],
    'an actor of another length': [forge([{}], { actors: ['00ff'] }), /actor/],
    'actors out of order': [
      forge([{}], { actors: [ALICE, ACTORS[1], ACTORS[2]] }),
      /actors are not in order/,
    ],
    'dependencies out of order': [
      forge([{}], { deps: ['ff'.repeat(32), '00'.repeat(32)] }),
      /dependencies are not in order/,
    ],
    'collaborative text': [forge([{ action: 4 }]), /action 4/],
    'an increment': [forge([{ action: 5 }]), /action 5/],
    'a mark': [forge([{ action: 7 }]), /action 7/],
    'a counter': [forge([{ type: 8, value: Uint8Array.of(1) }]), /no proper value/],
    'an unknown kind of value': [forge([{ type: 12 }]), /no proper value/],
    'text that is not UTF-8': [forge([{ type: 6, value: Uint8Array.of(0xff) }]), /UTF-8/],
    'a float of three bytes': [forge([{ type: 5, value: new Uint8Array(3) }]), /no proper value/],
    'an object of the future': [forge([{ object: [7, 0] }]), /not before it/],
    'an object that is a value': [forge([{}, { object: [1, 0], key: 'b' }]), /not there/],
    'an object of nobody': [forge([{}, { object: [1, 3], key: 'b' }]), /nobody/],
    'a list taken for a map': [
      forge([{ action: 2 }, { object: [1, 0] }]),
      /a map for a list|a list/,
    ],
    'an element that is not there': [
      forge([{ action: 2 }, { object: [1, 0], key: [1, 0], insert: true }]),
      /element/,
    ],
    'a delete of nothing': [forge([{ action: 3 }]), /replaces 0/],
  };
  for (const [name, [change, reason]] of Object.entries(cases)) {
    it(name, () => assert.match(reasonOf(change) ?? 'passed', reason));
  }

  it('one bit anywhere, with and without a checksum that fits, never throws', () => {
    const document = new LiveDocument(ALICE, sodiumCrypto);
    const change = document.found({ list: [1, 'two', { three: [null] }], a: 'text' });
    document.free();
    for (let bit = 0; bit < change.length * 8; bit++) {
      const damaged = change.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.notEqual(reasonOf(damaged), undefined, `bit ${bit}`);
      assert.equal(typeof inspectChange(repair(damaged), sodiumCrypto).ok, 'boolean');
    }
  });
});
