// The bytes of a watch's events, made once for all watchers: whoever is told the same is sent the same bytes.
//
// Of each document the last event is kept, in the forms that were asked for. Another watcher that is told of the same version at the
// same age gets these bytes; one that reads later gets another age and cursor around the same value, which is most of the work.
import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { ChangeEvent, Freshness } from '../../../core/index.ts';
import { FreshnessSchema } from '../../../gen/holdfast/v1/common_pb.ts';
import {
  DocumentSchema,
  WatchDocumentsResponseSchema,
  WatchEventType,
  WatchEventTypeSchema,
} from '../../../gen/holdfast/v1/document_pb.ts';
import { encodeMessage } from '../calls/codec.ts';
import { encodeEnvelope } from '../calls/protocol.ts';
import { fromFreshness, type NodeNames } from '../convert/index.ts';

/** What is kept of all documents together. A hundred times the bytes of a step of common documents. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
/** Of a document beside its bytes, about. */
const ENTRY_BYTES = 512;

type Shown = Exclude<ChangeEvent, { type: 'outside' }>;

/** One form of the last event of a document. */
interface Form {
  /** The value; as a field in binary. Undefined until somebody was told of it. */
  value: Uint8Array | undefined;
  event: Shown | undefined;
  envelope: Uint8Array | undefined;
}

interface Entry {
  /** It stands for the version of the document: another value is another object. */
  readonly value: object;
  readonly binary: Form;
  readonly json: Form;
  bytes: number;
}

export class EventBytes {
  readonly #names: NodeNames;
  /** By collection and id, those that changed last at the end. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(names: NodeNames) {
    this.#names = names;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An event in its envelope. */
  of(event: Shown, binary: boolean): Uint8Array {
    const entry = this.#entryOf(event);
    const form = binary ? entry.binary : entry.json;
    if (form.envelope !== undefined && form.event !== undefined && isSame(form.event, event))
      return form.envelope;
    const before = sizeOf(form);
    const message = binary ? this.#binary(event, form) : this.#json(event, form);
    const envelope = encodeEnvelope(0, message);
    form.event = event;
    form.envelope = envelope;
    this.#count(entry, sizeOf(form) - before);
    return envelope;
  }

  /** What a watch says besides its events, in its envelope. */
  mark(type: WatchEventType, cursor: string, binary: boolean): Uint8Array {
    return encodeEnvelope(0, encodeMessage(WatchDocumentsResponseSchema, { type, cursor }, binary));
  }

  #entryOf({ row }: Shown): Entry {
    const key = `${row.collection}/${row.id}`;
    const known = this.#entries.get(key);
    if (known?.value === row.value) return known;
    this.#drop(key);
    const entry: Entry = { value: row.value, binary: emptyForm(), json: emptyForm(), bytes: 0 };
    this.#entries.set(key, entry);
    this.#count(entry, ENTRY_BYTES);
    return entry;
  }

  /** Counts bytes of an entry, and lets go of the oldest beyond the limit, even of this one. */
  #count(entry: Entry, bytes: number): void {
    entry.bytes += bytes;
    this.#bytes += bytes;
    for (const key of this.#entries.keys()) {
      if (this.#bytes <= MAX_KEPT_BYTES) return;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }

  #binary(event: Shown, form: Form): Uint8Array {
    const { row, cursor } = event;
    const { collection, id } = row;
    if (event.type === 'put') form.value ??= part({ value: row.value });
    const { document } = WatchDocumentsResponseSchema.field;
    // A message is the concatenation of its fields.
    const whole = Buffer.concat([
      part({ collection, id }),
      ...(event.type === 'put' && form.value !== undefined ? [form.value] : []),
      part({ freshness: fromFreshness(row.freshness, this.#names) }),
    ]);
    return Buffer.concat([
      encodeMessage(WatchDocumentsResponseSchema, { type: TYPES[event.type] }, true),
      new BinaryWriter().tag(document.number, WireType.LengthDelimited).bytes(whole).finish(),
      encodeMessage(WatchDocumentsResponseSchema, { cursor }, true),
    ]);
  }

  #json(event: Shown, form: Form): Uint8Array {
    const { row, cursor } = event;
    const text = JSON.stringify;
    if (event.type === 'put') form.value ??= Buffer.from(text(row.value));
    const freshness = create(FreshnessSchema, fromFreshness(row.freshness, this.#names));
    const type = WatchEventTypeSchema.value[TYPES[event.type]]?.name;
    const head = `{"type":${text(type)},"document":{"collection":${text(row.collection)},"id":${text(row.id)},`;
    const tail = `"freshness":${toJsonString(FreshnessSchema, freshness)}},"cursor":${text(cursor)}}`;
    return Buffer.concat([
      Buffer.from(head),
      ...(event.type === 'put' && form.value !== undefined
        ? [Buffer.from('"value":'), form.value, Buffer.from(',')]
        : []),
      Buffer.from(tail),
    ]);
  }
}

const TYPES = { put: WatchEventType.PUT, delete: WatchEventType.DELETE } as const;

function part(fields: Parameters<typeof create<typeof DocumentSchema>>[1]): Uint8Array {
  return toBinary(DocumentSchema, create(DocumentSchema, fields));
}

function emptyForm(): Form {
  return { value: undefined, event: undefined, envelope: undefined };
}

function sizeOf({ value, envelope }: Form): number {
  return (value?.length ?? 0) + (envelope?.length ?? 0);
}

/** True when both are told in the same bytes. Both are of one document with one value. */
function isSame(a: Shown, b: Shown): boolean {
  if (a === b) return true;
  return (
    a.type === b.type && a.cursor === b.cursor && isSameFreshness(a.row.freshness, b.row.freshness)
  );
}

function isSameFreshness(a: Freshness, b: Freshness): boolean {
  return (
    a.ageMs === b.ageMs &&
    a.heardAgeMs === b.heardAgeMs &&
    a.observedAtMs === b.observedAtMs &&
    a.receivedAtMs === b.receivedAtMs &&
    a.presence === b.presence &&
    a.presenceReason === b.presenceReason &&
    a.revision === b.revision &&
    a.origin === b.origin &&
    a.path.kind === b.path.kind &&
    (a.path.kind !== 'relayed' || b.path.kind !== 'relayed' || a.path.by === b.path.by)
  );
}
