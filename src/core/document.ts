// One live Automerge document: put as the smallest change, apply others' changes, read as JSON.
//
//   changes of others ─► queue ─┐
//   first put ─► one founding ──┴─► (only when somebody reads or writes) Automerge handle ─► value, heads
//
// The low-level handle is used throughout: the wrapper's view and patches cost as much again. A document that was only
// founded has no handle at all; its one change is encoded directly, which is three to six times cheaper.
import * as Automerge from '@automerge/automerge';
import { toHex } from './bytes.ts';
import { MAX_CHANGE_BYTES } from './config.ts';
import type { Hash } from './environment.ts';
import { HoldfastError } from './error.ts';
import { canEncode, foundingOps } from './founding.ts';
import type { Incarnation } from './ids.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonEqual } from './json.ts';

type Handle = ReturnType<typeof Automerge.getBackend>;

/** When a change was made is said by its commit; a constant here keeps equal changes equal bytes. */
const NO_TIME = 0;
/** Behind magic (4), checksum (4): what the SHA-256 of a change covers. */
const CHUNK_BODY_OFFSET = 8;

export class LiveDocument {
  readonly #actor: Incarnation;
  #handle: Handle | undefined;
  #queued: Uint8Array[] = [];
  #value: JsonObject | undefined;
  #heads: readonly string[] | undefined;
  #changes = 0;
  #ownChange: Uint8Array | undefined;

  /** `actor` signs the changes made here: the incarnation of this process. */
  constructor(actor: Incarnation) {
    this.#actor = actor;
  }

  /** Changes it is made of. Changes that were given twice count twice. */
  get changes(): number {
    return this.#changes;
  }

  /** The document's first change: makes it equal to `value`. Only for a document that has no changes. */
  found(value: JsonObject, hash: Hash): Uint8Array {
    if (!canEncode(value)) return this.#commit({}, value);
    const change = checkSize(
      Automerge.encodeChange({
        actor: this.#actor,
        seq: 1,
        startOp: 1,
        time: NO_TIME,
        message: null,
        deps: [],
        ops: foundingOps(value, this.#actor),
        author: null,
      }),
    );
    this.#queued.push(change);
    this.#changes = 1;
    this.#ownChange = change;
    this.#value = value;
    this.#heads = [toHex(hash.sha256(change.subarray(CHUNK_BODY_OFFSET)))];
    return change;
  }

  /** The smallest change that makes the document equal to `value`; undefined when it is already. */
  put(value: JsonObject): Uint8Array | undefined {
    const before = this.read();
    return jsonEqual(before, value) ? undefined : this.#commit(before, value);
  }

  /** Queues changes of others. They take effect at the next read or put. Known changes are harmless. */
  apply(changes: readonly Uint8Array[]): void {
    if (changes.length === 0) return;
    this.#queued.push(...changes);
    this.#changes += changes.length;
    this.#value = undefined;
    this.#heads = undefined;
  }

  read(): JsonObject {
    this.#value ??= plainObject(this.#open().materialize('_root'));
    return this.#value;
  }

  /** Hashes of the newest changes, sorted. */
  heads(): readonly string[] {
    this.#heads ??= this.#open().getHeads().sort();
    return this.#heads;
  }

  /**
   * How many changes of each actor it is made of, or undefined while changes wait for others that they depend on: those would
   * be left out.
   */
  includes(): ReadonlyMap<Incarnation, number> | undefined {
    const handle = this.#open();
    if (handle.getMissingDeps([]).length > 0) return undefined;
    const seqs = new Map<Incarnation, number>();
    for (const bytes of handle.getChanges([])) {
      const { actor, seq } = Automerge.decodeChange(bytes);
      seqs.set(actor, Math.max(seq, seqs.get(actor) ?? 0));
    }
    return seqs;
  }

  /** Number of the newest change made here; 0 when there is none. */
  get ownSeq(): number {
    return this.#ownChange === undefined ? 0 : Automerge.decodeChange(this.#ownChange).seq;
  }

  /** Gives the wasm memory back. The document cannot be used after it. */
  free(): void {
    this.#handle?.free();
    this.#handle = undefined;
  }

  #commit(before: JsonObject, value: JsonObject): Uint8Array {
    const handle = this.#open();
    writeMap(handle, '_root', before, value);
    handle.commit(null, NO_TIME);
    const change = handle.getLastLocalChange();
    if (change === null) throw new Error('Automerge made no change for a value that differs');
    this.#changes++;
    this.#ownChange = change;
    this.#value = value;
    this.#heads = undefined;
    return checkSize(change);
  }

  #open(): Handle {
    this.#handle ??= Automerge.getBackend(Automerge.init({ actor: this.#actor }));
    if (this.#queued.length > 0) {
      const changes = this.#queued;
      this.#queued = [];
      this.#handle.applyChanges(changes);
    }
    return this.#handle;
  }
}

function checkSize(change: Uint8Array): Uint8Array {
  if (change.length <= MAX_CHANGE_BYTES) return change;
  throw new HoldfastError(
    'DOCUMENT_TOO_LARGE',
    `value: the change takes ${change.length} bytes, at most ${MAX_CHANGE_BYTES} fit. Nothing was written; split the document.`,
    { field: 'value' },
  );
}

function writeMap(handle: Handle, object: string, before: JsonObject, after: JsonObject): void {
  for (const key of Object.keys(before)) {
    if (!Object.hasOwn(after, key)) handle.delete(object, key);
  }
  for (const [key, value] of Object.entries(after)) {
    writeSlot(handle, object, key, Object.hasOwn(before, key) ? before[key] : undefined, value);
  }
}

/** Lists keep what is equal at both ends; between them items are changed in place, then added or removed. */
function writeList(handle: Handle, object: string, before: JsonValue[], after: JsonValue[]): void {
  let start = 0;
  while (start < before.length && start < after.length && jsonEqual(before[start], after[start]))
    start++;
  let tail = 0;
  const most = Math.min(before.length, after.length) - start;
  while (tail < most && jsonEqual(before[before.length - 1 - tail], after[after.length - 1 - tail]))
    tail++;

  const oldEnd = before.length - tail;
  const newEnd = after.length - tail;
  const common = Math.min(oldEnd, newEnd);
  for (let i = start; i < common; i++)
    writeSlot(handle, object, i, before[i], after[i] as JsonValue);
  for (let i = oldEnd - 1; i >= common; i--) handle.delete(object, i);
  for (let i = common; i < newEnd; i++) insertItem(handle, object, i, after[i] as JsonValue);
}

function writeSlot(
  handle: Handle,
  object: string,
  slot: string | number,
  before: JsonValue | undefined,
  after: JsonValue,
): void {
  if (jsonEqual(before, after)) return;
  if (isJsonObject(before) && isJsonObject(after)) {
    writeMap(handle, childOf(handle, object, slot), before, after);
  } else if (Array.isArray(before) && Array.isArray(after)) {
    writeList(handle, childOf(handle, object, slot), before, after);
  } else if (typeof after === 'object' && after !== null) {
    const child = handle.putObject(object, slot, Array.isArray(after) ? [] : {});
    fill(handle, child, after);
  } else {
    handle.put(object, slot, after, scalarType(after));
  }
}

function childOf(handle: Handle, object: string, slot: string | number): string {
  const found = handle.getWithType(object, slot);
  if (found === null || (found[0] !== 'map' && found[0] !== 'list')) {
    throw new Error(`document has no object at ${JSON.stringify(slot)} where its value has one`);
  }
  return found[1];
}

function insertItem(handle: Handle, list: string, index: number, value: JsonValue): void {
  if (typeof value === 'object' && value !== null) {
    fill(handle, handle.insertObject(list, index, Array.isArray(value) ? [] : {}), value);
  } else {
    handle.insert(list, index, value, scalarType(value));
  }
}

function fill(handle: Handle, object: string, value: JsonObject | JsonValue[]): void {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) insertItem(handle, object, index, item);
  } else {
    for (const [key, item] of Object.entries(value))
      writeSlot(handle, object, key, undefined, item);
  }
}

/** Scalar strings, not collaborative text: nobody edits a version number together, and they cost half. */
function scalarType(
  value: string | number | boolean | null,
): 'str' | 'int' | 'f64' | 'boolean' | 'null' {
  if (typeof value === 'string') return 'str';
  if (typeof value === 'boolean') return 'boolean';
  if (value === null) return 'null';
  return Number.isSafeInteger(value) ? 'int' : 'f64';
}

/** What others' programs may have written and JSON cannot hold (bytes, dates) is shown as null or as text. */
function plain(value: unknown): JsonValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (Automerge.isImmutableString(value)) return value.toString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (value instanceof Uint8Array || typeof value !== 'object') return null;
  return plainObject(value);
}

function plainObject(value: unknown): JsonObject {
  const result: JsonObject = {};
  for (const [key, item] of Object.entries(value as object)) {
    if (key !== '__proto__') result[key] = plain(item);
  }
  return result;
}
