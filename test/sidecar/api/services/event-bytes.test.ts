// The shared bytes of events beside the plain path: the same to the byte, in both codecs, whatever is shared with whom.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DescMessage } from '@bufbuild/protobuf';
import fc from 'fast-check';
import type { ChangeEvent, DocumentRow, Freshness } from '../../../../src/core/index.ts';
import {
  WatchDocumentsResponseSchema,
  WatchEventType,
} from '../../../../src/gen/holdfast/v1/document_pb.ts';
import { WatchFleetResponseSchema } from '../../../../src/gen/holdfast/v1/fleet_pb.ts';
import { encodeMessage } from '../../../../src/sidecar/api/calls/codec.ts';
import { encodeEnvelope } from '../../../../src/sidecar/api/calls/protocol.ts';
import { createNodeNames, fromDocumentRow } from '../../../../src/sidecar/api/convert/index.ts';
import { EventBytes } from '../../../../src/sidecar/api/services/event-bytes.ts';
import { jsonObject } from '../../../support/json-arbitrary.ts';
import { DOCUMENT, FRESHNESS, ORIGIN } from '../support/fake-backend.ts';
import { fakeCrypto } from '../support/open-api.ts';

type Shown = Exclude<ChangeEvent, { type: 'outside' }>;

const names = createNodeNames(fakeCrypto);

/** Each watcher by itself, through the library alone. */
function plain(schema: DescMessage, event: Shown, binary: boolean): Buffer {
  const { value, ...rest } = fromDocumentRow(event.row, names);
  const message = {
    type: event.type === 'put' ? WatchEventType.PUT : WatchEventType.DELETE,
    document: event.type === 'put' ? { ...rest, value } : rest,
    cursor: event.cursor,
  };
  return encodeEnvelope(0, encodeMessage(schema, message, binary));
}

const freshness: fc.Arbitrary<Freshness> = fc.record({
  observedAtMs: fc.nat(),
  receivedAtMs: fc.nat(),
  ageMs: fc.nat(100_000),
  heardAgeMs: fc.nat(100_000),
  presence: fc.constantFrom(undefined, 'alive', 'suspect', 'unreachable', 'left'),
  presenceReason: fc.constantFrom(undefined, 'heartbeats', 'cut-off', 'returning'),
  revision: fc.constantFrom('0-abc', '1-def'),
  origin: fc.constantFrom(ORIGIN, 'cd'.repeat(32)),
  path: fc.constantFrom(
    { kind: 'own' },
    { kind: 'direct' },
    { kind: 'bundle' },
    { kind: 'unknown' },
    { kind: 'relayed', by: ORIGIN },
    { kind: 'relayed', by: 'ef'.repeat(32) },
  ),
});

/** Values and freshnesses of which some are the same object, as a store hands them out, and some differ in one field. */
const told = fc
  .tuple(
    fc.array(jsonObject, { minLength: 1, maxLength: 3 }),
    fc.array(freshness, { minLength: 1, maxLength: 3 }),
  )
  .chain(([values, freshnesses]) => {
    const change = fc.record({ ageMs: fc.nat(3), heardAgeMs: fc.nat(3) }, { requiredKeys: [] });
    return fc.array(
      fc.record({
        type: fc.constantFrom('put' as const, 'delete' as const),
        id: fc.constantFrom('a', 'b"ü'),
        value: fc.constantFrom(...values),
        freshness: fc.constantFrom(...freshnesses),
        change,
        cursor: fc.constantFrom('c1.a.1.0', 'c1.a.2.0', 'c1.a.2.7'),
        binary: fc.boolean(),
      }),
      { maxLength: 20 },
    );
  });

test('bytes are those of the plain path, whoever was told what before', () => {
  fc.assert(
    fc.property(told, (events) => {
      const bytes = new EventBytes(names);
      for (const { type, id, value, freshness: fresh, change, cursor, binary } of events) {
        const row: DocumentRow = {
          collection: 'notes',
          id,
          value,
          freshness: { ...fresh, ...change },
        };
        const event: Shown = { type, row, cursor };
        const sent = bytes.of(event, binary);
        assert.deepEqual(sent, plain(WatchDocumentsResponseSchema, event, binary));
        assert.deepEqual(sent, plain(WatchFleetResponseSchema, event, binary));
      }
    }),
    { numRuns: 300 },
  );
});

test('the same told to another is the same bytes, not equal ones; another age is not', () => {
  const bytes = new EventBytes(names);
  for (const binary of [true, false]) {
    const event: Shown = { type: 'put', row: DOCUMENT, cursor: 'c1' };
    const first = bytes.of(event, binary);
    assert.equal(bytes.of(event, binary), first);
    // Another watch asked otherwise, at the same moment.
    const again = { ...event, row: { ...DOCUMENT, freshness: { ...FRESHNESS } } };
    assert.equal(bytes.of(again, binary), first);
    const ageMs = FRESHNESS.ageMs + 1;
    const older = { ...event, row: { ...DOCUMENT, freshness: { ...FRESHNESS, ageMs } } };
    assert.notDeepEqual(bytes.of(older, binary), first);
  }
});

test('what is kept is bounded, and a document larger than all of it is sent and forgotten', () => {
  const bytes = new EventBytes(names);
  const limit = 4 * 1024 * 1024;
  const wide = 'x'.repeat(60 * 1024);
  for (let i = 0; i < 300; i++) {
    const event: Shown = {
      type: 'put',
      row: { ...DOCUMENT, id: `d${i}`, value: { wide, i } },
      cursor: `c${i}`,
    };
    for (const binary of [true, false]) bytes.of(event, binary);
    assert.ok(bytes.bytes <= limit, `${bytes.bytes} bytes are kept`);
  }
  assert.ok(bytes.bytes > limit / 2, 'and what was told last is kept');
  const huge: Shown = {
    type: 'put',
    row: { ...DOCUMENT, value: { huge: 'x'.repeat(limit) } },
    cursor: 'c',
  };
  assert.deepEqual(bytes.of(huge, true), plain(WatchDocumentsResponseSchema, huge, true));
  assert.equal(bytes.bytes, 0);
});
