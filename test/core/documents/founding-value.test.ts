// Documents of one change are read without Automerge, and must be what Automerge reads.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as Automerge from '@automerge/automerge';
import fc from 'fast-check';
import { LiveDocument } from '../../../src/core/documents/document.ts';
import { foundingValue } from '../../../src/core/documents/founding-value.ts';
import type { JsonObject } from '../../../src/core/index.ts';
import { sodiumCrypto } from '../../../src/sidecar/sodium-crypto.ts';
import { jsonObject } from '../../support/json-arbitrary.ts';

const [WRITER, READER] = ['aa'.repeat(16), 'bb'.repeat(16)] as const;

function founded(value: JsonObject): Uint8Array {
  return new LiveDocument(WRITER, sodiumCrypto).found(value);
}

/** What Automerge makes of changes, and the heads. */
function byAutomerge(changes: Uint8Array[]): { value: unknown; heads: string[] } {
  const handle = Automerge.getBackend(Automerge.init({ actor: READER }));
  handle.applyChanges(changes);
  const read = { value: handle.materialize('_root'), heads: handle.getHeads() };
  handle.free();
  return read;
}

describe('a document of one change', () => {
  it('is read as Automerge reads it, whatever its value', () => {
    fc.assert(
      fc.property(jsonObject, (value) => {
        const change = founded(value);
        const reader = new LiveDocument(READER, sodiumCrypto);
        reader.apply([change]);
        const { heads } = byAutomerge([change]);
        assert.deepEqual(reader.heads(), heads);
        assert.deepEqual(reader.read(), foundingValue(change));
        // Read again by the document itself: it is made of the change all the same.
        assert.equal(reader.put(reader.read()), undefined);
        assert.deepEqual(
          JSON.parse(JSON.stringify(reader.read())),
          JSON.parse(JSON.stringify(value)),
        );
        reader.free();
      }),
      { numRuns: 300 },
    );
  });

  it('goes on as any other when it is written or changed after it was read', () => {
    fc.assert(
      fc.property(jsonObject, jsonObject, jsonObject, (first, second, third) => {
        const writer = new LiveDocument(WRITER, sodiumCrypto);
        const founding = writer.found(first);
        const next = writer.put(second);
        const reader = new LiveDocument(READER, sodiumCrypto);
        reader.apply([founding]);
        reader.read();
        if (next !== undefined) reader.apply([next]);
        const plain = new LiveDocument(READER, sodiumCrypto);
        plain.apply(next === undefined ? [founding] : [founding, next]);
        assert.deepEqual(reader.read(), plain.read());
        assert.deepEqual(reader.heads(), plain.heads());
        reader.put(third);
        plain.put(third);
        assert.deepEqual(reader.read(), plain.read());
        for (const document of [writer, reader, plain]) document.free();
      }),
      { numRuns: 150 },
    );
  });

  it('that is unusual is left to Automerge', () => {
    const change = (ops: object[]): Uint8Array =>
      Automerge.encodeChange({
        actor: WRITER,
        seq: 1,
        startOp: 1,
        time: 0,
        message: null,
        deps: [],
        ops: ops as Parameters<typeof Automerge.encodeChange>[0]['ops'],
        author: null,
      });
    const set = { action: 'set', obj: '_root', pred: [] };
    assert.deepEqual(foundingValue(change([{ ...set, key: 'a', value: 'x' }])), { a: 'x' });
    const unusual = [
      [{ ...set, key: 'a', value: 1, datatype: 'counter' }],
      [{ ...set, key: 'a', value: 5, datatype: 'timestamp' }],
    ];
    for (const ops of unusual) assert.equal(foundingValue(change(ops)), undefined);
  });
});
